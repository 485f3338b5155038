"""Painters of holes and sketches."""
