"""Verdicts on claims about pictures: drawings and filled holes of section 3.2. Does not import torch."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from core.claims.claim import (
    BY_VIEWS,
    CLAIMS,
    MINIATURE,
    RECOGNISED,
    Claim,
    Evidence,
    Finding,
    Verdict,
    check_claim,
    has_usual_weights,
    require,
)
from core.classifiers.registry import network_title
from core.fourier.contrasts import mcnemar
from core.pgd.drawings import count, stored_kinds
from core.pgd.methods import COMPARED, METHODS, MethodName
from core.pgd.pictures import (
    BEFORE,
    LARGE_SIZE,
    PictureOutcomes,
    comparison_kind,
    judged_outcomes,
    on_common_starts,
    picture_outcomes,
    stored_outcomes,
)
from core.pgd.record import SURE
from core.pgd.settings import Task
from core.shared.numbers import Interval, paired_interval, student, wilson
from core.shared.roles import ROLES, networks_for

# Names of the evidence by kind of pictures: of the paper's method, by views, and of both with the same steps and ball.
FILLED = {"eq3": "holes by Eq. 3", "mean_square": "holes by the mean square"}
_DRAWN = {
    "blur": "drawings from blurs",
    "classless": "drawings from blurs of no class",
    "independent": "drawings from pixel noise",
}
_FILLED_BY_VIEWS = {comparison_kind("eq3", "views"): "holes"}
_DRAWN_BY_VIEWS = {comparison_kind("classless", "views"): _DRAWN["classless"]}
_KINDS = {"filled": FILLED, "drawn": _DRAWN, "both": FILLED | _DRAWN}
_KINDS_BY_VIEWS = {"filled": _FILLED_BY_VIEWS, "drawn": _DRAWN_BY_VIEWS, "both": _FILLED_BY_VIEWS | _DRAWN_BY_VIEWS}
COMPARED_KINDS: dict[str, dict[str, str]] = {
    "drawings": {method: comparison_kind("classless", method) for method in COMPARED},
    "holes": {"paper": "eq3", "views": comparison_kind("eq3", "views")},
}
# Evidence at 224 pixels: its name, its task, and what the judge sees.
_LARGE: tuple[tuple[str, Task, str], ...] = (
    ("drawings", "generation", "result"),
    ("holes alone", "inpainting", "alone"),
)
_MIN_LOSS = 1e-7  # float32 rounds a cross-entropy below it to zero


@dataclass(frozen=True)
class Measure:
    """A number of each picture, NaN where it does not count, and its mean with an interval.

    of: takes the pictures and the place of a judge, which counts only if `judged`.
    """

    of: Callable[[PictureOutcomes, int], np.ndarray]
    mean: Callable[[np.ndarray], Interval]
    unit: str
    judged: bool = False


def _share(scores: np.ndarray) -> Interval:
    return wilson(scores.mean(), len(scores)).item()


def _paired(differences: np.ndarray) -> Interval:
    return paired_interval(differences).item()


# Numbers of pictures that may stand as lhs or rhs, by the words that follow whose they are.
MEASURES = {
    "orders": Measure(
        lambda painted, _: np.log10(painted.pictures["loss_before"] / painted.pictures["loss_after"].clip(_MIN_LOSS)),
        student,
        "orders",
    ),
    "corrected": Measure(
        lambda painted, _: np.where(painted.pictures["was_target"] == 0, painted.pictures["is_target"], np.nan),
        _share,
        "error",
    ),
    "sure": Measure(
        lambda painted, _: (painted.pictures["probability_after"] >= SURE).astype(np.float64), _share, "error"
    ),
    "change": Measure(lambda painted, _: painted.pictures["change_inside"], student, "levels"),
    "change until confident": Measure(
        lambda painted, _: np.where(painted.pictures["sure_step"] > 0, painted.pictures["sure_change"], np.nan),
        student,
        "levels",
    ),
    "recognised": Measure(lambda painted, judge: painted.recognised(judge), _paired, "points", judged=True),
    "recognised before": Measure(
        lambda painted, judge: painted.recognised(judge, seen=BEFORE), _paired, "points", judged=True
    ),
}


def _pictures_of(kinds: Mapping[str, str], networks: Mapping[str, str]) -> dict[str, dict[str, PictureOutcomes]]:
    """Return the pictures that all these networks painted from the same starts, by evidence and whose they are."""
    pictures: dict[str, dict[str, PictureOutcomes]] = {}
    for kind, evidence in kinds.items():
        stored = picture_outcomes(kind)
        if stored.keys() >= {*networks.values()}:
            results = on_common_starts([stored[name] for name in networks.values()])
            if results is not None:
                pictures[evidence] = dict(zip(networks, results, strict=True))
    return pictures


def _judges_of(painted: Iterable[PictureOutcomes]) -> dict[int, str]:
    """Return the judges of all pictures: their places, and a note for their numbers."""
    notes, painted = ("", ", second judge"), list(painted)
    names = {place: {results.judges[place : place + 1] for results in painted} for place in range(len(notes))}
    return {place: notes[place] for place, same in names.items() if len(same) == 1 and same != {()}}


def feature_findings(subject: str, reference: str) -> tuple[Finding, ...]:
    """Return every claim of section 3.2 with its verdict; `subject` stands for CLIP, `reference` for the robust model.

    First the paper's claims by the paper's method and by views, then our own. Both are names of classifiers; without
    stored results of both, claims cannot be checked.
    """
    stored, findings = judged_outcomes(), list[Finding]()
    networks = {"subject": subject, "reference": reference}
    usual = [
        name not in stored or has_usual_weights(stored[name].metadata["classifier"]) for name in (subject, reference)
    ]

    def judge(claim: Claim, condition: str, check: Callable[..., Finding], *arguments: Any) -> None:
        finding = replace(check_claim(claim, check, *arguments), condition=condition)
        if finding.verdict != Verdict.NOT_CHECKABLE and not finding.networks:
            of_claim = claim.networks(subject, reference)
            finding = replace(finding, networks=of_claim, usual_weights=claim.networks(*usual))
        findings.append(finding)

    for claim in CLAIMS.values():
        if claim.section == "3.2":
            judge(claim, "", _of_kinds, _KINDS[claim.pictures], networks)
            judge(claim, BY_VIEWS, _of_kinds, _KINDS_BY_VIEWS[claim.pictures], networks)
    judge(CLAIMS["views"], "", _by_views, subject)
    judge(CLAIMS["views"], f"{LARGE_SIZE} px", _large_views)
    return (*findings, training_finding())


def training_finding() -> Finding:
    """Return the finding on the twins, whichever networks are chosen. Does not import scipy.stats by itself."""
    return check_claim(CLAIMS["training"], _training)


def _of_kinds(claim: Claim, kinds: Mapping[str, str], networks: Mapping[str, str]) -> Finding:
    """Judge a claim on some kinds of pictures by the networks that it names, given by whose they are."""
    named = {whose: name for whose, name in networks.items() if whose in claim.whose}
    return _of_pictures(claim, _pictures_of(kinds, named), *named.values())


def _by_views(claim: Claim, subject: str) -> Finding:
    """Judge a network's pictures by views and by the paper's method."""
    pictures: dict[str, dict[str, PictureOutcomes]] = {}
    for name, kinds in COMPARED_KINDS.items():
        stored = {method: picture_outcomes(kind) for method, kind in kinds.items()}
        if all(subject in by_name for by_name in stored.values()):
            pictures[name] = {method: by_name[subject] for method, by_name in stored.items()}
    return _of_pictures(claim, pictures, subject)


def _large_views(claim: Claim) -> Finding:
    """Judge the claim on drawings at 224 pixels, and for the hole alone, by the first judge's top-1 prediction."""
    stored = stored_outcomes()
    scores = {
        name: [(views.recognised(seen=seen), papers.recognised(seen=seen))]
        for name, task, seen in _LARGE
        for papers, views in (stored.pair(task),)
    }
    counts = " and ".join(f"{len(first)} {name}" for name, [(first, _)] in scores.items())
    kin = ", of the painter’s family, so it proves less; it is not human."
    doubt = f"{counts}. The judge is {network_title(stored.judges[0])}{kin}"
    return replace(_of_scores(claim, scores, doubt, *_apart()), networks=(stored.painter,))


