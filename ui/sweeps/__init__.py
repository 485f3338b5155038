"""*Compute a map*: sweeps of a visitor's own, in the app."""
