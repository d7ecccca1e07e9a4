"""Providers of payments: where money comes in and goes out. Taxes are theirs."""
