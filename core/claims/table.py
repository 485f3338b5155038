"""All claims, and their findings on two maps or two networks. Does not import torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from core.claims import corruptions, pictures, waves
from core.claims.finding import BY_VIEWS, MINIATURE, Claim, Finding, NamedMap, Topic, Verdict, check, has_usual_weights
from core.claims.pictures import Painted, common_judges, who_judged
from core.claims.statistics import twin_pairs
from core.claims.waves import DRAWN_SIDE
from core.classifiers.registry import network_title, result_title
from core.fourier.contrasts import mismatches
from core.pgd.drawings import count, stored_kinds
from core.pgd.pictures import (
    AFTER,
    LARGE_SIZE,
    PictureOutcomes,
    comparison_kind,
    judged_outcomes,
    on_common_starts,
    picture_outcomes,
    stored_outcomes,
)
from core.pgd.search import CELL_TITLES, COMPARED
from core.shared.roles import ROLES, networks_for

# Every claim of the three files, by key.
CLAIMS: dict[str, Claim] = {
    claim.key: claim
    for module in (waves, corruptions, pictures)
    for claim in vars(module).values()
    if isinstance(claim, Claim)
}


def findings(
    subject: NamedMap, reference: NamedMap, all_maps: Sequence[NamedMap], only: Claim | None = None
) -> tuple[Finding, ...]:
    """Return every claim about maps with its verdict, `subject` standing for CLIP and `reference` for the ResNet.

    A claim about robust twins is judged on the subject and its twin, or else on every such pair. all_maps: every
    available map, among them the twins and the map of Figure 2. only: this claim alone.
    """
    side = min(subject.heatmap.side, reference.heatmap.side, DRAWN_SIDE)
    maps = {"subject": _cropped(subject, side), "reference": _cropped(reference, side)}
    unlike = mismatches(maps["subject"].heatmap, maps["reference"].heatmap)
    for named in all_maps:
        facts = named.heatmap.metadata
        published = facts["source"]["type"] == "published" and facts["dataset"]["name"] == "imagenet100"
        if published and named.classifier == "resnet-50":
            maps.setdefault("figure_2", _cropped(named, DRAWN_SIDE))
    twins = [{"ordinary": ordinary, "robust": robust} for ordinary, robust in twin_pairs(subject, all_maps)]
    results: list[Finding] = []
    for claim in CLAIMS.values() if only is None else (only,):
        if claim.topic == Topic.PICTURES:
            continue
        if unlike and {"subject", "reference"} <= {*claim.roles}:
            results.append(Finding(claim=claim, doubts=unlike))
            continue
        cases = twins if "robust" in claim.roles else [maps]
        judged = [_on_maps(claim, case) for case in cases]
        results += [finding for finding in judged if finding.verdict != Verdict.NOT_CHECKABLE] or judged[:1]
        if not judged:
            results.append(Finding(claim=claim, doubts=(claim.missing,)))
    return tuple(results)


def _cropped(named: NamedMap, side: int) -> NamedMap:
    return replace(named, heatmap=named.heatmap.crop(side))


def _on_maps(claim: Claim, maps: Mapping[str, NamedMap]) -> Finding:
    """Check a claim on the maps of its roles."""
    if not maps.keys() >= {*claim.roles}:
        return Finding(claim=claim, doubts=(claim.missing,))
    selected = [maps[role] for role in claim.roles]
    if not selected:
        return check(claim)
    wave = claim.view.wave
    return check(
        claim,
        *selected,
        maps=tuple(named.label for named in selected),
        wave=wave(selected[0]) if callable(wave) else wave,
        networks=tuple(named.classifier for named in selected),
        names=tuple(named.name for named in selected),
        usual_weights=tuple(has_usual_weights(named.heatmap.metadata["classifier"]) for named in selected),
    )


# ---- pictures ----------------------------------------------------------------------------------------------------

# Names of the evidence by kind of pictures: of the paper's search, by views, and of both with the same steps and ball.
FILLED = {"eq3": "holes by Eq. 3", "mean_square": "holes by the mean square"}
DRAWN = {
    "blur": "drawings from blurs",
    "classless": "drawings from blurs of no class",
    "independent": "drawings from pixel noise",
}
_KINDS = {"inpainting": FILLED, "generation": DRAWN}
_KINDS_BY_VIEWS = {
    "inpainting": {comparison_kind("eq3", "views"): "holes"},
    "generation": {comparison_kind("classless", "views"): DRAWN["classless"]},
}
SEARCHED: dict[str, dict[str, str]] = {
    "drawings": {search: comparison_kind("classless", search) for search in COMPARED},
    "holes": {"pixels": "eq3", "views": comparison_kind("eq3", "views")},
}


def feature_findings(subject: str, reference: str) -> tuple[Finding, ...]:
    """Return every claim about pictures with its verdict; `subject` stands for CLIP, `reference` for the robust model.

    First the paper's claims by the paper's search and by views, then our own. Both are names of classifiers; without
    stored results of both, claims cannot be checked.
    """
    networks = {"subject": subject, "reference": reference}
    return (
        *(
            replace(_on_pictures(claim, networks, kinds), condition=condition)
            for claim in CLAIMS.values()
            if claim.section == "3.2"
            for condition, kinds in (("", _KINDS), (BY_VIEWS, _KINDS_BY_VIEWS))
        ),
        _views_of(subject),
        _large_views(),
        training_finding(),
    )


def training_finding() -> Finding:
    """Return the finding on the twins, whichever networks are chosen. Does not import scipy.stats by itself."""
    twins = networks_for("twins", *map(picture_outcomes, DRAWN | FILLED)) or ROLES["twins"][-1]
    finding = _on_pictures(pictures.training, dict(zip(("ordinary", "robust"), twins, strict=True)), _KINDS)
    doubt = "This row is always about the same two networks."
    if all(name.startswith(MINIATURE) for name in twins):
        doubt = "This row is always about the same two small networks, and proves nothing about CLIP."
    return replace(finding, doubts=(*finding.doubts, doubt), usual_weights=())


def _on_pictures(claim: Claim, networks: Mapping[str, str], kinds: Mapping[str, Mapping[str, str]]) -> Finding:
    """Check a claim on some kinds of pictures by the networks of its roles, given by role."""
    names = [networks[role] for role in claim.roles]
    missing = f"No pictures by {' or '.join(map(network_title, names))} are stored."
    painted = dict[str, list[PictureOutcomes]]()
    for kind, evidence in {kind: name for task in claim.tasks for kind, name in kinds[task].items()}.items():
        stored = picture_outcomes(kind)
        if stored.keys() >= {*names}:
            results = on_common_starts([stored[name] for name in names])
            if results is not None:
                painted[evidence] = results
    if not painted:
        return Finding(claim=claim, doubts=(missing,))
    judges = {kind: common_judges(results) for kind, results in painted.items()}
    of_roles = [
        Painted(title, {kind: results[index] for kind, results in painted.items()}, judges)
        for index, title in enumerate(_about(*names)["names"])
    ]
    return check(claim, *of_roles, missing=missing, **_about(*names))


def _about(*names: str) -> dict[str, Any]:
    """Return what a finding says of these networks: their titles, and if they have the paper's weights."""
    stored = judged_outcomes()
    facts = [stored[name].metadata["classifier"] if name in stored else {"name": name} for name in names]
    return {
        "networks": names,
        "names": tuple(map(result_title, facts)),
        "usual_weights": tuple(map(has_usual_weights, facts)),
    }