def _apart() -> tuple[str, str]:
    """Return what each ingredient of the method does alone, and what the judge recognises at most."""
    drawn, papers = stored_kinds()["draw-paper"].config, stored_kinds()["draw-paper40"].config
    apart: tuple[MethodName, ...] = ("strokes", "views_only")
    alone = ", ".join(f"{count(f'draw-{method}')} by {METHODS[method].caption}" for method in apart)
    return (
        f"Recognised drawings: {alone}; {count('draw-paper40')} by the paper’s method in its own {papers['steps']} "
        f"steps of {papers['step_size']:g} and ball of {papers['epsilon']:g}, which here takes {drawn['steps']} of "
        f"{drawn['step_size']:g} and {drawn['epsilon']:g}.",
        f"Of a photograph of each word the judge recognises {count('photographs')}.",
    )


def _training(claim: Claim) -> Finding:
    twins = networks_for("twins", *map(picture_outcomes, _DRAWN | FILLED)) or ROLES["twins"][-1]
    finding = _of_kinds(claim, _DRAWN | FILLED, dict(zip(("ordinary", "robust"), twins, strict=True)))
    doubt = "This row is always about the same two networks."
    if all(name.startswith(MINIATURE) for name in twins):
        doubt = "This row is always about the same two small networks, and proves nothing about CLIP."
    return replace(finding, doubts=(*finding.doubts, doubt), networks=twins[::-1])


