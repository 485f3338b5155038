"""Building blocks of the page *Frequencies*."""
