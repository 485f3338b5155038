"""Runs, moment by moment."""
