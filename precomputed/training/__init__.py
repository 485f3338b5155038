"""Recipes that train the bundled models; see `python -m precomputed.training.mini_resnet --help`.

Importing this package does not import torch, but its modules do: import them by name.
"""
