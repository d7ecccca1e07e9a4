"""Steps that reach beyond this server: other servers, collections of an account."""
