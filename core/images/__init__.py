"""Pixels in and out, and masks. Does not import torch."""

from core.images.decode import ImageError, decode_image
from core.images.masks import fill_hole, random_square_mask, square_mask, square_side
from core.images.square import png_data_uri, square_image, to_tensor_array, to_uint8

__all__ = [
    "ImageError",
    "decode_image",
    "fill_hole",
    "png_data_uri",
    "random_square_mask",
    "square_image",
    "square_mask",
    "square_side",
    "to_tensor_array",
    "to_uint8",
]
