"""Claims of section 3.2 on the stored pictures, recomputed with plain loops; and on forged ones with other verdicts."""

import itertools
import math
from dataclasses import replace
from statistics import NormalDist, mean, stdev

import numpy as np
import pytest
from scipy import stats

import core.claims.quantities
import core.claims.verdicts
from core.claims.claim import Verdict
from core.claims.verdicts import feature_findings, training_finding
from core.pgd.pictures import COLUMNS, PictureOutcomes, picture_outcomes
from tests.core.judged import THIRD_JUDGE, stored_files, stored_kinds, stored_views

Z = NormalDist().inv_cdf(0.975)
NAMES = sorted(stored_files())
FILLED, DRAWN = ("eq3", "mean_square"), ("blur", "classless", "independent")


def pictures(kind, name):
    return stored_kinds()[kind][name]


def agresti_min(before, after):
    """Mean of paired differences of 0 and 1, with half an observation added to each cell of the 2 x 2 table."""
    n = len(before) + 2
    up, down = (sum(end - other == sign for end, other in zip(after, before, strict=True)) for sign in (1, -1))
    middle = (up - down) / n
    half = Z * math.sqrt(((up + down + 1) / n - middle**2) / n)
    return (up - down) / len(before), middle - half, middle + half


def wilson(count, n):
    centre = (count / n + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * math.sqrt(count / n * (1 - count / n) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return count / n, centre - half, centre + half


def t_interval(values):
    half = stats.t.ppf(0.975, len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return mean(values), mean(values) - half, mean(values) + half


VIEWS = "by views"
KINDS = {"": (FILLED, DRAWN), VIEWS: (("eq3, views",), ("classless, views",))}


def by_key(subject="mini-clip", reference="mini-resnet-robust", condition=""):
    findings = feature_findings(subject, reference)
    return {finding.claim.key: finding for finding in findings if finding.condition == condition}


def numbers(finding, unit=None):
    return [tuple(evidence.measured) for evidence in finding.evidence if unit is None or evidence.unit == unit]


def assert_close(actual, expected):
    assert len(actual) == len(expected)
    for value, other in zip(actual, expected, strict=True):
        assert value == pytest.approx(other, abs=1e-6, nan_ok=True)


@pytest.mark.parametrize("condition", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_falls_of_the_loss_are_means_of_logarithms(name, condition):
    finding, expected = by_key(name, condition=condition)["losses"], []
    for kind in itertools.chain(*KINDS[condition]):
        rows = pictures(kind, name)
        falls = [
            math.log10(before / max(after, 1e-7))
            for before, after in zip(rows["loss_before"], rows["loss_after"], strict=True)
        ]
        expected.append(t_interval(falls))
    assert_close(numbers(finding), expected)
    four = [low >= 4 for _, low, _ in expected]
    assert finding.verdict == (Verdict.HOLDS if all(four) else Verdict.IN_PART if any(four) else Verdict.FAILS)


@pytest.mark.parametrize("reference", [name for name in NAMES if name != "mini-clip"])
def test_change_needed_until_sure_is_compared_on_the_same_pictures(reference):
    finding, expected = by_key(reference=reference)["squiggles"], []
    for kind in ("eq3", "mean_square"):
        subject, other = (pictures(kind, name) for name in ("mini-clip", reference))
        confident = [k for k in range(len(subject["sure_step"])) if subject["sure_step"][k] and other["sure_step"][k]]
        pairs = [(subject["sure_change"][k], other["sure_change"][k]) for k in confident]
        expected.append(t_interval([a - b for a, b in pairs]))
        expected += [(mean(values), math.nan, math.nan) for values in zip(*pairs, strict=True)]
    assert_close(numbers(finding), expected)
    less = [high < 0 for _, _, high in (expected[0], expected[3])]
    assert finding.verdict == (Verdict.HOLDS if all(less) else Verdict.IN_PART if any(less) else Verdict.FAILS)


def test_wrong_answers_that_become_right_and_drawings_of_which_it_is_sure():
    results = by_key()
    expected = []
    for kind in ("eq3", "mean_square"):
        rows = pictures(kind, "mini-clip")
        ends = [end for before, end in zip(rows["was_target"], rows["is_target"], strict=True) if not before]
        expected.append(wilson(sum(ends), len(ends)))
    assert_close(numbers(results["corrected"]), expected)
    expected = []
    for kind in DRAWN:
        sure = [share >= 0.9 for share in pictures(kind, "mini-clip")["probability_after"]]
        expected.append(wilson(sum(sure), len(sure)))
    assert_close(numbers(results["likely"]), expected)


@pytest.mark.parametrize("condition", KINDS)
@pytest.mark.parametrize("key", ["plausible", "displayed"])
@pytest.mark.parametrize("subject", ["mini-clip", "mini-clip-vit"])
def test_what_other_networks_recognise_is_compared_picture_by_picture(key, subject, condition):
    finding, shares, ps = by_key(subject, condition=condition)[key], [], []
    judges = ("judge",) if subject == THIRD_JUDGE else ("judge", "third")
    for kind, judge in itertools.product(KINDS[condition][key == "displayed"], judges):
        first, other = (pictures(kind, name)[f"{judge}_share_after"] for name in (subject, "mini-resnet-robust"))
        shares.append(agresti_min(first, other))
        gained = sum(b > a for a, b in zip(first, other, strict=True))
        apart = sum(b != a for a, b in zip(first, other, strict=True))
        ps.append(stats.binomtest(gained, apart).pvalue)
    assert_close(numbers(finding, "points"), shares)
    assert finding.evidence[-1].measured.value == pytest.approx(max(ps), rel=1e-9, abs=0)
    more = [low > 0 for _, low, _ in shares]
    assert finding.verdict == (Verdict.HOLDS if all(more) else Verdict.IN_PART if any(more) else Verdict.FAILS)
    assert ("and mini-clip-vit, of another family" in finding.doubts[0]) == (len(judges) == 2)


def test_what_the_starts_had_already_is_taken_away():
    finding, expected = by_key()["sampled"], []
    for kind, judge in itertools.product(DRAWN, ("judge", "third")):
        rows = pictures(kind, "mini-clip")
        expected.append(agresti_min(rows[f"{judge}_share_before"], rows[f"{judge}_share_after"]))
    assert_close(numbers(finding), expected)
    no_more = [low <= 0 for _, low, _ in expected]
    assert finding.verdict == (Verdict.HOLDS if all(no_more) else Verdict.IN_PART if any(no_more) else Verdict.FAILS)
    assert any("people may not see" in doubt for doubt in finding.doubts) == (not all(no_more))


@pytest.mark.parametrize("subject", ["mini-clip", "mini-clip-vit"])
def test_views_are_set_against_the_papers_search_picture_by_picture(subject):
    finding, shares, ps = by_key(subject)["views"], [], []
    judges = ("judge",) if subject == THIRD_JUDGE else ("judge", "third")
    for kinds, judge in itertools.product([("classless, pixels", "classless, views"), ("eq3", "eq3, views")], judges):
        pixels, views = (pictures(kind, subject)[f"{judge}_share_after"] for kind in kinds)
        shares.append(agresti_min(pixels, views))
        gained, apart = (
            sum(test(b, a) for a, b in zip(pixels, views, strict=True))
            for test in (lambda b, a: b > a, lambda b, a: b != a)
        )
        ps.append(stats.binomtest(gained, apart).pvalue)
    assert_close(numbers(finding, "points"), shares)
    assert finding.evidence[-1].measured.value == pytest.approx(max(ps), rel=1e-9, abs=0)
    more = [low > 0 for _, low, _ in shares]
    assert finding.verdict == (Verdict.HOLDS if all(more) else Verdict.IN_PART if any(more) else Verdict.FAILS)
    assert not finding.claim.papers


def test_large_pictures_are_judged_by_the_place_of_their_class():
    stored = stored_views()
    (finding,) = by_key(condition="224 px").values()
    expected = []
    for mode, seen in (("draw", "result"), ("hole", "alone")):
        pixels, views = (
            {row["picture"]: row["places"][seen][0] == 1 for row in stored["pictures"].get(f"{mode}-{search}", [])}
            for search in ("pixels", "views")
        )
        common = [name for name in views if name in pixels]
        if common:
            expected.append(agresti_min([pixels[name] for name in common], [views[name] for name in common]))
    assert_close(numbers(finding, "points"), expected)
    assert stored["judges"][0]["name"] in finding.doubts[0] and "it is not human" in finding.doubts[0]


def test_the_row_of_the_twins_stays_whichever_networks_are_chosen():
    first, second = by_key()["training"], by_key("mini-resnet", "mini-clip")["training"]
    assert numbers(first) == numbers(second) and first.verdict == second.verdict == Verdict.HOLDS
    assert training_finding() == first and len(first.doubts) == 2


def test_networks_of_which_nothing_is_stored_cannot_be_checked():
    results = by_key("clip-vit-b-32", "mini-resnet-robust")
    verdicts = {key: finding.verdict for key, finding in results.items()}
    assert verdicts.pop("training") == Verdict.HOLDS
    by_views = by_key("clip-vit-b-32", "mini-resnet-robust", VIEWS)
    assert {finding.verdict for finding in by_views.values()} == {Verdict.NOT_CHECKABLE}
    assert set(verdicts.values()) == {Verdict.NOT_CHECKABLE}
    assert "clip-vit-b-32" in results["losses"].doubts[0]


def forged(**changes):
    """Ten unremarkable pictures, except for the changes."""
    usual = {column: np.full(10, 0.5) for column in COLUMNS}
    return PictureOutcomes(
        "it", "0", "judge", usual | {name: np.array(values, float) for name, values in changes.items()}
    )


def test_forged_pictures_turn_the_verdicts(monkeypatch):
    step = np.arange(1, 11)
    weak = forged(loss_before=np.full(10, 3.8), loss_after=np.full(10, 2e-5) * (1 + step / 99), sure_step=step,
                  sure_change=step / 1000, judge_share_after=np.zeros(10))  # fmt: skip
    strong = forged(sure_step=step, sure_change=step / 90, judge_share_after=np.ones(10))
    monkeypatch.setattr(core.claims.quantities, "picture_outcomes", lambda kind: {"a": weak, "b": strong})
    monkeypatch.setattr(core.claims.verdicts, "networks_for", lambda *_: ("a", "b"))
    results = by_key("a", "b")
    assert {results[key].verdict for key in ("losses", "squiggles", "plausible", "displayed", "training")} == {
        Verdict.HOLDS
    }
    # If a third judge recognises none of the reference's pictures, these claims hold in part.
    blind = {"third_share_before": np.zeros(10), "third_share_after": np.zeros(10)}
    forged_outcomes = {
        name: replace(outcomes, third="third", pictures={**outcomes.pictures, **blind})
        for name, outcomes in (("a", weak), ("b", strong))
    }
    monkeypatch.setattr(core.claims.quantities, "picture_outcomes", lambda kind: forged_outcomes)
    assert {by_key("a", "b")[key].verdict for key in ("plausible", "displayed")} == {Verdict.IN_PART}
    monkeypatch.setattr(core.claims.quantities, "picture_outcomes", lambda kind: {"a": weak, "b": strong})
    back = by_key("b", "a")
    assert {back[key].verdict for key in ("losses", "squiggles", "plausible", "displayed")} == {Verdict.FAILS}


def test_pictures_are_compared_by_a_judge_that_both_had_or_not_at_all(monkeypatch):
    third_shares = {"third_share_before": np.zeros(10), "third_share_after": np.ones(10)}
    first, other = (replace(forged(), third="third", pictures={**forged().pictures, **third_shares}) for _ in range(2))
    for judge, third, judges in (("judge", "third", 2), ("other", "third", 1), ("judge", "it", 1), ("other", "it", 0)):
        pair = {"a": first, "b": replace(other, judge=judge, third=third)}
        monkeypatch.setattr(core.claims.quantities, "picture_outcomes", lambda kind, pair=pair: pair)
        finding = by_key("a", "b")["plausible"]
        assert (finding.verdict == Verdict.NOT_CHECKABLE) == (judges == 0)
        assert len([row for row in finding.evidence if row.unit == "points"]) == judges * len(FILLED)
        assert not judges or ("judges are" in finding.doubts[0]) == (judges == 2)


@pytest.mark.parametrize(("sure", "verdict"), [(2, Verdict.HOLDS), (1, Verdict.NOT_CHECKABLE)])
def test_two_pictures_that_both_became_sure_of_are_the_fewest_with_an_interval(monkeypatch, sure, verdict):
    step = np.arange(1, 11) * (np.arange(10) < sure)
    weak, strong = (forged(sure_step=step, sure_change=np.full(10, change)) for change in (0.1, 0.9))
    monkeypatch.setattr(core.claims.quantities, "picture_outcomes", lambda kind: {"a": weak, "b": strong})
    assert by_key("a", "b")["squiggles"].verdict == verdict


def test_stored_pictures_are_read_as_they_stand():
    clip = picture_outcomes("eq3")["mini-clip"]
    assert clip.n == len(pictures("eq3", "mini-clip")["loss_after"]) and picture_outcomes("nothing") == {}
    assert clip.own == sum(pictures("eq3", "mini-clip")["is_target"])
    assert clip.judgement.after == sum(pictures("eq3", "mini-clip")["judge_share_after"])
    assert clip.first(7).mean("change_inside").value == pytest.approx(
        mean(pictures("eq3", "mini-clip")["change_inside"][:7])
    )
