"""Parts of a profile: a row for each kind of file, with the function that yields its files. Does not import torch."""

from __future__ import annotations

from core.reproduce.profile import runs, sweeps
from core.reproduce.profile.network import Part

PARTS = {
    part.key: part
    for part in (
        Part("map", "its heat map", sweeps.maps),
        Part("predictions", "the story's pictures", sweeps.predictions),
        Part("hybrids", "hybrid images", sweeps.hybrids),
        Part("corruptions", "corruptions", sweeps.corruptions),
        Part("gradient", "the gradient of its loss", sweeps.gradients),
        Part("runs", "the runs that pages open with", runs.runs),
    )
}
