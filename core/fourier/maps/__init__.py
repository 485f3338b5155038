"""Heat maps: their numbers, figures and differences."""
