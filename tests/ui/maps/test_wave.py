"""The table of a wave agrees with the maps: their numbers are recomputed from the files with plain loops."""

import dataclasses
import itertools
import json
import re

import numpy as np
import pytest

from core.data.sample_sets import HEATMAPS
from tests.core import oracles
from tests.core.squares import squares_of_file
from ui.maps.catalogue import CLIP, EFFICIENTNET, MINI_CLIP, RESNET50, RESNET56, shipped_maps
from ui.maps.views import shown_maps
from ui.maps.wave import claim_on, findings_between, wave_table


class File:
    """One of the paper's maps, read with numpy only: n, and the error by frequency."""

    def __init__(self, name):
        file = squares_of_file(HEATMAPS / f"{name}_cifar10_published.npz")
        rates, self.n = file["printed_rates"][0], json.loads(str(file["metadata"]))["dataset"]["n"]
        half = len(rates) // 2
        waves = itertools.product(range(-half, half + 1), repeat=2)
        self.cells = {(i, j): float(rates[half + i, half + j]) for i, j in waves}

    def error(self, frequency):
        """Rate and the ends of its interval, in per cent."""
        rate = self.cells[frequency]
        return [100 * part for part in (rate, *oracles.wilson(rate, self.n))]


FILES = [File("clip-vit-b-32"), File("resnet-56")]


def numbers_in(text):
    """All numbers of a text in order, except those in names and the 95 of the intervals."""
    text = re.sub("CLIP ViT-B/32|ResNet-56|95 % interval", "", text).replace("\N{MINUS SIGN}", "-")
    return [float(number) for number in re.findall(r"[-+]?\d+(?:\.\d+)?", text)]


def about(*numbers):
    """Published rates, hence the ends of their intervals, are rounded."""
    return [pytest.approx(number, abs=0.25) for number in numbers]


@pytest.mark.parametrize("frequency", [(0, 1), (-14, -14), (15, 0), (0, 0)])
def test_numbers_of_a_wave_are_those_of_the_files(frequency):
    maps = [shipped_maps()[label] for label in (CLIP, RESNET56)]
    (a, b), (n, m) = (file.cells[frequency] for file in FILES), (file.n for file in FILES)
    errors = [file.error(frequency) for file in FILES]
    contrast = [100 * part for part in (a - b, *oracles.newcombe(a, n, b, m))]
    rows = wave_table(maps, frequency)
    for row, error in zip(rows[:2], errors, strict=True):
        assert "10,000" in row[1] and row[2] == "4" and numbers_in(row[3]) == about(*error)
    here = maps[1].heatmap.metadata["clean_measured_here"]
    clean = here["top1_errors"] / here["n"]
    assert rows[0][4:] == ["not published", ""] and numbers_in(rows[1][4]) == about(100 * clean)
    rise = (b - clean, *oracles.newcombe(b, m, clean, m))
    assert numbers_in(rows[1][5]) == about(*(100 * part for part in rise))
    assert numbers_in(rows[2][3]) == about(*contrast)


def test_the_table_compares_only_what_was_measured_alike():
    maps = shipped_maps()
    assert wave_table([maps[RESNET50], maps[EFFICIENTNET]], (0, 9))[2][3] == "measured differently"
    assert wave_table([maps[CLIP], maps[RESNET50]], (0, -25))[0][3] == "not in this map"
    mini = maps[MINI_CLIP]
    numbers = {**mini.heatmap.numbers, "estimate": np.tile([0.25, 0.2, 0.3], (len(mini.heatmap.counts), 1))}
    guessed = dataclasses.replace(mini, heatmap=dataclasses.replace(mini.heatmap, numbers=numbers))
    (row,) = wave_table([guessed], (0, 5))
    (view,) = shown_maps([guessed], "Top-1", "Error").views
    assert row[3] == "25.0 % (20.0 to 30.0)" and view.values[15, 20] == 0.25 and row[5] == ""


def test_a_verdicts_link_shows_the_same_verdict():
    """Two pages judge it: *Findings* on the chosen pair, *Frequencies* on the maps of the link."""
    maps, shown = shipped_maps(), 0
    for finding in findings_between(maps[CLIP], maps[RESNET56], *maps.values()):
        if finding.maps and not finding.tool and set(finding.maps) <= maps.keys():
            linked, _ = claim_on([maps[label] for label in finding.maps], finding.wave, finding.claim.key)
            assert (linked.claim, linked.verdict) == (finding.claim, finding.verdict), finding.claim.key
            shown += 1
    assert shown > 6
