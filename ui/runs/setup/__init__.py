"""Settings and start of a run."""
