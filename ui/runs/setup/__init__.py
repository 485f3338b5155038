"""Choices before a run, and its start."""
