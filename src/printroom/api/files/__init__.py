"""Files over HTTP: sent whole, in parts, or fetched from a URL; looked at, read, deleted."""
