"""Rule of a verdict: its parts, their correction and the readings of a claim."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from core.claims.evidence import RECOGNISED, Evidence
from core.claims.finding import judged
from core.claims.verdict import Verdict, above, below, by_test, corrected, senses_of
from core.shared.numbers import Z95, Interval

QUARTER = Interval(0.25, 0.2, 0.3)
INTERVALS = {True: Interval(9.0, 8.0, 10.0), False: Interval(-9.0, -10.0, -8.0), None: Interval(0.5, -1.0, 2.0)}


def of(*truths, reading=""):
    """Parts that are true, false or open: numbers that should lie above 0."""
    return [above(Evidence("x", INTERVALS[truth], "ratio"), reading=reading) for truth in truths]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_verdict_follows_the_table_of_truths(count):
    for truths in itertools.product((True, False, None), repeat=count):
        table = {frozenset({True}): "holds", frozenset({False}): "fails"}
        mixed = "holds in part" if {True, False} <= {*truths} else "cannot tell"
        verdict = table.get(frozenset(truths), mixed)
        assert judged(of(*truths), []).verdict == Verdict.of_reading(of(*truths)) == verdict, truths
        opposite = {"holds": "fails", "fails": "holds"}.get(verdict, verdict)  # failing is as hard as holding
        assert Verdict.of_reading([below(part.number) for part in of(*truths)]) == opposite
    assert judged([], []).verdict == "not checkable here"


def part_of(p):
    """A part on the claimed side that has this p, or on the other if it is negative."""
    value = math.copysign(stats.norm.isf(abs(p) / 2), p)
    return above(Evidence("x", Interval(value, value - Z95, value + Z95), "ratio"))


@pytest.mark.parametrize("p", [0.9, 0.051, 0.049, 0.001, 1e-9])
def test_p_of_a_part_is_that_of_its_interval(p):
    assert part_of(p).p == pytest.approx(p) and part_of(-p).p == pytest.approx(p)
    assert (part_of(p).truth is True) == (part_of(-p).truth is False) == (p < 0.05)
    assert above(Evidence("x", Interval.exact(9.0))).p == 1 and above(Evidence("x", Interval(0, -1, 1))).p == 1
    assert above(Evidence("x", Interval(0.9, 0.9, 0.9))).p == 0


@pytest.mark.parametrize(
    ("ps", "truths"),
    [
        ((0.01, -0.04, 0.03), (True, None, None)),  # 0.01 * 3 passes, 0.03 * 2 does not, so that 0.04 is not asked
        ((0.01, -0.04, 0.02), (True, False, True)),
        ((0.02, 0.02, 0.02), (None, None, None)),
        ((-0.04,), (False,)),
        ((), ()),
    ],
)
def test_parts_are_corrected_step_by_step(ps, truths):
    assert tuple(corrected([part_of(p) for p in ps])) == truths


def test_holms_correction_rejects_what_closed_testing_does():
    rng = np.random.default_rng(0)
    for ps in rng.random((200, 4)) ** 4:
        groups = [group for size in range(1, 5) for group in itertools.combinations(range(4), size)]
        rejected = {group for group in groups if min(ps[[*group]]) * len(group) <= 0.05}  # Bonferroni's, of each group
        closed = [all(group in rejected for group in groups if k in group) for k in range(4)]
        assert [truth is True for truth in corrected([part_of(p) for p in ps])] == closed


def test_parts_that_clash_by_noise_do_not_hold_in_part():
    assert Verdict.of_reading([part_of(0.03), part_of(-0.03)]) == Verdict.UNDECIDED
    assert Verdict.of_reading([part_of(0.001), part_of(-0.03)]) == Verdict.IN_PART


@pytest.mark.parametrize(
    ("readings", "verdict"),
    [
        ([(True,), (True, True)], "holds"),
        ([(False,), (True, True)], "true in one sense"),
        ([(True, False), (True,)], "true in one sense"),
        ([(False,), (None,)], "cannot tell"),  # the second could agree with the first
        ([(False, None), (False,)], "cannot tell"),
        ([(False, False), (False,)], "fails"),
        ([(None,), (None, True)], "cannot tell"),
    ],
)
def test_readings_that_disagree_decide_nothing(readings, verdict):
    parts = [part for k, truths in enumerate(readings) for part in of(*truths, reading=f"reading {k}")]
    assert Verdict.of_parts(parts) == Verdict.of_parts(parts[::-1]) == verdict


@pytest.mark.parametrize(
    ("interval", "above_it", "below_it"),
    [
        ((0.05, 0.03, 0.07), True, False),
        ((-0.2, -0.3, -0.1), False, True),
        ((0.02, 0.01, 0.03), None, None),
        ((0.02, 0.02, 0.03), None, None),  # the end lies on the margin
        ((0.9, math.nan, math.nan), None, None),  # a number without an interval
        (by_test(0.9, 0.049), True, False),
        (by_test(0.9, 0.05), None, None),
    ],
)
def test_a_part_is_settled_by_its_whole_interval(interval, above_it, below_it):
    number = Evidence("x", Interval(*interval))
    assert (above(number, 0.02).truth, below(number, 0.02).truth) == (above_it, below_it)


def test_a_part_says_what_is_claimed():
    number = Evidence("x", QUARTER, "error")
    assert below(number, 0.5).claimed == "less than 50.0%" and above(number).claimed == "more than 0"
    assert below(Evidence("x", QUARTER), 0.02).claimed == "less than 2.0 points"
    assert above(Evidence("x", QUARTER, sign_words=RECOGNISED), 0.1).claimed == "more than 10.0 points"


def test_a_claim_true_in_one_sense_says_in_which():
    parts = [*of(False, reading="within one map"), *of(True, True, reading="against the ResNet")]
    said = senses_of(parts).replace("\u2068", "").replace("\u2069", "")
    assert said == senses_of(parts[::-1]).replace("\u2068", "").replace("\u2069", "")
    assert said == "True against the ResNet, not true within one map."
    partly = [*of(False, reading="here"), *of(True, False, reading="there")]
    assert senses_of(partly).startswith("Partly true") and not senses_of(of(True)) and not senses_of(of(False, None))
