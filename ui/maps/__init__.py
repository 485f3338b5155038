"""What the page *Frequencies* is made of."""
