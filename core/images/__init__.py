"""Pixels in and out, and masks. Does not import torch."""
