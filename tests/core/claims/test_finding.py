"""Texts of a finding's numbers and verdict, and the table of claims."""

import inspect
import itertools
import math
from dataclasses import replace
from types import ModuleType

import numpy as np
import pytest
from scipy import stats

from core.claims import wave_claims
from core.claims.claim_table import CLAIMS, claims_by_key, feature_findings, findings
from core.claims.evidence import MORE, RECOGNISED, Evidence
from core.claims.finding import (
    Finding,
    Head,
    NotCheckable,
    Topic,
    Verdict,
    above,
    below,
    by_test,
    check,
    corrected,
    judged,
)
from core.fourier.contrasts import BANDS
from core.shared.numbers import Z95, Interval
from tests.core.claims.judging import ALL_MAPS, CLIP, RESNET56

QUARTER = Interval(0.25, 0.2, 0.3)


@pytest.mark.parametrize(
    ("evidence", "text"),
    [
        (Evidence("x", QUARTER, "error"), "x: 25.0% (20.0 to 30.0)"),
        (Evidence("x", QUARTER, "points"), "x: +25.0 points (+20.0 to +30.0)"),
        (Evidence("x", QUARTER, "levels"), "x: +63.8 of 255 (+51.0 to +76.5)"),
        (Evidence("x", QUARTER, "ratio"), "x: 0.25 (0.20 to 0.30)"),
        (Evidence("x", Interval(2.0, 1.0, 3.0), "fold"), "x: 100-fold (10 to 1,000)"),
        (Evidence("x", QUARTER, "radii"), "x: +0.25 cycles per image (+0.20 to +0.30)"),
        (Evidence("p", Interval.exact(0.03), "p"), "p = 0.03"),
        (Evidence("x", QUARTER, sign_words=MORE), "x: 25.0 points more (+20.0 to +30.0)"),
        (Evidence("x", Interval(-0.25, -0.3, -0.2), sign_words=MORE), "x: 25.0 points less (−30.0 to −20.0)"),
    ],
)
def test_evidence_has_the_form_of_its_unit(evidence, text):
    assert f"{evidence.label}{evidence.figure}" == text


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
        ([(False,), (True, True)], "depends on the reading"),
        ([(True, False), (True,)], "depends on the reading"),
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


PAIR, MINI = ("clip-vit-b-32", "resnet-56"), ("mini-clip", "mini-resnet")


@pytest.mark.parametrize(
    ("claim", "networks", "usual", "judgement"),
    [
        ("low", PAIR, (), "holds"),
        ("low", PAIR, (False, True), "holds, for other weights"),
        ("low", PAIR[::-1], (), "holds, for other networks"),
        ("low", MINI, (), "holds, in miniature"),
        ("low", (PAIR[0], MINI[1]), (False, True), "holds, for other networks"),
        ("red", ("resnet-50",), (), "holds"),
        ("plausible", (PAIR[0], "resnet-50"), (), "holds, for other networks"),  # the paper used a robust one
        ("twins", ("mini-clip-robust", "mini-clip"), (), "holds, in miniature"),
        ("twins", ("own-robust", "own"), (), "holds"),  # a sentence about robust networks in general
        ("shift", ("mini-clip", "resnet-56"), (), "holds, in miniature"),
        ("spared", PAIR[::-1], (), "holds"),  # its roles are the reference's and the subject's
        ("spared", PAIR[1:], (), "holds"),
        ("training", ("mini-clip-robust", "mini-clip"), (), "holds"),  # no quotation
    ],
)
def test_a_verdict_says_where_others_stand_in(claim, networks, usual, judgement):
    finding = Finding(claim=CLAIMS[claim], parts=tuple(of(True)), networks=networks, usual_weights=usual)
    assert finding.judgement == judgement
    section = f"paper, §{finding.claim.section}"
    sources = {"training": "our own observation", "twins": "Yin et al. 2019, cited in the paper’s §1"}
    assert finding.source == sources.get(claim, section)
    assert finding.claim.statement.startswith("“") == (claim != "training")


def test_every_claim_of_a_file_is_in_the_table_with_its_head():
    files = {inspect.getmodule(claim.check).__name__ for claim in CLAIMS.values()}
    assert files == {f"core.claims.{name}" for name in ("wave_claims", "corruption_claims", "picture_claims")}
    names = {"subject": "A", "reference": "B", "robust": "C", "ordinary": "D"}
    for key, claim in CLAIMS.items():
        assert claim.key == key and bool(claim.headline) == claim.papers, key
        assert claim.statement.startswith("“") == claim.statement.endswith("”") == claim.papers, key
        assert claim.statistic.format_map(names).endswith("."), key
        assert {*(claim.display.bands or ())} <= BANDS.keys() and claim.display.show in ("Error", "Difference"), key
        assert (claim.topic == Topic.PICTURES) == bool(claim.tasks), key
    with pytest.raises(TypeError, match="topic"):
        Head(section="ours")


def test_a_claim_that_cannot_be_checked_says_why():
    @Head(topic=Topic.WAVES, section="ours")
    def unknown(subject, reference):
        """They are unknown.

        Nothing about {subject}.
        """
        raise NotCheckable

    maps = ALL_MAPS[CLIP], ALL_MAPS[RESNET56]
    for (finding,) in (findings(*maps, maps, unknown), [check(unknown, *maps)]):
        assert finding.doubts == ("A result that it needs is missing.",)
    assert check(unknown, *maps, missing="It is lost.").doubts == ("It is lost.",)


@pytest.mark.parametrize(("section", "expected"), [("3.1", "headline, statement and statistic"), ("ours", "statement")])
def test_a_claim_of_other_paragraphs_is_refused(section, expected):
    def unknown(subject):
        """They are unknown."""

    message = f"the claim 'unknown' of section '{section}' should have a docstring of {expected}.*; got 1; "
    with pytest.raises(ValueError, match=message):
        Head(topic=Topic.WAVES, section=section)(unknown)


def test_two_claims_of_one_name_are_refused():
    assert claims_by_key(wave_claims, wave_claims).keys() == claims_by_key(wave_claims).keys()
    other = ModuleType("other")
    other.other = replace(CLAIMS["low"])
    with pytest.raises(ValueError, match="two claims are called 'low'"):
        claims_by_key(wave_claims, other)


def test_every_claim_is_judged_with_a_summary_of_its_bars():
    maps = ALL_MAPS[CLIP], ALL_MAPS[RESNET56]
    every_finding = *findings(*maps, [*ALL_MAPS.values()]), *feature_findings("mini-clip", "mini-resnet-robust")
    assert {finding.claim.key for finding in every_finding} == CLAIMS.keys()
    for finding in every_finding:
        if finding.verdict != Verdict.NOT_CHECKABLE:
            assert finding.bars and all(str(number) in finding.summary for number in finding.bars), finding.claim.key
