"""Data of the story: shipped maps, the first picture, and findings about them. Does not import torch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path

from core.claims.checks import dips_clearly
from core.claims.features import DRAWN, FILLED, training_finding
from core.claims.finding import MINIATURE, Finding
from core.classifiers.registry import PAPERS_CLIP, classifier_state
from core.data.profiles import cached_by_files
from core.fourier.basis import Frequency, canonical_frequency, half_plane
from core.fourier.maps.lattice import lattice
from core.numbers import decimal, percent
from core.reproduce.profile.predictions import SIDE, chosen_pictures, stored_predictions
from core.runs.file import SURE, PGDRun
from core.runs.stored import OPENING, stored_classifier, stored_subjects
from ui.maps.catalogue import shipped_maps
from ui.maps.judged_maps import findings_between
from ui.maps.presets import CLIP, MINI_CLIP, RESNET56
from ui.models.classifier_table import format_size
from ui.shared.pictures import sample_picture
from ui.story import networks

STORED = chosen_pictures()
WAVE: Frequency = (STORED["wave"][0], STORED["wave"][1])
TEST_OF_PATCHES = "mini-clip-vit"  # prefix of the networks trained to test the explanation


def findings_by_claim(subject: str, reference: str) -> dict[str, Finding]:
    """Return the findings about two shipped maps, given by label, keyed by claim; the first of several."""
    all_maps = shipped_maps()
    ordered = findings_between(all_maps[subject], all_maps[reference], *all_maps.values())
    return {finding.claim.key: finding for finding in reversed(ordered)}


def is_clear(maps: Sequence[str], key: str, what: str, sign: int) -> bool:
    """Return whether the difference `what` of a claim about two maps clearly has this sign."""
    evidence = [row for row in findings_by_claim(*maps)[key].evidence if row.what == what]
    return bool(evidence) and evidence[0].measured.clear and evidence[0].measured.value * sign > 0


def opening_runs() -> tuple[PGDRun, ...]:
    """Load the runs in which the two networks draw every class from one blur."""
    paths = {stored_classifier(path): path for path in stored_subjects(OPENING)["cifar10"]}
    return tuple(load_stored(paths[name], paths[name].stat().st_mtime_ns) for name in networks.drawing_twins())


@lru_cache(maxsize=8)
def load_stored(path: Path, changed: int) -> PGDRun:
    """Load a run; changed: the file's modification time, a part of the cache's key."""
    return PGDRun.load(path)


@cached_by_files("judgements")
def training(_: tuple[Path, ...]) -> Finding:
    """Return the finding on how much others recognise of an ordinary network's and its robust twin's pictures."""
    return training_finding()


def _gains(twins: Sequence[str], what: str) -> bool:
    """Return whether others recognise clearly more of the pictures by the robust one of these bundled twins."""
    evidence = [row.measured for row in training().evidence if row.what == what]
    return training().networks[::-1] == tuple(twins) and twins[0].startswith(MINIATURE) and evidence[0].low > 0


def drawn_by_the_robust_twin() -> bool:
    """Return whether both twins are confident of all their drawings, and others recognise more of the robust one's."""
    least = min(float(run.curves["target_probability"][-1].min()) for run in opening_runs())
    return least >= SURE and _gains(networks.drawing_twins(), DRAWN["classless"])


def painted_by_the_robust_twin() -> bool:
    """Return whether others recognise more of the holes filled by the step's robust network."""
    return _gains(networks.hole_networks(), FILLED["eq3"])


def misled_by_one_stripe() -> bool:
    """Return whether the first wave makes only the first network misclassify the picture."""
    label = sample_picture("cifar10", STORED["story"]["position"]).label
    place = 1 + half_plane(SIDE).index(canonical_frequency(*WAVE))
    rows = [stored_predictions()[name].top1() for name in networks.on_one_picture()]
    clean, waved = ([row[k][0] == label for row in rows] for k in (0, place))
    return all(clean) and waved == [False, True]


def harmed_by_low_contrast() -> bool:
    """Return whether contrast changes harm the robust twin more, and noise harms it less."""
    signs = {"contrast changes": 1, "high-frequency corruptions": -1}
    return all(is_clear(networks.twin_and_other(), "contrast", what, sign) for what, sign in signs.items())


@cache  # each shipped map is tested against ten thousand random draws
def the_test() -> str:
    """Return a sentence on how many small networks, trained for this test, dip on the grid of their own patches."""
    tested = [
        lattice(entry.heatmap, entry.heatmap.metadata["classifier"]["patch_grid"])
        for entry in shipped_maps().values()
        if str(entry.heatmap.metadata["classifier"]["name"]).startswith(TEST_OF_PATCHES)
    ]
    dips = sum(dip is not None and dips_clearly(dip) for dip in tested)
    agree = f"{dips or 'none'} agree{'' if dips > 1 else 's'}"
    return f" Of {len(tested)} small CLIPs trained to test this, {agree}." if tested else ""


def equally_strong() -> str:
    """Return a sentence that compares both errors in the corners under equally weakened waves, as *Findings* does."""
    evidence = findings_by_claim(CLIP, RESNET56)["relies"].evidence[-1]
    points, way = decimal(100 * abs(evidence.measured.value)), "higher" if evidence.measured.value > 0 else "lower"
    return f" CLIP’s error is {points} points {way} at equal strength (dotted)."


def other_networks() -> str:
    """Return a sentence on how many more of the robust twin's filled holes another network recognises."""
    if training().networks[::-1] != networks.hole_networks():
        return ""
    (evidence,) = [row for row in training().evidence if row.what == FILLED["eq3"]]
    points, way = decimal(100 * abs(evidence.measured.value)), "more" if evidence.measured.value > 0 else "fewer"
    return f" Another network recognises {points} points {way} of the twin’s holes."


def far_from_clip() -> str:
    """Return a sentence on the share of waves where another map differs from CLIP's."""
    computed = networks.computed_map(PAPERS_CLIP)
    label = MINI_CLIP if computed is None else computed.label
    share = findings_by_claim(CLIP, label)["different"].evidence[0].measured.value
    return f" {'Mini CLIP’s' if computed is None else 'That map'} differs at {percent(share, 0)} of waves."


def limits() -> str:
    """Return that sentence, and whether CLIP is installed."""
    state = classifier_state(PAPERS_CLIP)
    download = f"Downloading CLIP takes {format_size(state.download_bytes)}"
    return f"{far_from_clip()} {'CLIP is installed' if state.status == 'ready' else download}."
