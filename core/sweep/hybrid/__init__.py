"""Predictions on hybrid images at several cutoffs, and the crossover cutoff of a network."""
