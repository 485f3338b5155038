"""Fourier sweeps: a classifier's errors under every wave; the script is `python -m core.sweep`."""
