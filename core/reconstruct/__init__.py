"""Inpainting and generation over many images: `python -m core.reconstruct`."""
