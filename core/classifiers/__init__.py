"""Classifiers: a registry, the sources of their weights, and one interface."""
