"""Fourier sweeps: errors of a classifier under every wave. `python -m core.sweep` is the batch script."""
