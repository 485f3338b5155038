"""The bridge from a sketch to waves says what the shown pictures say."""

import numpy as np
import pytest

from core.pgd.drawings import painter_name
from core.pgd.methods import COMPARED
from core.pgd.painting import Painting
from tests.ui.page_runner import bodies, open_page
from ui.runs.replay import stored_example
from ui.story.bridge import FastWaves, bars_html, fast_waves, measured, waves_text
from ui.story.story_start import ROW, of_tile

CLAIM, SHAPES = "adds mostly fast waves", "add mostly shapes"


def wave(cycles: int, strength: float) -> np.ndarray:
    """A (3, 64, 64) wave of so many cycles per image."""
    row = strength * np.cos(2 * np.pi * cycles * np.arange(64) / 64)
    return np.broadcast_to(row, (3, 64, 64)).astype(np.float32)


def test_fractions_are_those_of_known_waves():
    start = 0.5 + wave(2, 0.2)
    waves = fast_waves(start, start + wave(8, 0.1) + wave(9, 0.1), start + wave(20, 0.1))
    assert (waves.start, waves.views, waves.paper) == pytest.approx((0, 0.5, 1), abs=1e-4)
    assert fast_waves(start, start, start) == FastWaves(pytest.approx(0, abs=1e-6), 0, 0)


@pytest.mark.parametrize(
    ("waves", "says", "silent"),
    [
        (
            FastWaves(0.02, 0.2, 0.94),
            ("2% of the smooth sketch", "20% of what many views added", "94%", CLAIM, SHAPES),
            (),
        ),
        (FastWaves(0.3, 0.7, 0.94), ("30% of the smooth sketch", "70%", CLAIM), (SHAPES,)),
        (FastWaves(0.02, 0.3, 0.35), ("30%", "35%"), (CLAIM, SHAPES, "noise")),
        (FastWaves(0.02, 0.9, 0.4), ("90%", "40%"), (CLAIM, SHAPES, "noise")),
        (FastWaves(0.001), ("under 1%",), ("added", CLAIM, "noise")),
    ],
)
def test_text_claims_only_what_the_numbers_say(waves, says, silent):
    text = waves_text(waves, "sketch")
    assert all(part in text for part in says) and not any(part in text for part in silent)
    assert (bars_html(waves, "sketch") == "") == (waves.views is None)


def test_bridge_follows_what_is_chosen():
    for name, word in (("castle", "castle"), ("espresso", "goldfish")):
        waves = measured(of_tile(name, word), None)
        (body,) = bodies(open_page("story", **{"photo" if name == "espresso" else "sketch": name}), "sum of waves")
        assert f"{round(100 * waves.views)}%" in body and f"{round(100 * waves.paper)}%" in body
    (body,) = bodies(open_page("story", sketch="castle", word="pizza"), "sum of waves")
    assert "added" not in body and "smooth sketch" in body


def test_visitors_own_painting_is_measured():
    result = stored_example(
        Painting.default(ROW.drawn[0], "grey", painter=painter_name()).plan(), [painter_name()], COMPARED
    )
    waves = measured(of_tile("empty", ""), result)
    paper, views = (run.frames[-1, 0] / np.float32(255) - run.start[0] for run in result.runs)
    shares = []
    for change in (views, paper):
        energy = np.abs(np.fft.fft2(change)) ** 2
        radius = np.rint(np.hypot(*np.meshgrid(*[np.fft.fftfreq(224, 1 / 224)] * 2)))
        shares.append(energy[:, radius > 8].sum() / energy[:, radius > 0].sum())
    assert (waves.views, waves.paper) == pytest.approx(shares, rel=1e-3)
    text = waves_text(waves, "grey")
    assert "smooth sketch" not in text and "more than 8 cycles across the image" in text
