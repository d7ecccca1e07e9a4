"""Steps that find what ails a picture, and how good it is."""
