"""Stores of objects behind one door, and reading from them on demand, through a cache on disk."""
