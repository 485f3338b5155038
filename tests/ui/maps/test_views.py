"""Maps as they are shown: grey and coloured waves apart, from the bits of the file itself."""

import json

import numpy as np
import pytest

from core.data.classes import PRECOMPUTED
from core.fourier.basis import half_plane, random_signs
from core.fourier.heatmap import Heatmap
from ui.maps.catalogue import Entry, labelled
from ui.maps.stories import CLIP, MINI_CLIP
from ui.maps.views import shown_maps

FILE = PRECOMPUTED / "heatmaps" / "mini-clip_cifar10-1000.npz"
ENTRIES = {entry.label: entry for entry in labelled(Heatmap.load(path) for path in sorted(FILE.parent.glob("*.npz")))}
SMALL = "Mini CLIP · CIFAR-10, 1,000 images · computed"


def test_of_two_maps_with_one_name_the_smaller_says_its_images():
    assert ENTRIES[MINI_CLIP].heatmap.metadata["dataset"]["n"] == 10_000
    assert ENTRIES[SMALL].heatmap.metadata["dataset"]["n"] == 1_000
    assert len(ENTRIES) == len(list(FILE.parent.glob("*.npz")))


def test_grey_and_coloured_waves_are_shown_apart():
    with np.load(FILE) as file:
        bits, seed = file["outcomes"], json.loads(str(file["metadata"]))["seed"]
    shown = shown_maps([ENTRIES[SMALL]], "Top-1", "Grey and coloured", 31)
    assert [view.title for view in shown.views] == ["Mini CLIP, grey", "Mini CLIP, coloured"]
    for row, (i, j) in list(enumerate(half_plane(31), 1))[::40]:
        wrong = np.unpackbits(bits[row])[:1000]
        alike = np.array([len(set(sign)) == 1 for sign in random_signs(1000, (i, j), seed=seed).tolist()])
        for view, chosen in zip(shown.views, (alike, ~alike), strict=True):
            assert view.values[15 + i, 15 + j] == pytest.approx(wrong[chosen].mean())
            assert view.values[15 - i, 15 - j] == pytest.approx(wrong[chosen].mean())


def test_a_map_without_outcomes_stays_empty_and_says_why():
    (view,) = shown_maps([ENTRIES[CLIP]], "Top-1", "Grey and coloured", 31).views
    assert np.isnan(view.values).all() and "not stored" in view.subtitle


def test_only_the_first_two_maps_are_told_by_colour():
    entry = ENTRIES[SMALL]
    many = [Entry(f"{k} · x · y", entry.heatmap) for k in range(3)]
    assert len(shown_maps(many, "Top-1", "Grey and coloured", 31).views) == 4
