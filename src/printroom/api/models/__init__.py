"""Models over HTTP: what there is, how it is, and an account's own."""
