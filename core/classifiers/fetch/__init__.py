"""Fetching weight files: any URL, and the Hugging Face Hub. Does not import torch."""
