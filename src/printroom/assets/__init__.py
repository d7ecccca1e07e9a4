"""Files and results by digest: rows in the database and bytes in a store, together."""
