"""Steps and models in environments of their own: other Pythons, other frameworks, one pipeline."""
