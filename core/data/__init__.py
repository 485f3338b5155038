"""Data sets, bundled samples, class sets and class statistics. Does not import torch."""
