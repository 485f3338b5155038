"""Sentence and table of a wave agree with the maps: their numbers are recomputed from the files with plain loops."""

import dataclasses
import itertools
import json
import math
import re

import numpy as np
import pytest

from core.data.sample_sets import PRECOMPUTED
from core.fourier.heatmap import Heatmap
from tests.core import oracles
from tests.core.oracles import Z as Z  # the tests of the story take it from here
from tests.core.oracles import wilson
from tests.core.squares import squares_of_file, with_squares
from ui.maps.catalogue import (
    CLIP,
    EFFICIENTNET,
    FIGURES,
    MINI_CLIP,
    RESNET50,
    RESNET56,
    Entry,
    label_of,
    maps_by_label,
    named_apart,
)
from ui.maps.views import shown_maps
from ui.maps.wave import cell_verdict, wave_table

FOLDER = PRECOMPUTED / "heatmaps"
FILE_OF = {
    "CLIP ViT-B/32 · CIFAR-10 · published": "clip-vit-b-32_cifar10_published",
    "ResNet-56 · CIFAR-10 · published": "resnet-56_cifar10_published",
    "ResNet-50 · ImageNet100 · published": "resnet-50_imagenet100_published",
    "Mini CLIP · CIFAR-10 · computed": "mini-clip_cifar10",
    "Mini ResNet · CIFAR-10 · computed": "mini-resnet_cifar10",
    "Mini ResNet (robust) · CIFAR-10 · computed": "mini-resnet-robust_cifar10",
    "Mini CLIP (robust) · CIFAR-10 · computed": "mini-clip-robust_cifar10",
    "Mini CLIP (plain ViT) · CIFAR-10 · computed": "mini-clip-vit_cifar10",
    "Mini CLIP (plain ViT, seed 1) · CIFAR-10 · computed": "mini-clip-vit-seed1_cifar10",
    "Mini CLIP (plain ViT/8) · CIFAR-10 · computed": "mini-clip-vit8_cifar10",
    "Mini CLIP (plain ViT/8, seed 1) · CIFAR-10 · computed": "mini-clip-vit8-seed1_cifar10",
    "Mini CLIP (plain ViT/8 averaged, seed 0) · CIFAR-10 · computed": "mini-clip-vit8-avg-seed0_cifar10",
    "Mini CLIP (plain ViT/8 averaged, seed 1) · CIFAR-10 · computed": "mini-clip-vit8-avg-seed1_cifar10",
    "Mini CLIP (plain ViT/8 at fixed positions, seed 0) · CIFAR-10 · computed": "mini-clip-vit8-sincos-seed0_cifar10",
    "Mini CLIP (plain ViT/8 at fixed positions, seed 1) · CIFAR-10 · computed": "mini-clip-vit8-sincos-seed1_cifar10",
    "EfficientNet-Lite0 · ImageNet, one image per class · computed": "efficientnet-lite0_imagenet-sample",
}


class File:
    """A map file read with numpy only: per cent, by frequency, from `side` cells in the middle."""

    def __init__(self, label, side=1023):
        file = squares_of_file(FOLDER / f"{FILE_OF[label]}.npz")
        rates = file["printed_rates"][0] if "printed_rates" in file else file["top1_errors"] / file["count"]
        self.n = json.loads(str(file["metadata"]))["dataset"]["n"]
        self.clean = float(file["clean"][0] / file["clean"][2])
        half = min(len(rates), side) // 2
        middle = len(rates) // 2
        self.cells = {
            (i, j): float(rates[middle + i, middle + j]) for i, j in itertools.product(range(-half, half + 1), repeat=2)
        }
        sums = {}
        for (i, j), rate in self.cells.items():
            sums.setdefault(round(math.sqrt(i * i + j * j)), []).append(rate)
        self.rings = {radius: sum(values) / len(values) for radius, values in sums.items()}

    def wilson(self, rate):
        return wilson(rate, self.n)


def newcombe(a, rate_a, b, rate_b):
    return oracles.newcombe(rate_a, a.n, rate_b, b.n)


def shipped():
    maps = [Heatmap.load(path) for path in FOLDER.glob("*.npz")]
    return maps_by_label(maps)


ENTRIES = shipped()


def numbers_in(text):
    """All numbers of a text in order, except those in names and the 95 of the intervals."""
    for label in FILE_OF:
        text = text.replace(label.split(" · ")[0], "")
    text = text.replace("95 % interval", "").replace("\N{MINUS SIGN}", "-")
    return [float(number) for number in re.findall(r"[-+]?\d+(?:\.\d+)?", text)]


def assert_numbers(text, expected, tolerance=0.0501):
    """Compare numbers rounded to one digit, with a tolerance of 0.05 points for the rounding of published rates."""
    actual = numbers_in(text)
    assert len(actual) == len(expected), (text, expected)
    assert actual == pytest.approx(expected, abs=tolerance), text


@pytest.mark.parametrize("story", FIGURES.values(), ids=FIGURES)
def test_another_map_makes_another_table(story):
    rng, shuffled = np.random.default_rng(0), {}
    for label, entry in ENTRIES.items():
        heatmap, order = entry.heatmap, rng.permutation(entry.heatmap.side**2)

        def moved(array, order=order):
            return None if array is None else array.reshape(*array.shape[:-2], -1)[..., order].reshape(array.shape)

        names = ("top1_errors", "top5_errors", "count", "printed_rates")
        fields = {name: moved(getattr(heatmap, name)) for name in names}
        shuffled[label] = dataclasses.replace(entry, heatmap=with_squares(heatmap, **fields))
    assert wave_table([shuffled[label] for label in story.maps], story.frequency) != wave_table(
        [ENTRIES[label] for label in story.maps], story.frequency
    )


