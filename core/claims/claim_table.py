"""All claims, and their findings on two maps or two networks. Does not import torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import ModuleType

from core.claims import corruption_claims, picture_claims, wave_claims
from core.claims.finding import BY_VIEWS, MINIATURE, Claim, Finding, NamedMap, Topic, check, has_usual_weights
from core.claims.picture_claims import Painted, common_judges
from core.claims.statistics import twin_pairs
from core.claims.verdict import Verdict
from core.claims.wave_claims import DRAWN_SIZE
from core.classifiers.registry import network_title, result_title
from core.fourier.contrasts import mismatches
from core.pgd.drawings import count, stored_kinds
from core.pgd.methods import METHODS, MethodName
from core.pgd.picture_outcomes import (
    AFTER,
    LARGE_SIZE,
    PictureOutcomes,
    comparison_kind,
    judged_outcomes,
    on_common_starts,
    picture_outcomes,
    rank_column,
    stored_outcomes,
)
from core.pgd.settings import Task
from core.shared import paper
from core.shared.numbers import decimal, percent
from core.shared.roles import ROLES, networks_for


def claims_by_key(*modules: ModuleType) -> dict[str, Claim]:
    """Return every claim of some modules by its key.

    Raises:
        ValueError: two claims have the same name; only one of them would be shown.
    """
    claims: dict[str, Claim] = {}
    for claim in (member for module in modules for member in vars(module).values() if isinstance(member, Claim)):
        if claims.setdefault(claim.key, claim) is not claim:
            raise ValueError(f"two claims are called {claim.key!r}; rename one of the functions")
    return claims


CLAIMS = claims_by_key(wave_claims, corruption_claims, picture_claims)


def findings(
    subject: NamedMap, reference: NamedMap, all_maps: Sequence[NamedMap], only: Claim | None = None
) -> tuple[Finding, ...]:
    """Return every claim about maps with its verdict, `subject` standing for CLIP and `reference` for the ResNet.

    A claim about robust twins is judged on the subject and its twin, or else on every such pair. all_maps: every
    available map, among them the twins and the map of Figure 2. only: this claim alone.
    """
    if subject.name == reference.name:  # or sentences would name both alike
        subject, reference = (replace(named, name=named.label) for named in (subject, reference))
    size = min(subject.heatmap.size, reference.heatmap.size, DRAWN_SIZE)
    maps = {"subject": _cropped(subject, size), "reference": _cropped(reference, size)}
    unlike = _unlike(maps["subject"], maps["reference"])
    for named in all_maps:
        facts = named.heatmap.metadata
        published = facts["source"]["type"] == "published" and facts["dataset"]["name"] == "imagenet100"
        if published and named.classifier == "resnet-50":
            maps.setdefault("figure_2", _cropped(named, DRAWN_SIZE))
    twins = [{"ordinary": ordinary, "robust": robust} for ordinary, robust in twin_pairs(subject, all_maps)]
    results: list[Finding] = []
    for claim in CLAIMS.values() if only is None else (only,):
        if claim.topic == Topic.PICTURES:
            continue
        needed = {*claim.roles} - {*claim.optional}
        if unlike and {"subject", "reference"} <= needed:
            results.append(Finding(claim=claim, doubts=unlike))
            continue
        known = {role: named for role, named in maps.items() if not (unlike and role in claim.optional)}
        cases = twins if "robust" in claim.roles else [known]
        judged = [_on_maps(claim, case) for case in cases] or [Finding(claim=claim, doubts=(claim.why_missing,))]
        results += [finding for finding in judged if finding.verdict != Verdict.NOT_CHECKABLE] or judged[:1]
    return tuple(results)


def _unlike(subject: NamedMap, reference: NamedMap) -> tuple[str, ...]:
    """Return why two maps cannot be compared, one sentence each; empty if they can."""
    if subject.classifier == reference.classifier and subject.has_weights_of(reference.heatmap.metadata):
        return ("Both maps are of one network, and the claim compares two.",)
    return mismatches(subject.heatmap, reference.heatmap)


def _cropped(named: NamedMap, size: int) -> NamedMap:
    return replace(named, heatmap=named.heatmap.crop(size))


def _on_maps(claim: Claim, maps: Mapping[str, NamedMap]) -> Finding:
    """Check a claim on the maps of its roles."""
    if not maps.keys() >= {*claim.roles} - {*claim.optional}:
        return Finding(claim=claim, doubts=(claim.why_missing,))
    selected = [maps[role] for role in claim.roles if role in maps]
    if not selected:
        return check(claim)
    wave, in_order = claim.display.wave, sorted(selected, key=lambda named: named is maps.get("reference"))
    finding = check(
        claim,
        *selected,
        maps=tuple(named.label for named in in_order),
        wave=wave(selected[0]) if callable(wave) else wave,
        networks=tuple(named.classifier for named in selected),
        names=tuple(named.name for named in selected),
        usual_weights=tuple(has_usual_weights(named.heatmap.metadata["classifier"]) for named in selected),
    )
    origins = {_unknown_origin(named) for named in selected if finding.parts} - {""}
    return replace(finding, doubts=(*finding.doubts, *origins))


def _unknown_origin(named: NamedMap) -> str:
    """Return the doubt about the code of the paper's map of CLIP, a sentence; empty for any other map."""
    heatmap, middle = named.heatmap, named.heatmap.size // 2
    source = heatmap.metadata["source"]
    if source["type"] != "published" or named.classifier != paper.CLIP_NAME:
        return ""
    # Both logs are in the authors' repository at commit b97de37; the map's metadata names them.
    here = percent(heatmap.rate()[middle, middle])
    return (
        "We don’t know which code made CLIP’s map: an earlier log of the authors with the same options "
        f"(nohup_out_clip) has 79.4% error at the wave (0, 0), this map {here}."
    )


