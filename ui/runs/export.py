"""Results to keep: the picture to post, its growth as an animation, the run's file. Stored or the visitor's, alike."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import streamlit as st
from PIL import Image

from core.classifiers.registry import classifier_title, result_title, short_title
from core.data.sketches import SKETCH_SIZE, decode_sketch, draw_sketch, sketch_name
from core.data.start_photos import photo_square
from core.data.stored import VERSION
from core.data.words import everyday_name
from core.pgd.drawings import GalleryWord, painter_name
from core.pgd.methods import COMPARED, METHODS, MethodName, picture_stem
from core.pgd.picture_outcomes import Judgement
from core.pgd.record import PGDRun, evenly_spaced, pack_runs
from core.pgd.settings import PGDConfig
from core.shared.numbers import join_list
from core.shared.text import NUMERALS, capitalised, count_of, file_stem
from ui.runs.card import PROJECT, Card, card_png, enlarged
from ui.runs.replay import judged_tries, target_of
from ui.runs.second_opinion import judgement_of, second_opinion
from ui.runs.state import RunResult
from ui.shared import url
from ui.shared.downloads import download_button
from ui.shared.url import one_line

HOLE = (214, 39, 140)  # the brush's colour, half transparent
FRAME_SIZE = 448  # pixels of an animation
BEGINNING, GROWTH, END = 1.0, 4.0, 2.0  # seconds: what it began with, the run, the result
VIDEO_RATE = 15  # frames per second
_FRAMES, _QUALITY, _EFFORT = 61, 85, 2  # of an animation: at most so many, and WebP's settings
_OFTEN = {2: "twice", 3: "three times", 4: "four times"}
_DESCRIPTION, _SOFTWARE = 0x010E, 0x0131  # tags of Exif


@dataclass(frozen=True, eq=False, kw_only=True)
class Painted:
    """A finished picture, or several of one word, and what one says of it.

    word: in the visitor's spelling. painters: titles of the networks. pictures: (3, H, W) uint8 each, by several tries
    or networks. judgements: of each picture alone, or None. before: (3, H, W) uint8, the sketch, the photo or the hole
    that it began with; None for a start that a visitor did not choose. is_photo: True if that is a photo. is_hole: True
    if that has a hole. own: True if the visitor made it. method, config, seeds: of the run. date: ISO; may be empty.
    """

    word: str
    painters: Sequence[str]
    pictures: Sequence[np.ndarray]
    judgements: Sequence[Judgement | None]
    before: np.ndarray | None
    is_photo: bool = False
    is_hole: bool = False
    own: bool = False
    method: MethodName
    config: PGDConfig
    seeds: Sequence[int]
    date: str = ""

    @property
    def line(self) -> str:
        """The sentences below the picture: what it is, who painted it, and what a second network sees."""
        many, article = len(self.pictures), "my" if self.own else "a"
        often = f" {_OFTEN[many]}" if many > 1 and len(self.painters) < many else ""
        over = f" into {article} photo" if self.is_hole else ""
        by = join_list([f"by {painter}" for painter in self.painters])
        how = "" if self.method != "paper" else " with the paper’s method"
        origin = f" from {article} {'photo' if self.is_photo else 'sketch'}"
        origin = "" if self.before is None or self.is_hole else origin
        return f"{capitalised(self.word)}, painted{over}{often} {by}{how}{origin}. {self._opinion}".strip()

    @property
    def _opinion(self) -> str:
        known = [judgement for judgement in self.judgements if judgement is not None and judgement.says]
        if len(known) < len(self.judgements):
            return ""
        if len(known) == 1:
            return second_opinion(known[0], 0)[0]
        count = sum(said.ranks[0] == 1 for said in known)
        some = f"all {NUMERALS[count]}" if count == len(known) else f"{NUMERALS[count] if count else 'none'} of them"
        return f"A second network recognises {some}."

    def facts(self, address: str) -> dict[str, str]:
        """Return texts for a file's metadata. address: URL where the picture can be made again; may be empty."""
        seeds = join_list([str(seed) for seed in self.seeds])
        settings = [METHODS[self.method].title, f"{count_of(self.config.steps, 'step')} of {self.config.step_size:.3g}"]
        settings.append(f"epsilon {self.config.epsilon:.3g}")
        settings.append(f"random seed{'s' * (len(self.seeds) > 1)} {seeds}")
        known = {"Description": f"{', '.join(self.painters)}: {', '.join(settings)}", "Creation Time": self.date}
        known |= {"Software": f"{PROJECT} {VERSION}", "URL": address}
        return {name: text for name, text in known.items() if text}


# ---- what was painted --------------------------------------------------------------------------------------------


