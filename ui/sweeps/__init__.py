"""*Compute a map*: a visitor's own sweeps in the app."""
