"""Runs over HTTP: asked for, waited for, followed; webhooks, batches and quotes beside them."""