def _views_of(subject: str) -> Finding:
    """Check the claim on views by one network's pictures."""
    painted = dict[str, list[PictureOutcomes]]()
    for name, kinds in SEARCHED.items():
        stored = {search: picture_outcomes(kind) for search, kind in kinds.items()}
        if all(subject in by_name for by_name in stored.values()):
            painted[name] = [stored[search][subject] for search in ("views", "pixels")]
    if not painted:
        return Finding(claim=pictures.views, doubts=(f"No pictures by {network_title(subject)} are stored.",))
    judges = {kind: common_judges(results) for kind, results in painted.items()}
    by_views, by_paper = (
        Painted(subject, {kind: results[index] for kind, results in painted.items()}, judges) for index in (0, 1)
    )
    scores = by_views.recognised(), by_paper.recognised()
    return check(pictures.views, *scores, who_judged(by_views), **_about(subject))


def _large_views() -> Finding:
    """Check the claim on views by drawings at 224 pixels, and by the hole alone, with the first judge."""
    stored = stored_outcomes()
    by_views, by_paper = dict[str, np.ndarray](), dict[str, np.ndarray]()
    for name, mode, seen in (("drawings", "draw", AFTER), ("holes alone", "hole", "alone")):
        paper, views = stored.pair(mode)
        by_views[name], by_paper[name] = views.recognised(seen=seen), paper.recognised(seen=seen)
    counts = " and ".join(f"{len(scores)} {name}" for name, scores in by_views.items())
    doubt = (
        f"{counts}. The judge is {network_title(stored.judges[0])}, of the painter’s family, so it proves less; it is "
        "not human."
    )
    finding = check(pictures.views, by_views, by_paper, doubt, *_apart(), **_about(stored.painter))
    return replace(finding, condition=f"{LARGE_SIZE} px")


def _apart() -> tuple[str, str]:
    """Return what views and natural steps do alone, and how much the judge recognises at most."""
    drawn, papers = stored_kinds()["draw-pixels"].config, stored_kinds()["draw-pixels40"].config
    alone = ", ".join(f"{count(f'draw-{cell}')} by {CELL_TITLES[cell]}" for cell in ("natural", "plainviews"))
    return (
        f"Recognised drawings: {alone}; {count('draw-pixels40')} by the paper’s search in its own {papers['steps']} "
        f"steps of {papers['step_size']:g} and ball of {papers['epsilon']:g}, which here takes {drawn['steps']} of "
        f"{drawn['step_size']:g} and {drawn['epsilon']:g}.",
        f"Of a photograph of each word the judge recognises {count('photographs')}.",
    )
