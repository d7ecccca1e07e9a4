"""People: consent, pictures, a model for each person, portraits of them, and their erasure."""
