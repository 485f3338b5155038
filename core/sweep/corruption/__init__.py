"""Outcomes of a network on corrupted pictures, and the spectrum of each corruption."""
