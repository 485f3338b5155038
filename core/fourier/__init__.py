"""Fourier basis waves, heat maps, and what is computed from heat maps. Does not import torch."""