# ---- pictures ----------------------------------------------------------------------------------------------------

# Names of the evidence by kind of pictures: of the paper's method, by views, and of both with the same steps and ball.
FILLED = {"eq3": "holes by the paper’s loss", "mean_square": "holes by the mean square"}
DRAWN = {
    "blur": "drawings from blurs",
    "classless": "drawings from blurs of no class",
    "independent": "drawings from pixel noise",
}
_KINDS = {
    "": {"inpainting": FILLED, "generation": DRAWN},
    BY_VIEWS: {
        "inpainting": {comparison_kind("eq3", "views"): "holes"},
        "generation": {comparison_kind("classless", "views"): DRAWN["classless"]},
    },
}
# Kinds of one network's pictures by views and by the paper's method, with the same steps and ball.
_COMPARED = {
    "drawings": (comparison_kind("classless", "views"), comparison_kind("classless", "paper")),
    "holes": (comparison_kind("eq3", "views"), "eq3"),
}


def feature_findings(subject: str, reference: str) -> tuple[Finding, ...]:
    """Return every claim about pictures with its verdict; `subject` stands for CLIP, `reference` for the robust model.

    Both are names of classifiers. A claim on them is judged by the paper's method and by views.
    """
    results = list[Finding]()
    for claim in CLAIMS.values():
        if claim.topic != Topic.PICTURES:
            continue
        if "robust" in claim.roles:
            results.append(training_finding(claim))
        elif "by_views" in claim.roles:
            kinds = {group: [(name, subject) for name in names] for group, names in _COMPARED.items()}
            results += [_on_pictures(claim, kinds), _on_large_pictures(claim)]
        else:
            networks = {"subject": subject, "reference": reference}
            results += [
                replace(_on_pictures(claim, _by_task(claim, networks, condition)), condition=condition)
                for condition in _KINDS
            ]
    return tuple(results)


def training_finding(claim: Claim = picture_claims.training) -> Finding:
    """Return the finding on the twins, whichever networks are chosen. Does not import scipy.stats by itself."""
    ordinary, robust = networks_for("twins", *map(picture_outcomes, DRAWN | FILLED)) or ROLES["twins"][-1]
    finding = _on_pictures(claim, _by_task(claim, {"ordinary": ordinary, "robust": robust}))
    doubt = "This row is always about the same two networks, whichever you choose."
    if ordinary.startswith(MINIATURE) and robust.startswith(MINIATURE):
        doubt = "This row is always about the same two small networks, and proves nothing about CLIP."
    return replace(finding, doubts=(*finding.doubts, doubt))


# Top-1 on ImageNet's validation set: TensorFlow's README of EfficientNet-Lite, 2020.
_PUBLISHED_TOP1 = {"efficientnet-lite0": 0.751, "efficientnet-lite1": 0.767, "efficientnet-lite2": 0.776}
Kinds = Mapping[str, Sequence[tuple[str, str]]]  # by group: name in `picture_outcomes`, and network, of each role


