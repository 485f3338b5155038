"""Packs of the chapters *Judge*, *Wave* and *Mixture*: data of the app's components, with all that a choice needs."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any

from core.pgd.rounds import draw_questions
from core.sweep.mixture_pairs import mixed_pairs
from ui.components.maps.stripes import pack_small, pack_striped
from ui.components.mount import lossy_data_uri
from ui.components.pictures.picture_widgets import pack_mixture
from ui.shared.page_pictures import samples
from ui.story import data, judge_chapter, wave_chapter
from ui.story.data import STORY_WAVE
from ui.tools.hybrid_tool import photo_pairs

ROUNDS = 4  # of the judge; the article must stay below 25 MB


def judge_packs() -> dict[str, Any]:
    """Return rounds of the judge, and the drawings that are in them."""
    rounds = [judge_chapter.questions(seed, pictures=False) for seed in range(ROUNDS)]
    by_name = {judge_chapter.picture_name(question): question.drawing.picture
             for seed in range(ROUNDS) for question in draw_questions(*judge_chapter.candidates(), seed)}  # fmt: skip
    drawings = {f"judged-{name}": lossy_data_uri(picture) for name, picture in by_name.items()}
    return {"judge": {"rounds": rounds, "methods": judge_chapter.METHOD_WORDS}, **drawings}


def striped_packs() -> dict[str, Any]:
    """Return what the photos under stripes have in common, each photo, and the small picture next to the maps."""
    photos = {f"stripes-{k}": pack_striped(wave_chapter.striped(k)) for k in range(len(samples(data.PHOTOGRAPHS.name)))}
    pixels = pixel_packs(photos.values())
    first = wave_chapter.first_photo()
    common = {"strip": photos[f"stripes-{first}"]["strip"], "first": first, "value": wave_chapter.FIRST_STRIPES}
    for photo in photos.values():
        del photo["strip"]
    small = {"value": list(STORY_WAVE), **pack_small(wave_chapter.small_picture())}
    return {"stripes": common, **photos, "small-picture": small, **pixels}


def mixer_packs() -> dict[str, Any]:
    """Return what the pairs of mixed photos have in common, and each pair, first at its own cutoff."""
    packed = [pack_mixture(mixture) for mixture in photo_pairs()]
    pixels = pixel_packs([pair[part] for pair in packed for part in ("low", "high")])
    common = ("strip", "cutoffs", "size")
    pairs = {
        f"mixer-{k}": {name: value for name, value in pair.items() if name not in common} | {"value": row.start}
        for k, (pair, row) in enumerate(zip(packed, mixed_pairs(), strict=True))
    }
    return {"mixer": {name: packed[0][name] for name in common}, **pairs, **pixels}


def pixel_packs(pictures: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the pixels of pictures, once each, as packs; their names replace the pixels in the pictures."""
    packs = {}
    for picture in pictures:
        name = f"pixels-{zlib.crc32(picture['pixels'].encode())}"
        packs[name] = picture["pixels"]
        picture["pixels"] = name
    return packs
