"""Claims of section 3.2 on the stored pictures, recomputed with plain loops; and on forged ones with other verdicts."""

import itertools
import math
from dataclasses import replace
from statistics import mean, stdev

import numpy as np
import pytest
from scipy import stats

from core.claims import picture_verdicts
from core.claims.claim import Verdict
from core.claims.picture_verdicts import feature_findings, training_finding
from core.pgd.pictures import COLUMNS, PictureOutcomes
from tests.core.judged import THIRD_JUDGE, stored_files, stored_kinds, stored_views
from tests.core.oracles import Z, wilson

NAMES = sorted(stored_files())
FILLED, DRAWN = ("eq3", "mean_square"), ("blur", "classless", "independent")
VIEWS = "by views"
KINDS = {"": (FILLED, DRAWN), VIEWS: (("eq3, views",), ("classless, views",))}


def pictures(kind, name):
    return stored_kinds()[kind][name]


def agresti_min(before, after):
    """Mean of paired differences of 0 and 1, with half an observation added to each cell of the 2 x 2 table."""
    n = len(before) + 2
    up, down = (sum(end - other == sign for end, other in zip(after, before, strict=True)) for sign in (1, -1))
    middle = (up - down) / n
    half = Z * math.sqrt(((up + down + 1) / n - middle**2) / n)
    return (up - down) / len(before), middle - half, middle + half


def share(hits):
    return (rate := sum(hits) / len(hits), *wilson(rate, len(hits)))


