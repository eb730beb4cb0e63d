"""`./dev bench find`: how long it takes to find one message among many; see __main__.py."""
