"""Things to try, below the first chapter."""

from __future__ import annotations

import html

import numpy as np

from core.data.picture_files import png_data_uri
from core.fourier.heatmap import colormap_table
from core.pgd.drawings import CARDS
from ui.components.mount import lossy_data_uri
from ui.maps.catalogue import CLIP, shipped_maps
from ui.shared.page_pictures import enlarge

CARD_SIDE = 160  # pixels
# Title, text, picture file and link of each card.
TO_TRY = (
    ("Paint a hole", "Watch a network fill it in.", "hole", "inpainting"),
    ("Touch a heat map", "Which stripes fool CLIP, and which a ResNet?", "map", "frequency"),
    ("You are the judge", "Ten pictures. Pick the word the network was painting.", "judge", "?chapter=judge"),
)


def cards_html() -> str:
    """Return the things to try as HTML."""
    parts = [
        f'<a class="try" href="{html.escape(url)}"><img src="{_card_picture(picture)}" alt="">'
        f"<span><b>{html.escape(title)}</b>{html.escape(text)}</span></a>"
        for title, text, picture, url in TO_TRY
    ]
    return f'<nav class="tries" aria-label="To try">{"".join(parts)}</nav>'


def _card_picture(name: str) -> str:
    if name in CARDS:
        return lossy_data_uri(CARDS[name])
    return png_data_uri(enlarge(clips_map(), CARD_SIDE))


def clips_map() -> np.ndarray:
    """Return CLIP's published map as a picture, uint8 (R, R, 3), a pixel a cell."""
    rates, colours = shipped_maps()[CLIP].heatmap.rate(), colormap_table("viridis")
    parts = (rates - rates.min()) / (rates.max() - rates.min())
    return colours[(parts * (len(colours) - 1)).round().astype(int)]
