"""Heat maps, the picture under their wave, and stripes."""
