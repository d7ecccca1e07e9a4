"""Keeping an installation well: is it sound, copies of it, and back from a copy."""
