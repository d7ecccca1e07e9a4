"""Trainings: recipes carried out as jobs, for accounts."""
