"""Frameworks that run models. Each is imported inside, and only when a model needs it."""
