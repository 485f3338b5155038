"""Texts of a finding's numbers."""

import pytest

from core.claims.claim import CLAIMS, MORE, Evidence, Finding, Verdict
from core.shared.numbers import Interval
from tests.ui.reading import numbers_in


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        ("error", "x: 25.0 % (20.0 to 30.0)"),
        ("points", "x: +25.0 points (+20.0 to +30.0)"),
        ("level", "x: 63.8 of 255 (51.0 to 76.5)"),
        ("levels", "x: +63.8 of 255 (+51.0 to +76.5)"),
        ("orders", "x: 0.2 orders of magnitude (0.2 to 0.3)"),
        ("ratio", "x: 0.25 (0.20 to 0.30)"),
        ("radius", "x: 0.2 cycles per image (0.2 to 0.3)"),
        ("radii", "x: +0.2 cycles per image (+0.2 to +0.3)"),
    ],
)
def test_evidence_has_the_form_of_its_unit(unit, text):
    assert str(Evidence("x", Interval(0.25, 0.2, 0.3), unit)) == text


@pytest.mark.parametrize("claim", CLAIMS.values(), ids=lambda claim: claim.key)
def test_a_sentence_of_a_claim_has_two_numbers_at_most(claim):
    own = claim.statistic if claim.statement.startswith("“") else f"{claim.statement} {claim.statistic}."
    assert [sentence for sentence in own.split(". ") if len(numbers_in(sentence)) > 2] == []


@pytest.mark.parametrize(
    ("measured", "text"),
    [
        (Interval(0.25, 0.2, 0.3), "x: 25.0 points more (+20.0 to +30.0)"),
        (Interval(-0.25, -0.3, -0.2), "x: 25.0 points less (\N{MINUS SIGN}30.0 to \N{MINUS SIGN}20.0)"),
    ],
)
def test_a_difference_in_words_has_no_sign_but_in_its_interval(measured, text):
    assert str(Evidence("x", measured, sign_words=MORE)) == text


def test_a_p_value_has_its_own_sign():
    assert str(Evidence("p", Interval.exact(0.03), "p")) == "p = 0.03"


@pytest.mark.parametrize(
    ("claim", "networks", "usual", "judgement"),
    [
        ("low", ("clip-vit-b-32", "resnet-56"), (), "holds"),
        ("low", ("mini-clip", "mini-resnet"), (), "holds, in miniature"),
        ("low", ("clip-vit-b-32", "mini-resnet"), (), "holds, in miniature"),
        ("low", ("resnet-56", "clip-vit-b-32"), (), "holds, for other networks"),
        ("low", ("mini-clip", "efficientnet-lite0"), (), "holds, for other networks"),
        ("red", ("resnet-50",), (), "holds"),
        ("red", ("clip-vit-b-32",), (), "holds, for other networks"),
        ("plausible", ("clip-vit-b-32", "resnet-50"), (), "holds, for other networks"),  # the paper used a robust one
        ("twins", ("mini-clip-robust", "mini-clip"), (), "holds"),  # a sentence about robust networks in general
        ("training", ("mini-clip-robust", "mini-clip"), (), "holds"),  # no quotation
        ("low", (), (), "holds"),
        ("low", ("clip-vit-b-32", "resnet-56"), (True, True), "holds"),
        ("low", ("clip-vit-b-32", "resnet-56"), (False, True), "holds, for other weights"),
        ("low", ("clip-vit-b-32", "mini-resnet"), (True, True), "holds, in miniature"),
        ("low", ("clip-vit-b-32", "mini-resnet"), (False, True), "holds, for other networks"),
        ("red", ("clip-vit-b-32", "resnet-56"), (False, True), "holds, for other networks"),
    ],
)
def test_a_verdict_says_where_others_stand_in_for_those_that_its_quotation_is_about(claim, networks, usual, judgement):
    finding = Finding(CLAIMS[claim], Verdict.HOLDS, networks=networks, usual_weights=usual)
    assert finding.judgement == judgement and f") {judgement}." in str(finding)
