"""The shipped maps and the first picture that the story tells of, and what is found of them. Does not import torch."""

from __future__ import annotations

from functools import cache

from core.claims.checks import dips_clearly
from core.claims.features import training_finding
from core.claims.finding import Finding
from core.classifiers.registry import PAPERS_CLIP, classifier_state
from core.fourier.basis import Frequency
from core.fourier.maps.lattice import lattice
from core.numbers import percent
from core.reproduce.profile.predictions import chosen_pictures
from core.runs.file import PGDRun
from core.runs.stored import OPENING, TWINS, stored_path
from ui.maps.catalogue import shipped
from ui.maps.judged_maps import findings_between
from ui.maps.presets import CLIP, MINI_CLIP, RESNET56
from ui.models.classifier_table import format_size

STORED = chosen_pictures()
WAVE: Frequency = (STORED["wave"][0], STORED["wave"][1])
TEST_OF_PATCHES = "mini-clip-vit"  # begins the names of the networks that are to test the explanation


def findings_by_claim(subject: str, reference: str) -> dict[str, Finding]:
    """Return the findings about two shipped maps, named by label, by claim; the first of several."""
    all_maps = shipped()
    ordered = findings_between(all_maps[subject], all_maps[reference], *all_maps.values())
    return {finding.claim.key: finding for finding in reversed(ordered)}


@cache
def opening_runs() -> tuple[PGDRun, ...]:
    """Load the runs in which the two networks draw from one blur, a class each time."""
    return tuple(PGDRun.load(stored_path(OPENING, "cifar10", name)) for name in TWINS)


# What others recognise of what Mini CLIP and its robust twin drew and filled.
training = cache(training_finding)


@cache  # of shipped maps, each against ten thousand random draws
def the_test() -> str:
    """Return how many of the small networks trained to test it dip on the grid of their own patches, in a sentence."""
    tested = [
        lattice(entry.heatmap, entry.heatmap.metadata["classifier"]["patch_grid"])
        for entry in shipped().values()
        if str(entry.heatmap.metadata["classifier"]["name"]).startswith(TEST_OF_PATCHES)
    ]
    dips = sum(dip is not None and dips_clearly(dip) for dip in tested)
    result = "one clearly dips" if dips == 1 else f"{dips or 'none'} clearly dip"
    return f" Of {len(tested)} small CLIPs trained to test it, {result}." if tested else ""


def equally_strong() -> str:
    """How the two errors compare in the corners under waves weakened alike, as on *Findings*."""
    evidence = findings_by_claim(CLIP, RESNET56)["relies"].evidence[-1]
    more = "more" if evidence.measured.value > 0 else "less"
    return f" At equal strength (dotted) it errs {more}: {evidence.number}."


def other_networks() -> str:
    """How many more holes of the robust twin's than of the ordinary one's another network recognises."""
    (evidence,) = [row for row in training().evidence if row.what == "Eq. 3"]
    return f" Recognised by another network: {evidence.number}."


def limits() -> str:
    """How far the small CLIP's map is from CLIP's, and whether the paper's CLIP is here, or what it needs."""
    share = findings_by_claim(CLIP, MINI_CLIP)["different"].evidence[0].measured.value
    state = classifier_state(PAPERS_CLIP)
    there = "it is here, too" if state.status == "ready" else f"a {format_size(state.download_bytes)} download"
    return f" Mini CLIP’s differs at {percent(share, 0)} of waves. CLIP: {there}."
