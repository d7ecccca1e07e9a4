"""Pictures and vectors of an account, each with a payload, to find the nearest of."""
