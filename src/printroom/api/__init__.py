"""HTTP: picture bytes in, picture bytes out; health, metrics and docs beside it."""
