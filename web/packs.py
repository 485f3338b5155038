"""Packs: the data of the article's figures, compressed and cut into pieces that are classic scripts.

A page from a file may load scripts but not fetch, so a piece is a script with its bytes in base64.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from core.data.class_statistics import FAINT, PINK, natural_pixels
from core.data.sample_sets import imagenet
from core.data.sketches import BLUR
from core.data.words import EXACTLY, PATH, PLURALS, vocabulary
from core.fourier.contrasts import LOW
from core.pgd.methods import COMPARED, METHODS, leading
from core.pgd.picture_outcomes import fingerprint, stored_judgement
from core.pgd.record import PGDRun
from core.pgd.settings import PGDConfig, Task, defaults
from core.shared import paper
from core.shared.text import with_article
from ui.components.maps.maps import ShownMaps, pack_maps
from ui.components.mount import lossy_data_uri, pack_pixels, webp_strip
from ui.shared.page_pictures import sample_picture
from ui.story import data, figures, scene
from ui.story.data import STORY_WAVE
from web.figure_data import judge_packs, mixer_packs, pixel_packs, striped_packs
from web.graphs import IMAGE_SIZE, graph_facts
from web.paintings import painting_packs

PIECE = 2**19  # bytes: a progress bar moves, and received pieces need not be loaded again
PACKS = "packs"
_RUN_FRAMES = 12  # of a stored run
INTERVAL = 6  # steps between pictures of a live run
PAINTED_STARTS = ("grey", "sketch", "photo")  # keys of `core.pgd.starts.STARTS`


def pack_files(contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """Convert name -> content into file -> bytes: the pieces of all packs, and their index `FOLDER/index.js`."""
    files, index = {}, {}
    for name, content in contents.items():
        packed = gzip.compress(content, 9, mtime=0)
        pieces = [packed[at : at + PIECE] for at in range(0, len(packed), PIECE)]
        for k, piece in enumerate(pieces):
            script = f'laboratory.piece("{name}.{k}","{base64.b64encode(piece).decode()}");\n'
            files[f"{PACKS}/{name}.{k}.js"] = script.encode()
        digest = hashlib.sha256(packed).hexdigest()[:16]
        index[name] = {"pieces": [len(piece) for piece in pieces], "version": digest}
    files[f"{PACKS}/index.js"] = b"laboratory.packs = %s;\n" % json_bytes(index)
    return files


def json_bytes(value: Any) -> bytes:
    """Return a JSON value to be packed."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def figure_packs() -> dict[str, Any]:
    """Return what the figures load, by name: the component's data, and what a figure needs besides."""
    return {
        **painting_packs(),
        "vocabulary": word_table(),
        **judge_packs(),
        **striped_packs(),
        "maps": _maps(figures.maps_of(*figures.PAPERS_MAPS)),
        **mixer_packs(),
        **hole_packs(),
    }


def word_table() -> dict[str, Any]:
    """Return what ImageNet's words stand for, as the file has it, and the rules of plurals."""
    return {**json.loads(PATH.read_text("utf-8"))["imagenet"], "plurals": PLURALS}


def articles() -> dict[str, list[str]]:
    """Return the words, in lower case, that take "an" or no article, and those in s that take "a", as all others do."""
    known = sorted({word.lower() for word in (*vocabulary(imagenet()), *imagenet().names)})
    joined = {word: with_article(word).removesuffix(word).strip() for word in known}
    return {
        name: [word for word, article in joined.items() if article == used and (used != "a" or word.endswith("s"))]
        for name, used in _ARTICLES.items()
    }


_ARTICLES = {"an": "an", "none": "", "a": "a"}


def _maps(maps: ShownMaps) -> dict[str, Any]:
    """Pack maps with a circle around slow waves, without notes on whether weights are here, irrelevant elsewhere."""
    drawn = [replace(drawn_map, note="(the paper’s)" if drawn_map.note else "") for drawn_map in maps.drawn]
    return {"value": list(STORY_WAVE), **pack_maps(replace(maps, drawn=drawn, outline=LOW.edge, outline_name=LOW.name))}


def hole_packs() -> dict[str, Any]:
    """Return the first photo with its hole, and its stored runs by both methods as two drawings."""
    row, runs = data.PHOTOGRAPHS, figures.hole_runs().runs
    picture = sample_picture(row.name, row.inpainted)
    mask = runs[0].mask
    assert mask is not None
    targets = runs[0].metadata["targets"]
    first_hole = {
        "pixels": pack_pixels(picture.pixels),
        "caption": picture.caption,
        "mask": base64.b64encode(np.packbits(mask[0]).tobytes()).decode(),
        "target": targets[0],
        "drawings": [
            {
                "title": METHODS[method].title,
                "strip": lossy_data_uri(webp_strip(run.frames[_frames(run), 0], 90)),
                "shares": run.curves["target_probability"][run.frame_steps[_frames(run)], 0].tolist(),
                **scene.judged(stored_judgement(fingerprint(run)), run.metadata["class_names"][targets[0]]),
            }
            for method, run in zip(COMPARED, runs, strict=True)
        ],
    }
    return {**pixel_packs([first_hole]), "hole": first_hole}


def _frames(run: PGDRun) -> np.ndarray:
    return np.linspace(0, len(run.frames) - 1, _RUN_FRAMES).round().astype(int)


def engine_facts() -> dict[str, Any]:
    """Return the page's facts about the network, its classes and settings."""
    natural = natural_pixels()
    colors = natural.covariance_power(0.5).tolist()
    return {
        "graphs": list(graph_facts()["files"]),
        "classes": list(imagenet().names),
        "articles": articles(),
        "exactly": EXACTLY,
        "settings": {
            **{start: _settings("generation", start) for start in PAINTED_STARTS},
            "inpainting": _settings("inpainting"),
        },
        "blur": BLUR,
        "natural": {"mean": natural.mean.tolist(), "colors": colors, "spectrum": PINK, "deviation": FAINT},
    }


def _settings(task: Task, start: str = "") -> dict[str, Any]:
    """Return the settings of a run by both methods, which take the same steps in the same ball."""
    config = defaults(task, IMAGE_SIZE, leading(COMPARED), start=start, quick=True)
    views = config.method.views
    assert views and (views.count, views.shift, views.flip) == (1, 0, False), "all that engine/views.js knows"
    configs = [_config(replace(config, method=config.method.variant(name))) for name in COMPARED]
    return {"configs": configs, "weight": paper.PENALTY_WEIGHT, "interval": INTERVAL}


def _config(config: PGDConfig) -> dict[str, Any]:
    """Return a configuration as JSON, with the colour matrix instead of its power."""
    content, preconditioner = config.to_json(), config.method.preconditioner
    if preconditioner is not None:
        colors = natural_pixels().covariance_power(preconditioner.colors).tolist()
        content["preconditioner"] = {**preconditioner.to_json(), "colors": colors}
    return content
