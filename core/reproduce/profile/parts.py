"""Table of a profile's parts, each with a function that yields its files. Does not import torch."""

from __future__ import annotations

from core.reproduce.profile import judgements, runs, sweeps
from core.reproduce.profile.network import ProfilePart

PARTS = {
    part.key: part
    for part in (
        ProfilePart("runs", "the runs that pages open with", runs.runs),
        ProfilePart("map", "its heat map", sweeps.maps),
        ProfilePart("strength", "its map at equal strength", sweeps.strength),
        ProfilePart("predictions", "the story's pictures", sweeps.predictions),
        ProfilePart("hybrids", "hybrid images", sweeps.hybrids),
        ProfilePart("corruptions", "corruptions", sweeps.corruptions),
        ProfilePart("gradient", "the gradient of its loss", sweeps.gradients),
        ProfilePart("judgements", "judges of what it paints", judgements.judgements),
    )
}
