"""Texts of a finding's numbers and verdict, and the table of claims."""

import inspect
from dataclasses import replace
from types import ModuleType

import pytest

from core.claims import wave_claims
from core.claims.claim_table import CLAIMS, claims_by_key, feature_findings, findings
from core.claims.evidence import MORE, Evidence
from core.claims.finding import Finding, Head, NotCheckable, Topic, check
from core.claims.verdict import Verdict, above
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


TRUE = (above(Evidence("x", Interval(9.0, 8.0, 10.0), "ratio")),)
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
    finding = Finding(claim=CLAIMS[claim], parts=TRUE, networks=networks, usual_weights=usual)
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
