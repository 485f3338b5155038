"""The claims of the paper's section 3.2, put to what two networks drew and filled from the same starts.

Like the checks of maps, none knows which networks it is about; but the last row, which is about one pair of twins.
"""

from __future__ import annotations

import math

import numpy as np

from core.claims import said
from core.claims.finding import Claim, Evidence, Finding, Verdict
from core.fourier.intervals import Measured, paired_interval, student, wilson
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
    return (
        _losses(subject),
        _squiggles(subject, reference),
        _corrected(subject),
        _plausible(said.PLAUSIBLE, FILLED, subject, reference),
        _likely(subject),
        _plausible(said.DISPLAYED, DRAWN, subject, reference),
        _sampled(subject),
        training_finding(),
    )


def _stored(kinds: dict[str, str], name: str) -> dict[str, Painted]:
    """What is stored of one network, by what its evidence is called."""
    return {words: by[name] for kind, words in kinds.items() if name in (by := stored_painted(kind))}


def _unknown(claim: Claim, *names: str) -> Finding:
    return Finding(claim, Verdict.NOT_CHECKABLE, doubts=(f"Nothing is stored of what {' or '.join(names)} painted.",))


def _of(parts: list[bool]) -> Verdict:
    return Verdict.of_share(sum(parts) / len(parts))


def _losses(name: str) -> Finding:
    """Holds where every mean fall is by four orders of magnitude or more, beyond its interval."""
    found = {
        words: student(np.log10(one.pictures["loss_before"] / one.pictures["loss_after"].clip(LEAST_LOSS)))
        for words, one in _stored(FILLED | DRAWN, name).items()
    }
    if not found:
        return _unknown(said.LOSSES, name)
    evidence = tuple(Evidence(words, one, "orders") for words, one in found.items())
    return Finding(said.LOSSES, _of([one.low >= ORDERS for one in found.values()]), evidence)


def _squiggles(subject: str, reference: str) -> Finding:
    """Holds where the subject needs less change than the reference, by either penalty."""
    evidence, parts, left_out = [], [], []
    mine, robust = _stored(FILLED, subject), _stored(FILLED, reference)
    for words in (words for words in mine if words in robust):
        both = mine[words].sure_later() & robust[words].sure_later()
        if both.sum() < 2:
            continue
        needed = [one[words].pictures["sure_change"][both] for one in (mine, robust)]
        found = student(needed[0] - needed[1])
        parts.append(found.high < 0)
        left_out.append(f"{int(both.sum())} of {len(both)}")
        medians = [Measured.exact(float(np.median(one))) for one in needed]
        evidence += [
            Evidence(f"{words}: difference", found, "levels"),
            Evidence("medians", medians[0], "level"),
            Evidence("and", medians[1], "level"),
        ]
    if not parts:
        return _unknown(said.SQUIGGLES, subject, reference)
    doubt = f"Of {' and '.join(left_out)} pictures. A change that is small need not be invisible, nor a large one seen."
    return Finding(said.SQUIGGLES, _of(parts), tuple(evidence), (doubt,))


def _corrected(name: str) -> Finding:
    """Holds where more than half of what it got wrong ends right, beyond the interval."""
    evidence, counts = [], []
    for words, one in _stored(FILLED, name).items():
        wrong = one.pictures["own_before"] == 0
        n = int(wrong.sum())
        if n:
            evidence.append(Evidence(words, wilson(one.pictures["target_share"][wrong].mean(), n).one(), "error"))
            counts.append(n)
    if not evidence:
        return _unknown(said.CORRECTED, name)
    parts = [each.measured.low > 0.5 for each in evidence]
    return Finding(said.CORRECTED, _of(parts), tuple(evidence), (f"Of {' and '.join(map(str, counts))} pictures.",))


def _likely(name: str) -> Finding:
    """Holds where it is sure of more than half of its drawings, beyond the interval."""
    found = {
        words: wilson((one.pictures["probability_after"] >= SURE).mean(), one.n).one()
        for words, one in _stored(DRAWN, name).items()
    }
    if not found:
        return _unknown(said.LIKELY, name)
    evidence = tuple(Evidence(words, one, "error") for words, one in found.items())
    return Finding(said.LIKELY, _of([one.low > 0.5 for one in found.values()]), evidence)


def _recognised_more(first: Painted, second: Painted, judge: str) -> tuple[Measured, float]:
    """How much more often a judge recognises the first's results, picture by picture; and McNemar's exact p value."""
    scores = first.pictures[f"{judge}_share_after"] - second.pictures[f"{judge}_share_after"]
    gained, lost = int((scores > 0).sum()), int((scores < 0).sum())
    n = gained + lost
    p = min(1.0, 2 * sum(math.comb(n, k) for k in range(min(gained, lost) + 1)) / 2**n)
    return paired_interval(scores).one(), p


def _plausible(claim: Claim, kinds: dict[str, str], subject: str, reference: str) -> Finding:
    """Holds where each judge recognises the reference's results more often, whatever they began with."""
    mine, robust = _stored(kinds, subject), _stored(kinds, reference)
    evidence, ps = [], []
    for words in (words for words in mine if words in robust):
        for judge, told in _judges(mine[words], robust[words]).items():
            found, p = _recognised_more(robust[words], mine[words], judge)
            evidence.append(Evidence(words + told, found))
            ps.append(p)
    if not evidence:
        return _unknown(claim, subject, reference)
    parts = [one.measured.low > 0 for one in evidence]
    evidence.append(Evidence("largest p", Measured.exact(max(ps)), "p"))
    return Finding(claim, _of(parts), tuple(evidence), (_who_judged(*mine.values(), *robust.values()),))


def _sampled(name: str) -> Finding:
    """Holds where no judge recognises more in the results than in the starts."""
    stored = _stored(DRAWN, name)
    found = {
        words + told: paired_interval(
            one.pictures[f"{judge}_share_after"] - one.pictures[f"{judge}_share_before"]
        ).one()
        for words, one in stored.items()
        for judge, told in _judges(one).items()
    }
    if not found:
        return _unknown(said.SAMPLED, name)
    gained = [
        words for words, one in stored.items() if any(found[words + told].low > 0 for told in _judges(one).values())
    ]
    doubt = "" if not gained else f"What is gained {' and '.join(gained)} can be hard to see: another network reads it."
    evidence = tuple(Evidence(words, one) for words, one in found.items())
    return Finding(said.SAMPLED, _of([one.low <= 0 for one in found.values()]), evidence, (doubt,) if doubt else ())


def training_finding() -> Finding:
    """The row of the twins, whichever networks are chosen; by itself it does not import scipy."""
    ordinary, robust = TWINS
    found = _plausible(said.TRAINING, DRAWN | FILLED, ordinary, robust)
    doubt = "Two small networks, whichever are chosen above; no proof about CLIP."
    return Finding(found.claim, found.verdict, found.evidence, (*found.doubts, doubt))


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
