"""A store as a folder of this machine, by FUSE."""
