"""Steps that mend and enlarge with networks of the catalogue, or with curves of their own."""
