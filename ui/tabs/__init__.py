"""What stands in tabs below the maps of *Frequencies*."""
