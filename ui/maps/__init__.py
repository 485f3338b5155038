"""What the page *Frequency sensitivity* is made of."""
