"""The recipes that made the bundled models, runnable by anyone: `python -m precomputed.training.mini_resnet --help`.

Importing this package does not import torch; its modules import torch at the top and are meant to be imported by name.
"""
