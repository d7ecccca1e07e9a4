"""`/compat/replicate`: runs as predictions, for replicate's clients."""