def _by_task(claim: Claim, networks: Mapping[str, str], condition: str = "") -> Kinds:
    """Return the kinds of pictures of a claim's tasks, by the networks of its roles."""
    kinds = [pair for task in claim.tasks for pair in _KINDS[condition][task].items()]
    return {group: [(name, networks[role]) for role in claim.roles] for name, group in kinds}


def _on_pictures(claim: Claim, kinds: Kinds) -> Finding:
    """Check a claim on the kinds of pictures that all networks painted from the same starts."""
    names = tuple(name for _, name in next(iter(kinds.values())))
    painted = dict[str, list[PictureOutcomes]]()
    for group, sources in kinds.items():
        stored = [picture_outcomes(name).get(network) for name, network in sources]
        results = on_common_starts([outcomes for outcomes in stored if outcomes is not None])
        if results is not None and None not in stored:
            painted[group] = results
    missing = f"No pictures by {' or '.join(map(network_title, dict.fromkeys(names)))} are stored."
    return _of_painted(claim, names, painted, missing) if painted else Finding(claim=claim, doubts=(missing,))


def _of_painted(
    claim: Claim, names: Sequence[str], painted: Mapping[str, Sequence[PictureOutcomes]], missing: str = ""
) -> Finding:
    """Check a claim on pictures, given by group and then for each role."""
    stored = judged_outcomes()
    facts = [stored[name].metadata["classifier"] if name in stored else {"name": name} for name in names]
    judges = {group: common_judges(results) for group, results in painted.items()}
    of_roles = [
        Painted(result_title(classifier), {group: results[index] for group, results in painted.items()}, judges)
        for index, classifier in enumerate(facts)
    ]
    distinct = slice(1 if "by_views" in claim.roles else None)  # both sides are its pictures
    return check(
        claim,
        *of_roles,
        missing=missing,
        networks=tuple(names[distinct]),
        names=tuple(painted.name for painted in of_roles[distinct]),
        usual_weights=tuple(map(has_usual_weights, facts[distinct])),
    )


def _on_large_pictures(claim: Claim) -> Finding:
    """Check a claim on both methods by drawings at 224 pixels, and by the hole alone, with the first judge."""
    stored, painted = stored_outcomes(), dict[str, list[PictureOutcomes]]()
    large: tuple[tuple[str, Task, str], ...] = (
        ("drawings", "generation", AFTER),
        ("holes alone", "inpainting", "alone"),
    )
    for group, task, seen in large:
        painted[group] = [
            replace(
                outcomes, judges=outcomes.judges[:1], pictures={rank_column(0): outcomes.pictures[rank_column(0, seen)]}
            )
            for outcomes in stored.pair(task)[::-1]
        ]
    counts = " and ".join(f"{by_views.n} {group}" for group, (by_views, _) in painted.items())
    judge = (
        f"The judge, {network_title(stored.judges[0])}, belongs to the same family as the painter, "
        f"{network_title(stored.painter)}, so its answers prove less. It isn’t human."
    )
    finding = _of_painted(claim, (stored.painter,) * 2, painted)
    return replace(finding, condition=f"{LARGE_SIZE} px", doubts=(f"{counts}. {judge}", *_apart()))


def _apart() -> tuple[str, ...]:
    """Return what views and natural strokes do alone, and how much the judge recognises at most."""
    stored, drawn = stored_kinds(), stored_kinds()["draw-paper"].config
    notebooks = stored["draw-paper40"].config
    apart: tuple[MethodName, ...] = ("strokes", "views_only")
    alone = ", ".join(f"{count(f'draw-{method}')} by {METHODS[method].caption}" for method in apart)
    return (
        f"Recognised drawings: {alone}; {count('draw-paper40')} by the paper’s method in {notebooks['steps']} steps of "
        f"{notebooks['step_size']:g} and a ball of {notebooks['epsilon']:g}, where the others take {drawn['steps']} of "
        f"{drawn['step_size']:g} and {drawn['epsilon']:g}. The paper states that ball but no steps: those are of the "
        "notebook that it names.",
        f"Of a photo of each word the judge recognises {count('photographs')}.",
        judge_knew_photos(),
    )


def judge_knew_photos() -> str:
    """Say that the judge does better on our photos than it should: it was probably trained on them."""
    stored = stored_kinds()["photographs"]
    judge, right = stored_outcomes().judges[0], stored.recognised()
    return (
        f"{network_title(judge)} gets {decimal(100 * right.mean())}% of our {len(right):,} photos right; its published "
        f"score is {decimal(100 * _PUBLISHED_TOP1[judge])}%. They were probably among its training pictures."
    )
