"""Perceptually uniform colour maps, safe for colour-blind readers.

Each is stored as 33 evenly spaced colours; linear interpolation stays within 3 of 255 levels of the original.
"""

import re

import numpy as np

_NODES = {
    # Sequential, dark to light. Source: matplotlib's viridis (S. van der Walt, N. Smith, E. Firing), CC0.
    "viridis": """
        440154 470d60 48186a 482374 472d7b 453781 424086 3e4989 3b528b 375b8d 33638d
        2f6b8e 2c728e 297a8e 26828e 23898e 21918c 1f978b 1f9f88 21a685 27ad81 31b57b
        3dbc74 4cc26c 5cc863 6ece58 81d34d 95d840 aadc32 c0df25 d5e21a eae51a fde725""",
    # Diverging, blue to brown. Source: F. Crameri's scientific colour maps, doi:10.5281/zenodo.1243862, MIT.
    "vik": """
        001261 021f69 022b71 023779 034481 055189 0c5e92 1c6d9c 307da6 488db2 619ebd
        7aaec8 94bed2 adcddd c6dbe6 dee6e9 ece5e0 eedbd0 e9ccba e3bca5 dcac90 d69d7c
        cf8e68 c98056 c37243 bd6431 b3531f a5400f 942f06 832106 741506 670a07 590008""",
}

COLORMAPS = tuple(_NODES)
_PAIR = re.compile("#([0-9A-Fa-f]{6})#([0-9A-Fa-f]{6})")
LIGHT, DARK = 94.0, 26.0  # CIE lightness of the middle and of both ends of a pair of colours


def colormap_table(name: str) -> np.ndarray:
    """Return the 256 colours of a colour map, lowest value first.

    Args:
        name: one of `COLORMAPS`, reversed with the suffix "_r"; or two colours, as "#0072B2#D55E00", for the low and
            the high end, with white between them and equal lightness on both sides.
    Returns:
        (256, 3) uint8 RGB.
    Raises:
        ValueError: the name is unknown.
    """
    if match := _PAIR.fullmatch(name):
        low, high = (_from_white(np.array(list(bytes.fromhex(colour)))) for colour in match.groups())
        return np.concatenate([low[::-1], high])
    if name.endswith("_r"):
        return colormap_table(name.removesuffix("_r"))[::-1]
    if name not in _NODES:
        raise ValueError(f"colour map {name!r} is unknown; known: {', '.join(COLORMAPS)}")
    nodes = np.array([list(bytes.fromhex(colour)) for colour in _NODES[name].split()])
    place = np.linspace(0, len(nodes) - 1, 256)
    channels = [np.interp(place, np.arange(len(nodes)), nodes[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)


def lightness(colours: np.ndarray) -> np.ndarray:
    """Return the CIE lightness, 0 to 100, of (..., 3) colours of 0 to 255, approximating sRGB by a power of 2.2."""
    luminance = ((colours / 255) ** 2.2) @ np.array([0.2126, 0.7152, 0.0722])
    return 116 * np.cbrt(luminance) - 16


def _from_white(colour: np.ndarray) -> np.ndarray:
    """Return (128, 3) colours from white through the colour towards black, in even steps of lightness."""
    place = np.linspace(0, 2, 1001)[:, None]
    path = np.where(place < 1, 255 + place * (colour - 255), (2 - place) * colour)
    at = np.interp(-np.linspace(LIGHT, DARK, 128), -lightness(path), place[:, 0])
    channels = [np.interp(at, place[:, 0], path[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)
