"""Judge the shipped maps; compute the same numbers from their files with plain loops."""

import dataclasses
import json
import math
from statistics import mean

import numpy as np
import pytest
from scipy import stats

from core.claims.claim_table import findings
from core.claims.finding import NamedMap
from core.classifiers.registry import input_size
from core.data.sample_sets import PRECOMPUTED
from core.fourier.heatmap import Heatmap
from tests.core.oracles import newcombe, wilson
from tests.core.squares import squares_of_file

FOLDER = PRECOMPUTED / "heatmaps"
CLIP, RESNET56 = "clip-vit-b-32_cifar10_published", "resnet-56_cifar10_published"
RESNET50 = "resnet-50_imagenet100_published"


def named(path):
    """A shipped map in the form that claims take."""
    heatmap = Heatmap.load(path)
    name = heatmap.metadata["classifier"]["name"]
    return NamedMap(path.stem.split("_")[0], path.stem, heatmap, input_size(name))


TRAINED_TWICE = [
    ("mini-clip-vit", "mini-clip-vit-seed1"),
    ("mini-clip-vit8", "mini-clip-vit8-seed1"),
    ("mini-clip-vit8-avg-seed0", "mini-clip-vit8-avg-seed1"),
    ("mini-clip-vit8-sincos-seed0", "mini-clip-vit8-sincos-seed1"),
]
ALL_MAPS = {path.stem: named(path) for path in FOLDER.glob("*.npz")}


def with_facts(named, **changes):
    """A map with other facts: of a dictionary, these alone."""
    facts = named.heatmap.metadata
    facts = {**facts, **{k: {**facts[k], **v} if isinstance(v, dict) else v for k, v in changes.items()}}
    return dataclasses.replace(named, heatmap=dataclasses.replace(named.heatmap, metadata=facts))


class File:
    """A map file read with numpy only: {(i, j): error}, each wave once, from the `size` cells in the middle."""

    def __init__(self, path, size=31):
        file = squares_of_file(path)
        known = file["count"] if "printed_rates" not in file else np.ones(file["count"].shape)
        errors = np.where(known > 0, file["top1_errors"] / np.maximum(known, 1), np.nan)
        rates = file["printed_rates"][0] if "printed_rates" in file else errors
        facts = json.loads(str(file["metadata"]))
        self.n, clean = facts["dataset"]["n"], file["clean"]
        here = facts.get("clean_measured_here")
        self.clean = here["top1_errors"] / here["n"] if here else clean[0] / clean[2] if clean[2] > 0 else None
        middle, half, self.cells = len(rates) // 2, size // 2, {}
        for i in range(-half, half + 1):
            for j in range(half + 1):
                if j > 0 or i >= 0:
                    rate = float(rates[middle + i, middle + j] + rates[middle - i, middle - j]) / 2
                    if not math.isnan(rate):
                        self.cells[i, j] = rate

    def band(self, first, last):
        """(mean error, n) of the waves of these radii."""
        return mean(rate for wave, rate in self.cells.items() if first <= round(math.hypot(*wave)) <= last), self.n


def gap(a, b):
    """(value, low, high) in points: difference of two independent (rate, n), with Newcombe's interval."""
    return tuple(100 * end for end in (a[0] - b[0], *newcombe(*a, *b)))


def number_of(file, bands, from_clean=False):
    """The mean error of a map over a band, minus that over the second band or without a wave."""
    first, *second = (file.band(*band)[0] for band in bands)
    return first - (file.clean if from_clean else sum(second))


def widened(measured, *bands, networks=2, from_clean=False):
    """(value, low, high) in points with the spread of two trainings: Student's, from the pairs that were measured."""
    files = [[File(FOLDER / f"{name}_cifar10.npz") for name in names] for names in TRAINED_TWICE]
    squares = [(number_of(a, bands, from_clean) - number_of(b, bands, from_clean)) ** 2 for a, b in files]
    half = 100 * stats.t.ppf(0.975, len(squares)) * math.sqrt(mean(squares) * networks / 2)
    value, low, high = measured
    return value, value - math.hypot(value - low, half), value + math.hypot(high - value, half)


def shares(*rates):
    """Return each (rate, n) with Wilson's interval, in per cent."""
    return [tuple(100 * end for end in (rate, *wilson(rate, n))) for rate, n in rates]


def parts(a, b):
    """Return two (rate, n) with Wilson's intervals, and their difference."""
    return *shares(a, b), gap(a, b)


def judged(subject, reference, all_maps):
    """{key: finding}; claims about twins under the robust one's name."""
    by_key = {}
    for finding in findings(subject, reference, list(all_maps)):
        key = finding.claim.key
        by_key[f"{key} {finding.maps[0]}" if key == "twins" and finding.maps else key] = finding
    return by_key


def numbers(finding):
    """[(value, low, high), ...] in per cent."""
    return [tuple(100 * end for end in evidence.measured) for evidence in finding.evidence]


def assert_says(finding, verdict, *evidence):
    assert finding.verdict == verdict
    for actual, expected in zip(numbers(finding), evidence, strict=True):
        assert actual == pytest.approx(expected, abs=1e-6, nan_ok=True)


def crossover_by_loops(name):
    """The radius in a shipped file at which both pictures' classes are predicted equally often, by numpy only."""
    with np.load(PRECOMPUTED / "hybrids" / f"{name}.npz") as file:
        n = file["labels"].shape[1]
        says = np.unpackbits(file["bits"][1:], axis=2, count=n).sum(axis=2).T.tolist()
        cutoffs = file["cutoffs"][1:].tolist()
    lead = [low - high for low, high in zip(*says, strict=True)]
    k = next(k for k in range(1, len(lead)) if lead[k - 1] < 0 <= lead[k])
    return cutoffs[k - 1] + (cutoffs[k] - cutoffs[k - 1]) * -lead[k - 1] / (lead[k] - lead[k - 1])
