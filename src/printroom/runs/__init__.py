"""Runs: pipelines that are done whatever dies meanwhile."""
