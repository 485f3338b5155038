"""What a reproduction consists of: each part is planned, measured and compared."""
