"""Parts of a reproduction: each is planned, measured and compared."""
