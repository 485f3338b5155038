"""Facts in the texts of the chapters, by name, each computed from stored data when a text names it. No torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from core.claims.claim import Finding
from core.claims.verdicts import CLIP_GRID
from core.classifiers.registry import PAPERS_CLIP, classifier_spec, classifier_state, short_title
from core.pgd.pictures import fingerprint, judge_name, painter_name, stored_judgement, stored_outcomes
from core.pgd.run import PGDRun
from core.pgd.starts import OPENING, stored_classifier, stored_subjects
from core.shared.numbers import Frequency, decimal, percent
from core.sweep.transforms import chosen_pictures
from ui.maps.catalogue import shipped_maps
from ui.maps.judged_maps import findings_between
from ui.maps.presets import CLIP, MINI_CLIP, RESNET56
from ui.shared.text import format_size
from ui.shared.url import link
from ui.story import networks, opening
from ui.tools.registry import CORRUPTIONS, GRADIENT

STORED = chosen_pictures()
WAVE: Frequency = (STORED["wave"][0], STORED["wave"][1])


def findings_by_claim(subject: str, reference: str) -> dict[str, Finding]:
    """Return the findings about two shipped maps, given by label, keyed by claim; the first of several."""
    all_maps = shipped_maps()
    ordered = findings_between(all_maps[subject], all_maps[reference], *all_maps.values())
    return {finding.claim.key: finding for finding in reversed(ordered)}


def labels(names: Sequence[str]) -> list[str]:
    """Return the labels of networks' maps."""
    return [networks.first_maps()[name].label for name in names]


# The two maps that a claim of the story is about, and the number shown of it.
CLAIMS: dict[str, tuple[Callable[[], Sequence[str]], str]] = {
    "low": (lambda: (CLIP, RESNET56), "difference"),
    "high": (lambda: (CLIP, RESNET56), "difference"),
    "relies": (lambda: labels(networks.on_mixtures()), "difference of crossover cutoffs"),
}


def opening_runs() -> tuple[PGDRun, ...]:
    """Load the runs in which the two networks draw every class from one blur."""
    paths = {stored_classifier(path): path for path in stored_subjects(OPENING)["cifar10"]}
    return tuple(networks.load_stored(paths[name], paths[name].stat().st_mtime_ns) for name in networks.drawing_twins())


def _recognised() -> str:
    """Say how many of both networks' drawings another network recognises; empty if it has not judged them."""
    (first, title), (second, other) = zip(
        (stored_judgement(fingerprint(run)) for run in opening_runs()),
        networks.titles(networks.drawing_twins()),
        strict=True,
    )
    if first is None or second is None:
        return ""
    judge = short_title(classifier_spec(second.judge).title)
    counts = f"**{second.after} of {second.n}** by {other} and **{first.after} of {first.n}** by {title}"
    return f"{judge}, another network, recognises {counts}."


def _alone() -> str:
    """Say how many filled holes another network recognises without what is around them."""
    stored = stored_outcomes()
    pair = stored.pair("hole") if stored else None
    if stored is None or pair is None:
        return ""
    by_pixels, by_views = (int(outcomes.recognised(seen="alone").sum()) for outcomes in pair)
    judge = short_title(classifier_spec(stored.judges[0]).title)
    return (
        f"Shown the hole alone, {judge} recognises **{by_views} of {pair[1].n}** that had to convince from every view, "
        f"and **{by_pixels}** by the paper’s search."
    )


def _equal_strength() -> str:
    evidence = findings_by_claim(CLIP, RESNET56)["relies"].evidence[-1]
    points, way = decimal(100 * abs(evidence.measured.value)), "higher" if evidence.measured.value > 0 else "lower"
    return f"at equal strength its error is {points} points {way}."


def far_from_clip() -> str:
    """Return the share of waves where the map of the network in CLIP's place differs from CLIP's published one.

    Empty where the two cannot be compared, such as a quick map of bundled pictures.
    """
    computed = networks.computed_map(PAPERS_CLIP)
    label = MINI_CLIP if computed is None else computed.label
    evidence = findings_by_claim(CLIP, label)["different"].evidence
    return percent(evidence[0].measured.value, 0) if evidence else ""


def _stands_in() -> str:
    """Say which network predicts in CLIP's place, and how far its map is from CLIP's."""
    clip, resnet = networks.titles(networks.on_one_picture())
    if networks.on_one_picture()[0] == PAPERS_CLIP:
        far = far_from_clip()
        map_here = f" Our map of it differs from the paper’s at {far} of waves." if far else ""
        return f"{clip} itself predicts here.{map_here}"
    return (
        f"**{clip} stands for CLIP here**: a small CLIP trained for this project, beside {resnet}, a small ResNet. "
        f"Its map differs from CLIP’s at {far_from_clip()} of waves."
    )


def _clip_here() -> str:
    state = classifier_state(PAPERS_CLIP)
    if state.status == "ready":
        return "**CLIP is installed**: it predicts, fills and draws on every page, with words of your own."
    return (
        f"**Get the real CLIP.** A download of {format_size(state.download_bytes)}, once. Then any sentence can be "
        "drawn, not only 1,000 words, and CLIP itself predicts in every figure."
    )


def _drawn(mode: int) -> str:
    stored = stored_outcomes()
    pair = stored.pair("draw") if stored else None
    assert pair is not None  # they are shipped
    return str(pair[0].n if mode < 0 else int(pair[mode].recognised().sum()))


def _filler() -> str:
    (name,) = networks.hole_networks()
    return networks.titles([name])[0]


FACTS: dict[str, Callable[[], str]] = {
    "painter": lambda: opening.painter_titles()[0],
    "artist": lambda: short_title(classifier_spec(painter_name()).title),
    "judge": lambda: short_title(classifier_spec(judge_name()).title),
    "words": lambda: _drawn(-1),
    "pixels": lambda: _drawn(0),
    "views": lambda: _drawn(1),
    "stands_in": _stands_in,
    "equal": _equal_strength,
    "filler": _filler,
    "alone": _alone,
    "robust": lambda: networks.titles(networks.drawing_twins())[1],
    "least": lambda: str(int(100 * min(run.curves["target_probability"][-1].min() for run in opening_runs()))),
    "recognised": _recognised,
    "clip_here": _clip_here,
    "patches": lambda: _frequency(("cell", f"{CLIP_GRID},{CLIP_GRID}"), maps=(CLIP, RESNET56)),
    "gradient": lambda: _frequency(("tab", GRADIENT), maps=labels(networks.on_mixtures()[1:])),
    "weather": lambda: _frequency(("tab", CORRUPTIONS), maps=labels(networks.drawing_twins())),
}


def _frequency(*parameters: tuple[str, object], maps: Sequence[str]) -> str:
    return link("frequency", *(("maps", label) for label in maps), *parameters)


class Facts(dict[str, str]):
    """Facts by name, each computed once when a text names it; for `str.format_map`."""

    def __missing__(self, name: str) -> str:
        self[name] = FACTS[name]()
        return self[name]
