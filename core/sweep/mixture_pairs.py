"""Two photos in one: the bundled pairs, with what a network predicts for their hybrids. Does not import torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from core.data.sample_sets import PRECOMPUTED
from core.sweep.predict import PairPredictions, hybrid_cutoffs

MIXTURES = PRECOMPUTED / "mixtures.json"  # written by precomputed.makers.mixture_file
MIXED_SET = "photographs"  # sample set of the pairs
DIGITS = 4  # of the stored probabilities


@dataclass(frozen=True, eq=False)
class MixedPair:
    """A pair of bundled photos and its predictions.

    low, high: indices in `MIXED_SET` of the photos that give the slow and the fast waves. start: index of the cutoff to
    begin with.
    """

    low: int
    high: int
    start: int
    predictions: PairPredictions


def pair_row(low: int, high: int, start: float, predictions: PairPredictions) -> dict[str, Any]:
    """Return a pair as JSON; start: the cutoff to begin with, in cycles per image."""
    return {
        "low": low,
        "high": high,
        "start": start,
        "classes": list(predictions.classes),
        "shares": predictions.shares.astype(np.float64).round(DIGITS).tolist(),
        "others": predictions.others.tolist(),
        "other_shares": predictions.other_shares.astype(np.float64).round(DIGITS).tolist(),
    }


@cache
def mixing_network() -> str:
    """Return the registry name of the network that made the stored predictions."""
    return json.loads(MIXTURES.read_text("utf-8"))["classifier"]["name"]


@cache
def mixed_pairs() -> tuple[MixedPair, ...]:
    """Load the pairs, in the order of the page."""
    content = json.loads(MIXTURES.read_text("utf-8"))
    cutoffs = hybrid_cutoffs(content["size"])
    return tuple(
        MixedPair(
            row["low"],
            row["high"],
            int(np.abs(np.log(np.array(cutoffs) / row["start"])).argmin()),
            PairPredictions(
                cutoffs,
                (row["classes"][0], row["classes"][1]),
                np.array(row["shares"]),
                np.array(row["others"]),
                np.array(row["other_shares"]),
            ),
        )
        for row in content["pairs"]
    )
