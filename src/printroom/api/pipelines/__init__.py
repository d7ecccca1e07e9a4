"""Pipelines over HTTP: each published one has an address that takes its ports."""