@pytest.mark.parametrize("frequency", [(0, 1), (-14, -14), (15, 0), (0, 0)])
def test_verdict_on_two_maps_gives_errors_intervals_and_difference(frequency):
    clip, resnet = File(CLIP), File(RESNET56)
    a, b = clip.cells[frequency], resnet.cells[frequency]
    errors = [100 * bound for rate, file in ((a, clip), (b, resnet)) for bound in (rate, *file.wilson(rate))]
    ends = sorted(abs(100 * end) for end in newcombe(clip, a, resnet, b))
    text = cell_verdict(ENTRIES[CLIP], ENTRIES[RESNET56], frequency)
    assert_numbers(text, [*frequency, *errors, 100 * abs(a - b), *ends], tolerance=0.15)  # intervals include rounding
    assert ("points higher" in text) == (a > b) and ("points lower" in text) == (a < b)


def test_verdict_calls_noise_noise():
    clip, resnet = File(CLIP), File(RESNET56)
    even = min(clip.cells, key=lambda cell: abs(clip.cells[cell] - resnet.cells[cell]))
    text = cell_verdict(ENTRIES[CLIP], ENTRIES[RESNET56], even)
    assert "within the noise" in text and "higher" not in text and "lower" not in text


@pytest.mark.parametrize("frequency", [(0, 1), (15, 0)])
def test_the_table_of_a_wave_has_each_maps_numbers_and_their_difference(frequency):
    files = [File(CLIP), File(RESNET56)]
    a, b = (file.cells[frequency] for file in files)
    rows = wave_table([ENTRIES[CLIP], ENTRIES[RESNET56]], frequency)
    for row, file, rate in zip(rows, files, (a, b), strict=False):
        assert "10,000" in row[1] and row[2] == "4"
        assert_numbers(row[3], [100 * part for part in (rate, *file.wilson(rate))], tolerance=0.15)
    here = ENTRIES[RESNET56].heatmap.metadata["clean_measured_here"]
    clean = here["top1_errors"] / here["n"]
    assert rows[0][4:] == ["not published", ""] and numbers_in(rows[1][4]) == [pytest.approx(100 * clean, abs=0.0501)]
    for cell, ends, difference in (
        (rows[1][5], newcombe(files[1], b, files[1], clean), b - clean),
        (rows[2][3], newcombe(files[0], a, files[1], b), a - b),
    ):
        expected = [100 * part for part in (difference, *ends)]
        assert_numbers(cell.replace("within the noise", ""), expected, tolerance=0.25)


def test_the_table_of_a_wave_compares_only_what_was_measured_alike_and_has_the_maps_own_estimate():
    rows = wave_table([ENTRIES[RESNET50], ENTRIES[EFFICIENTNET]], (0, 9))
    assert rows[2][3] == "measured differently"
    assert [row[3] for row in wave_table([ENTRIES[CLIP], ENTRIES[RESNET50]], (0, -25))][0] == "not in this map"
    mini = ENTRIES[MINI_CLIP]
    numbers = {**mini.heatmap.numbers, "estimate": np.tile([0.25, 0.2, 0.3], (len(mini.heatmap.counts), 1))}
    guessed = dataclasses.replace(mini, heatmap=dataclasses.replace(mini.heatmap, numbers=numbers))
    (row,) = wave_table([guessed], (0, 5))
    (view,) = shown_maps([guessed], "Top-1", "Error").views
    assert row[3] == "25.0 % (20.0 to 30.0)" and view.values[15, 20] == 0.25 and row[5] == ""


def test_maps_of_one_network_are_told_apart_by_what_differs_first():
    facts = ENTRIES[MINI_CLIP].heatmap.metadata
    weaker = (
        dataclasses.replace(ENTRIES[MINI_CLIP].heatmap, metadata={**facts, "epsilon": float(v)}) for v in (1, 2, 8)
    )
    chosen = [ENTRIES[MINI_CLIP], *(Entry(label_of(heatmap), heatmap) for heatmap in weaker)]
    names = [f"Mini CLIP (v\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}{v})" for v in (4, 1, 2, 8)]
    assert [entry.name for entry in named_apart(chosen)] == names
    assert [row[0] for row in wave_table(chosen, (0, 1))] == names
    chosen = [ENTRIES[label] for label in (MINI_CLIP, "Mini CLIP · CIFAR-10, 1,000 images · computed", CLIP)]
    expected = ["Mini CLIP (n = 10,000)", "Mini CLIP (n = 1,000)", "CLIP ViT-B/32"]
    assert [entry.name.replace("\N{NO-BREAK SPACE}", " ") for entry in named_apart(chosen)] == expected
    twice = [ENTRIES[CLIP], dataclasses.replace(ENTRIES[CLIP], label=CLIP.replace("published", "uploaded 1"))]
    assert [entry.name for entry in named_apart(twice)] == ["CLIP ViT-B/32 (published)", "CLIP ViT-B/32 (uploaded 1)"]
