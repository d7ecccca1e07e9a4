"""A package, so that its browser is gone when its last test is."""