def painted_by_runs(runs: Sequence[PGDRun], row: int) -> Painted:
    """Return image `row` of runs with the same start; of several methods by one network, the last."""
    drew = {run.metadata["classifier"]["name"] for run in runs}
    last_of_each = list({run.metadata["classifier"]["name"]: run for run in runs}.values())
    judgements = [judgement_of(run, drew) for run in last_of_each]
    first, facts = last_of_each[-1], last_of_each[-1].metadata["images"]
    before, own = _before(first, row)
    return Painted(
        word=everyday_name(target_of(first, row)),
        painters=[one_line(result_title(run.metadata["classifier"])) for run in last_of_each],
        pictures=[run.frames[-1, row] for run in last_of_each],
        judgements=[None if said is None or not said.says else said.of(row) for said in judgements],
        before=before,
        is_photo=facts.get("start") == "photo",
        is_hole=first.mask is not None,
        own=own,
        method=first.config.method.name,
        config=first.config,
        seeds=[first.metadata["seed"]],
        date=first.metadata["source"]["date"][:10],
    )


def painted_in_tries(result: RunResult) -> Painted:
    """Return all tries of a result, in their order."""
    first = painted_by_runs(result.tries[0], 0)
    return replace(
        first,
        pictures=[runs[-1].frames[-1, 0] for runs in result.tries],
        judgements=judged_tries(result),
        seeds=[runs[-1].metadata["seed"] for runs in result.tries],
    )


def painted_before(word: GalleryWord) -> Painted:
    """Return a stored drawing of a word."""
    drawing, before = word.drawings[COMPARED[-1]], None
    if word.sketch:
        before = _blocks(draw_sketch(word.sketch))
    elif word.photo:
        before = photo_square(word.photo).transpose(2, 0, 1)
    return Painted(
        word=everyday_name(word.word),
        painters=[short_title(classifier_title(painter_name()))],
        pictures=[drawing.pixels().transpose(2, 0, 1)],
        judgements=[next(iter(drawing.judgements), None)],
        before=before,
        is_photo=bool(word.photo),
        method=drawing.method,
        config=word.config,
        seeds=[word.seed],
    )


