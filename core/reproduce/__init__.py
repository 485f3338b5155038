"""Reproduction of the paper, part by part, compared with published numbers: `python -m core.reproduce`."""