def _of_pictures(claim: Claim, pictures: Mapping[str, Mapping[str, PictureOutcomes]], *networks: str) -> Finding:
    """Judge a claim on pictures, given by kind and whose they are: every kind, and every judge of it, is a part."""
    nothing = f"No pictures by {' or '.join(map(network_title, networks))} are stored."
    require(pictures or None, nothing)
    terms = [(lhs, *claim.rhs[place : place + 1]) for place, lhs in enumerate(claim.lhs)]
    judged = all(_measure(term).judged for pair in terms for term in pair)
    scores = {
        name + remark: [tuple(_measure(term).of(painted[term.split()[0]], judge) for term in pair) for pair in terms]
        for name, painted in pictures.items()
        for judge, remark in (_judges_of(painted.values()) if judged else {0: ""}).items()
    }
    if not judged:
        return _of_scores(claim, scores, nothing=nothing)
    every = [painted for of_kind in pictures.values() for painted in of_kind.values()]
    doubt = _who_judged(every) if claim.sign[0] else ""
    return _of_scores(claim, scores, doubt, nothing="No network has judged what both painted.")


def _measure(term: str) -> Measure:
    return MEASURES[term.partition(" ")[2]]


def _of_scores(
    claim: Claim, scores: Mapping[str, Sequence[tuple[np.ndarray, ...]]], *doubts: str, nothing: str = ""
) -> Finding:
    """Judge pictures: each kind of them, by each judge, is a part of each difference of the claim.

    scores: by kind, for each difference its lhs and rhs, if any: (n,), with NaN for pictures that do not count.
    """
    evidence, remarks, parts = list[Evidence](), list(filter(None, (*doubts, claim.doubt))), list[bool | None]()
    for place, name in enumerate(claim.evidence if len(claim.lhs) > 1 else [""]):
        compared = _compare(claim, place, {kind: terms[place] for kind, terms in scores.items()})
        is_judged = claim.judged is None or place < claim.judged
        if is_judged:
            require(compared or None, nothing)
        evidence += _evidence_of(claim, place, name, compared)
        if is_judged:
            parts += [claim.supported_by(part.mean, place) for part in compared.values()]
        if not all(part.counted.all() for part in compared.values()):
            numbers = " and ".join(f"{part.counted.sum()} of {len(part.counted)}" for part in compared.values())
            remarks.insert(0, f"Pictures counted{name and f', {name}'}: {numbers}.")
        gained = dict.fromkeys(kind.partition(", ")[0] for kind, part in compared.items() if part.mean.low > 0)
        if claim.sign[place] == 0 and gained:
            remarks.append(f"Another network recognises more {' and '.join(gained)}; people may not see the gain.")
    kind = next(iter(scores))
    return Finding(claim, Verdict.of_parts(parts), tuple(evidence), tuple(remarks), parts=tuple(parts), kind=kind)


