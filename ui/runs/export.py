"""Runs to download: a picture to post, its growth as an animation, the run's file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import partial

import streamlit as st
from PIL import Image, ImageDraw, ImageFont

from core.classifiers.registry import result_title
from core.pgd.record import PGDRun, evenly_spaced, pack_runs
from core.shared.numbers import confidence, join_list
from core.shared.text import count_of
from ui.runs.card import Tile, result_card
from ui.runs.judge import judgement_of, sample_set_of, second_opinion, to_be_exact
from ui.runs.replay import run_title, target_of
from ui.runs.words import meaning
from ui.shared import url
from ui.shared.downloads import download_button
from ui.shared.pictures import to_picture
from ui.shared.url import file_stem

MIN_FRAME_SIDE = 224  # pixels: smaller frames are enlarged smoothly, since players would show them tiny
_GAP, _LINE = 8, 24  # pixels between pictures; height of their captions
_ANIMATED = 61
SECONDS = 4.0  # length of an animation; the last frame stays for another second


def run_picture(runs: Sequence[PGDRun], row: int, address: str = "") -> bytes:
    """Return image `row` as a PNG to post: the original, if any, beside each run's result, and what it is.

    address: the page's URL, for whoever wants to draw it, too; may be empty.
    """
    first, target = runs[0], target_of(runs[0], row)
    drew = {run.metadata["classifier"]["name"] for run in runs}
    tiles = [] if first.original is None else [Tile(picture=first.original[row], title="Original")]
    for run in runs:
        lines = [f"{confidence(float(run.curves['target_probability'][-1, row]))} confident"]
        lines += filter(None, [to_be_exact(run, row)])
        judgement, says, agrees = judgement_of(run, drew), "", False
        if judgement is not None and judgement.says:
            says, agrees = second_opinion(judgement, row, target)
        picture = run.frames[-1, row]
        tiles.append(Tile(picture=picture, title=run_title(run, runs), lines=lines, judged=says, agrees=agrees))
    verb = "Drawn" if first.original is None else "Filled"
    painters = join_list(list(dict.fromkeys(result_title(run.metadata["classifier"]) for run in runs)))
    config, seed = first.config, first.metadata["seed"]
    settings = f"{count_of(config.steps, 'step')}, epsilon {config.epsilon:.3g}, random seed {seed}"
    notes = [f"{verb} by {painters} on {first.metadata['source']['date'][:10]}: {settings}.", address]
    samples = sample_set_of(first)
    return result_card(meaning(target, samples.classes) if samples else target, tiles, notes)


def run_animation(runs: Sequence[PGDRun], row: int) -> bytes:
    """Return the same pictures step by step, as a looping lossless WebP."""
    count = min(len(run.frames) for run in runs)
    chosen = evenly_spaced(count, _ANIMATED).tolist()
    first, *rest = [_side_by_side(runs, row, k) for k in chosen]
    buffer = io.BytesIO()
    durations = [round(1000 * SECONDS / len(chosen))] * len(rest) + [1000]
    first.save(buffer, "WEBP", save_all=True, append_images=rest, duration=durations, loop=0, lossless=True, method=1)
    return buffer.getvalue()


def _side_by_side(runs: Sequence[PGDRun], row: int, frame: int) -> Image.Image:
    original = runs[0].original
    pictures = [] if original is None else [("Original", original[row])]
    pictures += [(run_title(run, runs), run.frames[frame, row]) for run in runs]
    height, width = runs[0].start.shape[-2:]
    scale = max(1, -(-MIN_FRAME_SIDE // max(height, width)))
    height, width = scale * height, scale * width
    sheet = Image.new("RGB", (len(pictures) * (width + _GAP) - _GAP, height + _LINE), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for k, (title, pixels) in enumerate(pictures):
        left = k * (width + _GAP)
        sheet.paste(Image.fromarray(to_picture(pixels)).resize((width, height), Image.Resampling.BICUBIC), (left, 0))
        pen.text((left, height + 4), title.encode("latin-1", "replace").decode("latin-1")[:34], "black", font)
    return sheet


def run_stem(runs: Sequence[PGDRun], row: int) -> str:
    """Return the file name of image `row` without suffix: short and valid on every system."""
    names = dict.fromkeys(run.metadata["classifier"]["name"] for run in runs)
    methods = dict.fromkeys(run.config.method.name for run in runs)
    by = () if [*methods] == ["paper"] else methods
    parts = (runs[0].metadata["task"], *names, *by, target_of(runs[0], row))
    stem = "-".join(filter(None, (file_stem(part[:60])[:40].strip("-") for part in parts)))
    return f"{stem}-{row + 1}" if len(runs[0].start) > 1 else stem


def save_buttons(runs: Sequence[PGDRun], *, key: str) -> None:
    """Draw the downloads of a picture of a result and of its growth; `key` is unique on the page."""
    row, address = 0, url.address()
    if len(runs[0].start) > 1:
        targets = [f"{k + 1}: {target_of(runs[0], k)}" for k in range(len(runs[0].start))]
        row = st.selectbox(
            "Picture", range(len(targets)), format_func=targets.__getitem__, key=f"{key}.row", width=200,
            label_visibility="collapsed",
        )  # fmt: skip
    kinds = {
        "Save picture": (partial(run_picture, runs, row, address), "png"),
        "Save animation": (partial(run_animation, runs, row), "webp"),
    }
    for label, (make, suffix) in kinds.items():
        name = f"{run_stem(runs, row)}.{suffix}"
        download_button(label, make, name, key=f"{key}.{row}.{suffix}", icon=":material/download:")


def run_download(runs: Sequence[PGDRun], *, key: str) -> None:
    """Draw the download of a result's file."""
    download_button("Run file", partial(pack_runs, runs), f"{run_stem(runs, 0)}.npz", key=f"{key}.npz",
                    icon=":material/download:")  # fmt: skip
