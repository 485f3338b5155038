"""Classifiers: registry, weights, zero-shot and closed-set wrappers, networks."""
