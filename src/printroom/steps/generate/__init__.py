"""Steps that make a picture of none."""
