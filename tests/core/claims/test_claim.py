"""Texts of a finding's numbers and verdict."""

import pytest

from core.claims.claim import CLAIMS, MORE, Claim, Evidence, Finding, Verdict
from core.claims.picture_verdicts import MEASURES
from core.claims.quantities import QUANTITIES
from core.pgd.methods import COMPARED
from core.shared.numbers import Interval

QUARTER = Interval(0.25, 0.2, 0.3)


@pytest.mark.parametrize(
    ("evidence", "text"),
    [
        (Evidence("x", QUARTER, "error"), "x: 25.0 % (20.0 to 30.0)"),
        (Evidence("x", QUARTER, "points"), "x: +25.0 points (+20.0 to +30.0)"),
        (Evidence("x", QUARTER, "levels"), "x: +63.8 of 255 (+51.0 to +76.5)"),
        (Evidence("x", QUARTER, "ratio"), "x: 0.25 (0.20 to 0.30)"),
        (Evidence("x", QUARTER, "radii"), "x: +0.25 cycles per image (+0.20 to +0.30)"),
        (Evidence("p", Interval.exact(0.03), "p"), "p = 0.03"),
        (Evidence("x", QUARTER, sign_words=MORE), "x: 25.0 points more (+20.0 to +30.0)"),
        (Evidence("x", Interval(-0.25, -0.3, -0.2), sign_words=MORE), "x: 25.0 points less (−30.0 to −20.0)"),
    ],
)
def test_evidence_has_the_form_of_its_unit(evidence, text):
    assert f"{evidence.label}{evidence.figure}" == text


@pytest.mark.parametrize(
    ("parts", "verdict"),
    [
        ([True, True], "holds"),
        ([False, False], "fails"),
        ([True, False], "holds in part"),
        ([True, False, None], "holds in part"),
        ([True, None], "cannot tell"),  # it may hold, or hold in part
        ([False, None], "cannot tell"),
        ([None], "cannot tell"),
    ],
)
def test_a_verdict_is_made_of_parts_by_one_rule(parts, verdict):
    assert Verdict.of_parts(parts) == Verdict.of_parts(parts[::-1]) == verdict


@pytest.mark.parametrize(
    ("sign", "expected"),
    [(1, [True, False, False, False]), (-1, [False, False, True, True]), (0, [False, None, True, True])],
)
def test_a_part_is_told_by_interval_and_threshold(sign, expected):
    row = {"section": "ours", "quote": "", "statistic": "", "lhs": ["a low", "b low"], "sign": [1, sign]}
    claim = Claim.from_row("key", {**row, "threshold": [9, 0.02]})
    intervals = [(0.05, 0.03, 0.07), (0.02, 0.01, 0.03), (0.01, -0.01, 0.015), (-0.2, -0.3, -0.1)]
    assert [claim.supported_by(Interval(*interval), 1) for interval in intervals] == expected


CLIP, MINI = ("clip-vit-b-32", "resnet-56"), ("mini-clip", "mini-resnet")


@pytest.mark.parametrize(
    ("claim", "networks", "usual", "judgement"),
    [
        ("low", CLIP, (), "holds"),
        ("low", CLIP, (False, True), "holds, for other weights"),
        ("low", CLIP[::-1], (), "holds, for other networks"),
        ("low", MINI, (), "holds, in miniature"),
        ("low", (CLIP[0], MINI[1]), (False, True), "holds, for other networks"),
        ("red", ("resnet-50",), (), "holds"),
        ("plausible", (CLIP[0], "resnet-50"), (), "holds, for other networks"),  # the paper used a robust one
        ("twins", ("mini-clip-robust", "mini-clip"), (), "holds"),  # a sentence about robust networks in general
        ("training", ("mini-clip-robust", "mini-clip"), (), "holds"),  # no quotation
    ],
)
def test_a_verdict_says_where_others_stand_in(claim, networks, usual, judgement):
    finding = Finding(CLAIMS[claim], Verdict.HOLDS, networks=networks, usual_weights=usual)
    assert finding.judgement == judgement
    assert finding.source == ("observed here" if claim == "training" else f"paper, §{finding.claim.section}")
    assert finding.claim.statement.startswith("“") == (claim != "training")


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=CLAIMS)
def test_terms_name_what_there_is(claim):
    for whose, _, what in (term.partition(" ") for term in (*claim.lhs, *claim.rhs)):
        assert whose in {*claim.whose, "figure-2-clip", *COMPARED} and what in QUANTITIES | MEASURES
