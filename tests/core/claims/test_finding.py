"""Texts of a finding's numbers and verdict, and the table of claims."""

import inspect
import itertools
import math
from dataclasses import replace
from types import ModuleType

import pytest

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
    judged,
    weakest,
)
from core.fourier.contrasts import BANDS
from core.shared.numbers import Interval
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


INTERVALS = {True: Interval(2.0, 1.0, 3.0), False: Interval(-2.0, -3.0, -1.0), None: Interval(0.5, -1.0, 2.0)}


def of(*truths, reading=""):
    """Parts that are true, false or open: numbers that should lie above 0."""
    return [above(Evidence("x", INTERVALS[truth], "ratio"), reading=reading) for truth in truths]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_verdict_follows_the_table_of_truths(count):
    for truths in itertools.product((True, False, None), repeat=count):
        some, others = True in truths, False in truths
        table = {
            (True, False): "cannot tell" if None in truths else "holds",
            (True, True): "holds in part",
            (False, True): "fails",
            (False, False): "cannot tell",
        }
        assert judged(of(*truths), []).verdict == Verdict.of_truths(truths) == table[some, others], truths
    assert judged([], []).verdict == "not checkable here"


@pytest.mark.parametrize(
    ("readings", "verdict"),
    [
        ([(True,), (True, True)], "holds"),
        ([(False,), (True, True)], "depends on the reading"),
        ([(True, False), (True,)], "depends on the reading"),
        ([(False,), (None,)], "cannot tell"),  # the second could agree with the first
        ([(False, None), (False,)], "fails"),
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


@pytest.mark.parametrize(
    ("truths", "decides"), [((True, True), True), ((True, False, None), False), ((True, None), None)]
)
def test_the_weakest_part_stands_for_all(truths, decides):
    assert weakest(of(*truths)).truth is weakest(of(*truths[::-1])).truth is decides


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
        assert {*(claim.view.bands or ())} <= BANDS.keys() and claim.view.show in ("Error", "Difference"), key
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
