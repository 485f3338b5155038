"""The claims of the paper's section 3.2, put to what two networks drew and filled from the same starts.

Like the checks of maps, none knows which networks it is about; but the last row, which is about one pair of twins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from core.claims.finding import CLAIMS, Claim, Evidence, Finding, NotCheckable, Verdict, judged, needed
from core.fourier.intervals import Measured, paired_interval, student, wilson
from core.fourier.maps.contrasts import mcnemar
from core.runs.file import SURE
from core.runs.painted import Painted, stored_painted
from core.runs.stored import TWINS

DRAWN = {"blur": "from blurs", "classless": "from blurs of no class", "independent": "from pixel noise"}
FILLED = {"eq3": "Eq. 3", "mean_square": "mean square"}
ORDERS = 4  # of magnitude, by which a loss "decreased from 3.8 to 2e-4", rounded down
LEAST_LOSS = 1e-7  # float32 rounds a cross-entropy below it to zero


def feature_findings(subject: str, reference: str) -> tuple[Finding, ...]:
    """Every claim of section 3.2 with its verdict on `subject`, in the place of CLIP, and `reference`, the robust one.

    Both are names of classifiers; where nothing is stored of one, its claims cannot be checked.
    """
    both = subject, reference
    return tuple(one for key, check in FEATURES.items() for one in judged(CLAIMS[key], check, *both, networks=both))


def training_finding() -> Finding:
    """The row of the twins, whichever networks are chosen; by itself it does not import scipy."""
    return judged(CLAIMS["training"], _training)[0]


def _stored(kinds: dict[str, str], *names: str) -> dict[str, list[Painted]]:
    """What is stored of all of these networks, by what its evidence is called."""
    by_words = {words: stored_painted(kind) for kind, words in kinds.items()}
    found = {words: [by[name] for name in names] for words, by in by_words.items() if by.keys() >= {*names}}
    return needed(found or None, _nothing(*names))


def _nothing(*names: str) -> str:
    return f"Nothing is stored of what {' or '.join(names)} painted."


def _finding(
    claim: Claim, found: dict[str, Measured], holds: Callable[[Measured], bool], unit: str, *doubts: str
) -> Finding:
    """Of a claim of as many parts as numbers were found."""
    evidence = tuple(Evidence(words, one, unit) for words, one in found.items())
    return Finding(claim, Verdict.of_parts([holds(one) for one in found.values()]), evidence, doubts)


def _losses(claim: Claim, subject: str, reference: str) -> Finding:
    """Holds where every mean fall is by four orders of magnitude or more, beyond its interval."""
    found = {
        words: student(np.log10(one.pictures["loss_before"] / one.pictures["loss_after"].clip(LEAST_LOSS)))
        for words, (one,) in _stored(FILLED | DRAWN, subject).items()
    }
    return _finding(claim, found, lambda one: one.low >= ORDERS, "orders")


def _squiggles(claim: Claim, subject: str, reference: str) -> Finding:
    """Holds where the subject needs less change than the reference, by either penalty."""
    evidence, parts, left_out = list[Evidence](), [], []
    for words, pair in _stored(FILLED, subject, reference).items():
        both = pair[0].sure_later() & pair[1].sure_later()
        if both.sum() < 2:
            continue
        needs = [one.pictures["sure_change"][both] for one in pair]
        found = student(needs[0] - needs[1])
        parts.append(found.high < 0)
        left_out.append(f"{int(both.sum())} of {len(both)}")
        first, second = (float(one.mean()) for one in needs)
        evidence += [
            Evidence(f"{words}: difference", found, "levels", (first, second)),
            Evidence("means", Measured.exact(first), "level"),
            Evidence("and", Measured.exact(second), "level"),
        ]
    if not parts:
        raise NotCheckable(_nothing(subject, reference))
    doubt = f"Of {' and '.join(left_out)} pictures. A change that is small need not be invisible, nor a large one seen."
    return Finding(claim, Verdict.of_parts(parts), tuple(evidence), (doubt,))


def _corrected(claim: Claim, subject: str, reference: str) -> Finding:
    """Holds where more than half of what it got wrong ends right, beyond the interval."""
    ends = {
        words: one.pictures["target_share"][one.pictures["own_before"] == 0]
        for words, (one,) in _stored(FILLED, subject).items()
    }
    found = {words: wilson(right.mean(), len(right)).one() for words, right in ends.items() if len(right)}
    counts = " and ".join(str(len(right)) for right in ends.values() if len(right))
    found = needed(found or None, _nothing(subject))
    return _finding(claim, found, lambda one: one.low > 0.5, "error", f"Of {counts} pictures.")


def _likely(claim: Claim, subject: str, reference: str) -> Finding:
    """Holds where it is sure of more than half of its drawings, beyond the interval."""
    found = {
        words: wilson((one.pictures["probability_after"] >= SURE).mean(), one.n).one()
        for words, (one,) in _stored(DRAWN, subject).items()
    }
    return _finding(claim, found, lambda one: one.low > 0.5, "error")


def _training(claim: Claim, *chosen: str) -> Finding:
    found = _recognised_more(claim, DRAWN | FILLED, *TWINS)
    doubt = "Two small networks, whichever are chosen above; no proof about CLIP."
    return replace(found, doubts=(*found.doubts, doubt), networks=TWINS[::-1])


def _recognised_more(claim: Claim, kinds: dict[str, str], subject: str, reference: str) -> Finding:
    """Holds where each judge recognises the reference's results more often, whatever they began with.

    Compared picture by picture, with the largest of McNemar's exact p values.
    """
    stored, found, ps = _stored(kinds, subject, reference), dict[str, Measured](), []
    for words, (mine, robust) in stored.items():
        for judge, told in _judges(mine, robust).items():
            scores = robust.pictures[f"{judge}_share_after"] - mine.pictures[f"{judge}_share_after"]
            ps.append(float(mcnemar((scores > 0).sum(), (scores < 0).sum())))
            found[words + told] = paired_interval(scores).one()
    who = _who_judged(*(one for pair in stored.values() for one in pair))
    made = _finding(claim, found, lambda one: one.low > 0, "points", who)
    return replace(made, evidence=(*made.evidence, Evidence("largest p", Measured.exact(max(ps)), "p")))


def _sampled(claim: Claim, subject: str, reference: str) -> Finding:
    """Holds where no judge recognises more in the results than in the starts."""
    found, gained = dict[str, Measured](), []
    for words, (one,) in _stored(DRAWN, subject).items():
        scores = {
            words + told: one.pictures[f"{judge}_share_after"] - one.pictures[f"{judge}_share_before"]
            for judge, told in _judges(one).items()
        }
        found |= {name: paired_interval(each).one() for name, each in scores.items()}
        if any(found[name].low > 0 for name in scores):
            gained.append(words)
    doubts = [f"What is gained {' and '.join(gained)} can be hard to see: another network reads it."] if gained else []
    return _finding(claim, found, lambda one: one.low <= 0, "points", *doubts)


def _judges(*painted: Painted) -> dict[str, str]:
    """Who has judged all of them, and what is said of it beside the words of a number."""
    return {"judge": ""} | ({"third": ", other judge"} if all(one.third for one in painted) else {})


def _who_judged(*painted: Painted) -> str:
    first = painted[0]
    if "third" in _judges(*painted):
        judges = f"The judges are {first.judge} and {first.third}, of another family; neither is human."
    else:
        judges = f"The judge is {first.judge}; it is no human."
    return f"{judges} {first.n} pictures each."


# By the claims' keys, in the order of the table: what makes a finding of a claim, the subject and the reference.
FEATURES: dict[str, Callable[[Claim, str, str], Finding]] = {
    "losses": _losses,
    "squiggles": _squiggles,
    "corrected": _corrected,
    "plausible": lambda claim, *chosen: _recognised_more(claim, FILLED, *chosen),
    "likely": _likely,
    "displayed": lambda claim, *chosen: _recognised_more(claim, DRAWN, *chosen),
    "sampled": _sampled,
    "training": _training,
}
