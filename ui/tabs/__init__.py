"""What stands in tabs below the maps of *Frequency sensitivity*."""
