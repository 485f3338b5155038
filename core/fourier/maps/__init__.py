"""Heat maps: their numbers, what is drawn from them, and how two of them differ."""
