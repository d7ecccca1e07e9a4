"""Trainings over HTTP: recipes carried out by workers."""