@dataclass(frozen=True, eq=False)
class _Compared:
    """Pictures of one kind: (n,) lhs and rhs, if any; which of them count; and the mean of lhs minus rhs over these."""

    terms: tuple[np.ndarray, ...]
    counted: np.ndarray
    mean: Interval


def _compare(claim: Claim, place: int, terms_of: Mapping[str, tuple[np.ndarray, ...]]) -> dict[str, _Compared]:
    """Return a difference of a claim by kind of pictures, without kinds of too few pictures for an interval."""
    compared = dict[str, _Compared]()
    for kind, terms in terms_of.items():
        values = terms[0] - terms[1] if claim.rhs else terms[0]
        counted = ~np.isnan(values)
        if counted.sum() >= (2 if claim.rhs else 1):
            compared[kind] = _Compared(terms, counted, _measure(claim.lhs[place]).mean(values[counted]))
    return compared


def _evidence_of(claim: Claim, place: int, name: str, compared: Mapping[str, _Compared]) -> list[Evidence]:
    """Return a difference as evidence, and the numbers of both networks where it is between two.

    Where another network is claimed to recognise more, the evidence ends with the largest of McNemar's exact p values.
    """
    unit, rhs = _measure(claim.lhs[place]).unit, claim.rhs[place] if claim.rhs else ""
    sides = [term.split()[0] for term in (claim.lhs[place], rhs) if term]
    more = unit == "points" and claim.sign[place] > 0
    evidence = list[Evidence]()
    for kind, part in compared.items():
        what = f"{name}, {kind}" if name else kind
        first = part is next(iter(compared.values()))  # the one with bars
        if not rhs:
            evidence.append(Evidence(what, part.mean, unit, bar=sides[0] * first))
            continue
        mean, single = (_share, "error") if unit == "points" else (student, "level")
        means = [mean(term[part.counted]) for term in part.terms]
        signs = RECOGNISED if more else None
        evidence.append(Evidence(what, part.mean, unit, (means[0].value, means[1].value), sign_words=signs))
        of_one = sides[0] == sides[1]
        names = ["at the end", "at the start"] if of_one else [_OF[side] for side in sides]
        for k, own in enumerate(names):
            label = own if of_one or own.startswith("by ") else sides[k]
            labelled = first and (not place or of_one and k)  # of further differences, the start alone
            evidence.append(Evidence(own, means[k], single, bar=label if labelled else ""))
    if more:
        differences = [part.terms[0] - part.terms[1] for part in compared.values()]
        p = max(float(mcnemar((part > 0).sum(), (part < 0).sum())) for part in differences)
        evidence.append(Evidence("largest p", Interval.exact(p), "p"))
    return evidence


# Names of a number by whose it is.
_OF = {
    "subject": "the subject’s",
    "reference": "the reference’s",
    "robust": "the robust twin’s",
    "ordinary": "the ordinary twin’s",
    "views": "by views",
    "paper": "by the paper’s method",
}


def _who_judged(painted: Sequence[PictureOutcomes]) -> str:
    first = painted[0]
    names = [network_title(first.judges[place]) for place in _judges_of(painted)]
    judges = f"The judge is {''.join(names)}; it is not"
    if len(names) > 1:
        judges = f"The judges are {' and '.join(names)}, of another family; neither is"
    return f"{judges} human. Each kind has {first.n} pictures."
