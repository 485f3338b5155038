"""What the page *Models and data* is made of."""