def t_interval(values):
    half = stats.t.ppf(0.975, len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return mean(values), mean(values) - half, mean(values) + half


def by_key(subject="mini-clip", reference="mini-resnet-robust", condition=""):
    findings = feature_findings(subject, reference)
    return {finding.claim.key: finding for finding in findings if finding.condition == condition}


def assert_says(finding, expected, parts, unit=None):
    """Whether a finding has these (value, low, high), and the verdict on parts of which some hold."""
    actual = [tuple(evidence.measured) for evidence in finding.evidence if unit is None or evidence.unit == unit]
    assert len(actual) == len(expected)
    for value, other in zip(actual, expected, strict=True):
        assert value == pytest.approx(other, abs=1e-6, nan_ok=True)
    assert finding.verdict == (Verdict.HOLDS if all(parts) else Verdict.IN_PART if any(parts) else Verdict.FAILS)


@pytest.mark.parametrize("condition", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_falls_of_the_loss_are_means_of_logarithms(name, condition):
    expected = []
    for kind in itertools.chain(*KINDS[condition]):
        ends = zip(*(pictures(kind, name)[f"loss_{when}"] for when in ("before", "after")), strict=True)
        expected.append(t_interval([math.log10(before / max(after, 1e-7)) for before, after in ends]))
    assert_says(by_key(name, condition=condition)["losses"], expected, [low >= 4 for _, low, _ in expected])


@pytest.mark.parametrize("reference", [name for name in NAMES if name != "mini-clip"])
def test_change_needed_until_sure_is_compared_on_the_same_pictures(reference):
    expected = []
    for kind in FILLED:
        subject, other = (pictures(kind, name) for name in ("mini-clip", reference))
        confident = [k for k in range(len(subject["sure_step"])) if subject["sure_step"][k] and other["sure_step"][k]]
        pairs = [(subject["sure_change"][k], other["sure_change"][k]) for k in confident]
        expected.append(t_interval([a - b for a, b in pairs]))
        expected += [(mean(values), math.nan, math.nan) for values in zip(*pairs, strict=True)]
    assert_says(by_key(reference=reference)["squiggles"], expected, [expected[k][2] < 0 for k in (0, 3)])


def test_predictions_that_become_right_and_drawings_of_which_it_is_confident():
    results, became, sure = by_key(), [], []
    for kind in FILLED:
        rows = pictures(kind, "mini-clip")
        became.append(share([end for was, end in zip(rows["was_target"], rows["is_target"], strict=True) if not was]))
    sure = [share([value >= 0.9 for value in pictures(kind, "mini-clip")["probability_after"]]) for kind in DRAWN]
    for key, expected in (("corrected", became), ("likely", sure)):
        assert_says(results[key], expected, [low > 0.5 for _, low, _ in expected])


@pytest.mark.parametrize(
    ("key", "condition"), [*itertools.product(("plausible", "displayed"), KINDS), ("views", ""), ("training", "")]
)
@pytest.mark.parametrize("subject", ["mini-clip", "mini-clip-vit"])
def test_what_other_networks_recognise_is_compared_picture_by_picture(key, subject, condition):
    judges, finding = ("judge", "third"), by_key(subject, condition=condition)[key]
    if key == "views":
        pairs = [[(f"{kind}, {end}" if end else kind, subject) for end in ends] for kind, ends in
                 (("classless", ("pixels", "views")), ("eq3", ("", "views")))]  # fmt: skip
    else:
        networks = ("mini-clip", "mini-clip-robust") if key == "training" else (subject, "mini-resnet-robust")
        kinds = {"plausible": FILLED, "displayed": DRAWN, "training": (*DRAWN, *FILLED)}[key]
        if condition:
            kinds = KINDS[VIEWS][key == "displayed"]
        pairs = [[(kind, name) for name in networks] for kind in kinds]
    if subject == THIRD_JUDGE and key != "training":
        judges = judges[:1]
    shares, ps = [], []
    for pair, judge in itertools.product(pairs, judges):
        first, other = (pictures(*whose)[f"{judge}_share_after"] for whose in pair)
        shares.append(agresti_min(first, other))
        signs = [int(np.sign(b - a)) for a, b in zip(first, other, strict=True)]
        ps.append(stats.binomtest(signs.count(1), len(signs) - signs.count(0)).pvalue)
    assert_says(finding, shares, [low > 0 for _, low, _ in shares], "points")
    assert finding.evidence[-1].measured.value == pytest.approx(max(ps), rel=1e-9, abs=0)
    assert ("and mini-clip-vit, of another family" in finding.doubts[0]) == (len(judges) == 2)
    assert key != "training" or finding == training_finding()


def test_what_the_starts_had_already_is_taken_away():
    finding, expected = by_key()["sampled"], []
    for kind, judge in itertools.product(DRAWN, ("judge", "third")):
        rows = pictures(kind, "mini-clip")
        expected.append(agresti_min(rows[f"{judge}_share_before"], rows[f"{judge}_share_after"]))
    no_more = [low <= 0 for _, low, _ in expected]
    assert_says(finding, expected, no_more)
    assert any("people may not see" in doubt for doubt in finding.doubts) == (not all(no_more))


def test_large_pictures_are_judged_by_the_rank_of_their_class():
    stored, expected = stored_views(), []
    for mode, seen in (("draw", "result"), ("hole", "alone")):
        rows = (stored["pictures"].get(f"{mode}-{search}", []) for search in ("pixels", "views"))
        pixels, views = ({row["picture"]: row["places"][seen][0] == 1 for row in of_search} for of_search in rows)
        if common := [name for name in views if name in pixels]:
            expected.append(agresti_min([pixels[name] for name in common], [views[name] for name in common]))
    (finding,) = by_key(condition="224 px").values()
    assert_says(finding, expected, [low > 0 for _, low, _ in expected], "points")
    assert stored["judges"][0]["name"] in finding.doubts[0]


def test_networks_of_which_nothing_is_stored_cannot_be_checked():
    results = [
        finding for finding in feature_findings("clip-vit-b-32", "mini-resnet-robust") if finding.condition != "224 px"
    ]
    judged = [finding.claim.key for finding in results if finding.verdict != Verdict.NOT_CHECKABLE]
    assert judged == ["training"] and "clip-vit-b-32" in results[0].doubts[0]


def forged(**changes):
    """Ten unremarkable pictures, except for the changes."""
    usual = {column: np.full(10, 0.5) for column in COLUMNS}
    changed = {name: np.array(values, float) for name, values in changes.items()}
    return PictureOutcomes("it", "0", "judge", usual | changed, "third" if "third_share_after" in changes else "")


@pytest.fixture
def store(monkeypatch):
    """Return a function that makes these the stored pictures of networks a and b, of every kind."""
    monkeypatch.setattr(picture_verdicts, "networks_for", lambda *_: ("a", "b"))
    return lambda a, b: monkeypatch.setattr(picture_verdicts, "picture_outcomes", lambda kind: {"a": a, "b": b})


COMPARED = ("plausible", "displayed", "training")


def test_forged_pictures_turn_the_verdicts(store):
    step = np.arange(1, 11)
    weak = forged(loss_before=np.full(10, 3.8), loss_after=np.full(10, 2e-5) * (1 + step / 99), sure_step=step,
                  sure_change=step / 1000, judge_share_after=np.zeros(10))  # fmt: skip
    strong = forged(sure_step=step, sure_change=step / 90, judge_share_after=np.ones(10))
    store(weak, strong)
    keys = ("losses", "squiggles", *COMPARED)
    assert {by_key("a", "b")[key].verdict for key in keys} == {Verdict.HOLDS}
    assert {by_key("b", "a")[key].verdict for key in keys[:-1]} == {Verdict.FAILS}
    blind = {"third_share_before": np.zeros(10), "third_share_after": np.zeros(10)}  # a judge who recognises nothing
    store(*(replace(outcomes, third="third", pictures=outcomes.pictures | blind) for outcomes in (weak, strong)))
    assert {by_key("a", "b")[key].verdict for key in COMPARED} == {Verdict.IN_PART}


@pytest.mark.parametrize(
    ("judge", "third", "judges"), [("judge", "third", 2), ("other", "third", 1), ("judge", "it", 1), ("other", "it", 0)]
)
def test_pictures_are_compared_by_a_judge_that_both_had_or_not_at_all(store, judge, third, judges):
    first = forged(third_share_before=np.zeros(10), third_share_after=np.ones(10))
    store(first, replace(first, judge=judge, third=third))
    finding = by_key("a", "b")["plausible"]
    assert (finding.verdict == Verdict.NOT_CHECKABLE) == (judges == 0)
    assert len([row for row in finding.evidence if row.unit == "points"]) == judges * len(FILLED)
    assert not judges or ("judges are" in finding.doubts[0]) == (judges == 2)


@pytest.mark.parametrize(("sure", "verdict"), [(2, Verdict.HOLDS), (1, Verdict.NOT_CHECKABLE)])
def test_two_pictures_of_which_both_became_confident_are_the_fewest_with_an_interval(store, sure, verdict):
    step = np.arange(1, 11) * (np.arange(10) < sure)
    store(*(forged(sure_step=step, sure_change=np.full(10, change)) for change in (0.1, 0.9)))
    assert by_key("a", "b")["squiggles"].verdict == verdict
