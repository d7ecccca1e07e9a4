"""Steps that ask another's model whether a person should look at a picture."""