def _before(run: PGDRun, row: int) -> tuple[np.ndarray | None, bool]:
    """Return what a run's picture began with, (3, H, W) uint8, if a visitor can see it as such; True if it is own."""
    facts, own = run.metadata["images"], bool(run.metadata["images"].get("own"))
    if run.mask is not None and run.original is not None:
        mask = run.mask[row if len(run.mask) > 1 else 0]
        return np.where(mask, (run.original[row] + _planes(HOLE)) // 2, run.original[row]).astype(np.uint8), own
    if facts.get("start") == "photo":
        return run.frames[0, row], own
    if facts.get("start") != "sketch":
        return None, False
    with suppress(ValueError):
        sketch = decode_sketch(facts.get("sketch", ""), SKETCH_SIZE)
        return _blocks(sketch), not sketch_name(sketch)
    return run.frames[0, row], True  # more details than fit into a text: the smooth sketch


def _blocks(sketch: np.ndarray) -> np.ndarray:
    """Return a sketch, uint8 (H, H, 3), as (3, H', H'), each pixel a block, which nothing enlarges smoothly."""
    return sketch.repeat(FRAME_SIZE // SKETCH_SIZE, axis=0).repeat(FRAME_SIZE // SKETCH_SIZE, axis=1).transpose(2, 0, 1)


def _planes(colour: tuple[int, int, int]) -> np.ndarray:
    return np.array(colour, dtype=np.uint16)[:, None, None]


# ---- files ---------------------------------------------------------------------------------------------------------


def picture_file(painted: Painted, address: str = "") -> bytes:
    """Return a PNG to post. address: as in `Painted.facts`."""
    side_by_side = painted.is_photo and len(painted.pictures) == 1
    before = [] if painted.before is None or not side_by_side else [painted.before]
    corner = None if before else painted.before
    return card_png(
        Card(pictures=[*before, *painted.pictures], line=painted.line, corner=corner, facts=painted.facts(address))
    )


def _growth(painted: Painted, run: PGDRun, row: int) -> tuple[list[Image.Image], list[float]]:
    """Return how image `row` grew, and the seconds of each picture.

    What it began with comes first, then the run; the result stays.
    """
    growth = [run.frames[k, row] for k in evenly_spaced(len(run.frames), _FRAMES)]
    first = growth[0] if painted.before is None else painted.before
    pictures = [enlarged(picture, FRAME_SIZE) for picture in (first, *growth)]
    between = GROWTH / max(1, len(growth) - 1)
    return pictures, [BEGINNING, *[between] * (len(growth) - 1), END]


def video_file(runs: Sequence[PGDRun], row: int, address: str = "") -> bytes:
    """Return how image `row` grew as an MP4 (H.264), which every site takes; the pictures are those of the animation.

    address: as in `Painted.facts`.
    """
    import av

    painted = painted_by_runs(runs, row)
    facts, file = painted.facts(address), io.BytesIO()
    with av.open(file, "w", format="mp4") as video:
        video.metadata["title"] = painted.line
        video.metadata["comment"] = "; ".join(filter(None, [facts["Description"], address]))
        stream = video.add_stream("libx264", rate=VIDEO_RATE, options={"crf": "18"})
        stream.width = stream.height = FRAME_SIZE
        stream.pix_fmt = "yuv420p"  # the only one that all players know
        for picture, seconds in zip(*_growth(painted, runs[-1], row), strict=True):
            for _ in range(max(1, round(seconds * VIDEO_RATE))):
                video.mux(stream.encode(av.VideoFrame.from_image(picture)))
        video.mux(stream.encode())
    return file.getvalue()


def animation_file(runs: Sequence[PGDRun], row: int, address: str = "") -> bytes:
    """Return how image `row` grew as a looping WebP: what it began with, the run, and the result, which stays."""
    painted = painted_by_runs(runs, row)
    pictures, seconds = _growth(painted, runs[-1], row)
    durations = [round(1000 * length) for length in seconds]
    facts, known = painted.facts(address), Image.Exif()
    known[_DESCRIPTION] = "; ".join(filter(None, [painted.line, facts["Description"], address]))
    known[_SOFTWARE] = facts["Software"]
    file = io.BytesIO()
    pictures[0].save(
        file,
        "WEBP",
        save_all=True,
        append_images=pictures[1:],
        duration=durations,
        loop=0,
        quality=_QUALITY,
        method=_EFFORT,
        exif=known,
    )
    return file.getvalue()


def run_stem(runs: Sequence[PGDRun], row: int) -> str:
    """Return the file name of image `row` without suffix: short and valid on every system."""
    names = dict.fromkeys(run.metadata["classifier"]["name"] for run in runs)
    methods = dict.fromkeys(run.config.method.name for run in runs)
    by = () if [*methods] == ["paper"] else methods
    parts = (runs[0].metadata["task"], *names, *by, target_of(runs[0], row))
    stem = "-".join(filter(None, (file_stem(part[:60])[:40].strip("-") for part in parts)))
    return f"{stem}-{row + 1}" if len(runs[0].start) > 1 else stem


# ---- buttons -------------------------------------------------------------------------------------------------------


def save_buttons(result: RunResult, *, key: str) -> None:
    """Draw the download of a result's picture and, in a menu, those of all its tries and of its growth.

    key: unique on the page.
    """
    runs, row, address = result.runs, 0, url.address()
    if len(runs[0].start) > 1:
        targets = [f"{k + 1}: {everyday_name(target_of(runs[0], k))}" for k in range(len(runs[0].start))]
        row = st.selectbox(
            "Picture", range(len(targets)), format_func=targets.__getitem__, key=f"{key}.row", width=200,
            label_visibility="collapsed",
        )  # fmt: skip
    painted = painted_by_runs(runs, row)
    stem = picture_stem(painted.word, painted.method)
    _save("Save picture", lambda: picture_file(painted, address), f"{stem}.png", f"{key}.{row}")
    files: dict[str, tuple[Callable[[], bytes], str]] = {}
    if result.tries:
        files[f"Save all {NUMERALS[len(result.tries)]}"] = (
            lambda: picture_file(painted_in_tries(result), address),
            f"{stem}-tries.png",
        )
    files["Save animation"] = (partial(animation_file, runs, row, address), f"{stem}.webp")
    files["Save video"] = (partial(video_file, runs, row, address), f"{stem}.mp4")
    with st.popover("Save as …"):
        for label, (make, name) in files.items():
            _save(label, make, name, f"{key}.{row}")


def _save(label: str, make: Callable[[], bytes], name: str, key: str) -> None:
    download_button(label, make, name, key=f"{key}.{label}", icon=":material/download:")


def save_stored(word: GalleryWord, *, key: str) -> None:
    """Draw the download of a stored drawing of a word; `key` is unique on the page."""
    address, painted = url.address(), painted_before(word)
    download_button(
        "Save picture",
        lambda: picture_file(painted, address),
        f"{picture_stem(painted.word, painted.method)}.png",
        key=key,
        icon=":material/download:",
    )


def run_download(runs: Sequence[PGDRun], *, key: str) -> None:
    """Draw the download of a result's file."""
    download_button("Run file", partial(pack_runs, runs), f"{run_stem(runs, 0)}.npz", key=f"{key}.npz",
                    icon=":material/download:")  # fmt: skip
