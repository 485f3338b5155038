"""Classifiers: which there are, where their weights come from, and one interface over all of them."""
