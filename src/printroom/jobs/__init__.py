"""Durable jobs: a queue in the database, and workers that take from it."""
