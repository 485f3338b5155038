"""Claims of section 3.2 on the stored pictures, recomputed with plain loops; and on forged ones with other verdicts."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from core.claims import claim_table
from core.claims.claim_table import FILLED as OFFERED
from core.claims.claim_table import feature_findings, training_finding
from core.claims.verdict import Verdict
from core.classifiers.registry import network_title
from core.pgd.picture_outcomes import BEFORE, NUMBERS, PictureOutcomes, rank_column
from tests.core.judged import SECOND_JUDGE, stored_files, stored_kinds, stored_views
from tests.core.oracles import agresti_min, t_interval, wilson

NAMES = sorted(stored_files())
FILLED, DRAWN = tuple(OFFERED), ("blur", "classless", "independent")
VIEWS = "by views"
KINDS = {"": (FILLED, DRAWN), VIEWS: (("eq3, views",), ("classless, views",))}


def pictures(kind, name):
    return stored_kinds()[kind][name]


def share(hits):
    return (rate := sum(hits) / len(hits), *wilson(rate, len(hits)))


def by_key(subject="mini-clip", reference="mini-resnet-robust", condition=""):
    findings = feature_findings(subject, reference)
    return {finding.claim.key: finding for finding in findings if finding.condition == condition}


def verdict_of(parts):
    """The rule; parts that clash are clear here with Holm's correction, too."""
    if {True, False} <= {*parts}:
        return Verdict.IN_PART
    return {(True,): Verdict.HOLDS, (False,): Verdict.FAILS}.get((*{*parts},), Verdict.UNDECIDED)


def more_than(margin, interval):
    """Whether a number above a margin is true, false, or open."""
    _, low, high = interval
    return True if low > margin else False if high < margin else None


def no_more_than(margin, interval):
    """Whether a claimed absence is true, false, or open."""
    truth = more_than(margin, interval)
    return None if truth is None else not truth


def assert_says(finding, expected, parts, unit=None):
    """Whether a finding has these (value, low, high), and the verdict on parts of which some hold."""
    actual = [tuple(evidence.measured) for evidence in finding.evidence if unit is None or evidence.unit == unit]
    assert len(actual) == len(expected)
    for value, other in zip(actual, expected, strict=True):
        assert value == pytest.approx(other, abs=1e-6, nan_ok=True)
    assert finding.verdict == verdict_of([*parts])


@pytest.mark.parametrize("condition", KINDS)
@pytest.mark.parametrize("name", NAMES)
def test_falls_of_the_loss_are_means_of_logarithms(name, condition):
    expected = []
    for kind in itertools.chain(*KINDS[condition]):
        ends = zip(*(pictures(kind, name)[f"loss_{when}"] for when in ("before", "after")), strict=True)
        expected.append(t_interval([math.log10(before / max(after, 1e-7)) for before, after in ends]))
    finding = by_key(name, condition=condition)["losses"]
    assert [tuple(number.measured) for number in finding.evidence] == [pytest.approx(mean) for mean in expected]
    assert finding.verdict == Verdict.NOT_CHECKABLE and "for CLIP" in finding.doubts[0]


@pytest.mark.parametrize(
    ("loss", "verdict"), [(1e-5, Verdict.HOLDS), (1e-2, Verdict.FAILS), (3.8e-4, Verdict.UNDECIDED)]
)
def test_clip_itself_is_held_to_its_loss(store, loss, verdict):
    ends = {"loss_before": np.full(20, 3.8), "loss_after": loss * 10 ** np.linspace(-0.5, 0.5, 20)}
    clip = replace(forged(20, **ends), classifier="clip-vit-b-32")
    store(clip, clip)
    assert by_key("a", "b")["losses"].verdict == verdict


@pytest.mark.parametrize("reference", [name for name in NAMES if name != "mini-clip"])
def test_the_finished_hole_decides(reference):
    expected, finished = [], []
    for column in ("change_inside", "sure_change"):
        for kind in FILLED:
            subject, other = (pictures(kind, name) for name in ("mini-clip", reference))
            chosen = range(len(subject["sure_step"]))
            if column == "sure_change":
                chosen = [k for k in chosen if subject["sure_step"][k] and other["sure_step"][k]]
            pairs = [(subject[column][k], other[column][k]) for k in chosen]
            difference = t_interval([a - b for a, b in pairs])
            own, theirs = map(t_interval, zip(*pairs, strict=True))
            if column == "change_inside":  # less than the other's, and so little that nobody sees it
                finished += [no_more_than(0, difference), no_more_than(8 / 255, own)]
            expected += [difference, own, theirs]
    assert_says(by_key(reference=reference)["squiggles"], expected, finished)


def test_predictions_become_right_and_drawings_confident():
    results, became, sure = by_key(), [], []
    for kind in FILLED:
        rows = pictures(kind, "mini-clip")
        became.append(share([end for was, end in zip(rows["was_target"], rows["is_target"], strict=True) if not was]))
    sure = [share([value >= 0.9 for value in pictures(kind, "mini-clip")["probability_after"]]) for kind in DRAWN]
    for key, expected in (("corrected", became), ("likely", sure)):
        assert_says(results[key], expected, [more_than(0.5, share) for share in expected])


@pytest.mark.parametrize(
    ("key", "condition"), [*itertools.product(("plausible", "displayed"), KINDS), ("views", ""), ("training", "")]
)
@pytest.mark.parametrize("subject", ["mini-clip", "mini-clip-vit"])
def test_what_judges_recognise_is_compared_by_picture(key, subject, condition):
    judges, finding = ("judge", "third"), by_key(subject, condition=condition)[key]
    if key == "views":
        pairs = [[(f"{kind}, {end}" if end else kind, subject) for end in ends] for kind, ends in
                 (("classless", ("paper", "views")), ("eq3", ("", "views")))]  # fmt: skip
    else:
        networks = ("mini-clip", "mini-clip-robust") if key == "training" else (subject, "mini-resnet-robust")
        kinds = {"plausible": FILLED, "displayed": DRAWN, "training": (*DRAWN, *FILLED)}[key]
        if condition:
            kinds = KINDS[VIEWS][key == "displayed"]
        pairs = [[(kind, name) for name in networks] for kind in kinds]
    if subject == SECOND_JUDGE and key != "training":
        judges = judges[:1]
    differences, gains, shares, own, ps = [], [], [], [], []
    for pair, judge in itertools.product(pairs, judges):
        first, other = (pictures(*whose)[f"{judge}_share_after"] for whose in pair)
        differences.append(agresti_min(first, other))
        shares += [sum(other) / len(other), sum(first) / len(first)]
        before = pictures(*pair[0])[f"{judge}_share_before"]
        gains.append(agresti_min(before, first))
        own += [sum(first) / len(first), sum(before) / len(before)]
        signs = [int(np.sign(b - a)) for a, b in zip(first, other, strict=True)]
        differ = len(signs) - signs.count(0)
        ps.append(stats.binomtest(signs.count(1), differ).pvalue if differ else 1.0)
    parts = [more_than(0, difference) for difference in differences]
    if key in ("plausible", "displayed"):  # the other half of the sentence: the subject gains nothing
        parts = [more_than(0.1, difference) for difference in differences]
        differences, parts = differences + gains, parts + [no_more_than(0.1, gain) for gain in gains]
        shares += own
    assert_says(finding, differences, parts, "points")
    assert [part.measured.value for part in finding.evidence if part.unit == "error"] == pytest.approx(shares)
    (p,) = (part.measured.value for part in finding.evidence if part.unit == "p")
    assert p == pytest.approx(max(ps), rel=1e-9, abs=0)
    assert (f"and {network_title(SECOND_JUDGE)}, of another family" in finding.doubts[0]) == (len(judges) == 2)
    assert key != "training" or finding == training_finding()


def test_what_the_starts_had_already_is_taken_away():
    finding, expected = by_key()["sampled"], []
    for kind, judge in itertools.product(DRAWN, ("judge", "third")):
        rows = pictures(kind, "mini-clip")
        expected.append(agresti_min(rows[f"{judge}_share_before"], rows[f"{judge}_share_after"]))
    assert_says(finding, expected, [no_more_than(0.1, gain) for gain in expected], "points")
    gained = any(low > 0 for _, low, _ in expected)
    assert any("doesn’t mean people would" in doubt for doubt in finding.doubts) == gained


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [((60, 62), Verdict.HOLDS), ((60, 70), Verdict.UNDECIDED), ((60, 90), Verdict.FAILS)],
)
def test_no_gain_is_told_by_a_margin(store, ends, verdict):
    before, after = (np.where(np.arange(100) < end, 1, 2) for end in ends)  # ranks of the target
    rows = forged(100, **{rank_column(0, BEFORE): before, rank_column(0): after})
    store(rows, rows)
    finding = by_key("a", "b")["sampled"]
    assert finding.verdict == verdict
    assert (finding.evidence[0].measured.low < 0) == (ends == (60, 62))


def test_large_pictures_are_judged_by_the_rank_of_their_class():
    stored, expected = stored_views(), []
    for prefix, seen in (("draw", "result"), ("hole", "alone")):
        rows = (stored["pictures"].get(f"{prefix}-{method}", []) for method in ("paper", "views"))
        papers, views = ({row["picture"]: row["places"][seen][0] == 1 for row in of_method} for of_method in rows)
        if common := [name for name in views if name in papers]:
            expected.append(agresti_min([papers[name] for name in common], [views[name] for name in common]))
    (finding,) = by_key(condition="224 px").values()
    assert_says(finding, expected, [more_than(0, gain) for gain in expected], "points")
    assert network_title(stored["judges"][0]["name"]) in finding.doubts[0]


def test_networks_of_which_nothing_is_stored_cannot_be_checked():
    results = [
        finding for finding in feature_findings("clip-vit-b-32", "mini-resnet-robust") if finding.condition != "224 px"
    ]
    judged = [finding.claim.key for finding in results if finding.verdict != Verdict.NOT_CHECKABLE]
    assert judged == ["training"] and network_title("clip-vit-b-32") in results[0].doubts[0]


def forged(count=10, **changes):
    """Unremarkable pictures, except for the changes."""
    usual = {column: np.full(count, 0.5) for column in NUMBERS} | recognised(0, False, count)
    changed = {name: np.array(values, float) for name, values in changes.items()}
    judges = ("judge", "third")[: 1 + (rank_column(1) in changes)]
    return PictureOutcomes("it", judges, usual | changed)


def recognised(judge, after, count=10):
    """Columns of a judge that recognises no start, and all results or none."""
    return {rank_column(judge, BEFORE): np.full(count, 2.0), rank_column(judge): np.full(count, 1.0 if after else 2.0)}


@pytest.fixture
def store(monkeypatch):
    """Return a function that makes these the stored pictures of networks a and b, of every kind."""
    monkeypatch.setattr(claim_table, "networks_for", lambda *_: ("a", "b"))
    return lambda a, b: monkeypatch.setattr(claim_table, "picture_outcomes", lambda kind: {"a": a, "b": b})


def test_one_picture_decides_nothing(store):
    for after in (2e-9, 3.8):  # the loss falls by far more than claimed, or not at all
        picture = replace(forged(1, loss_before=[3.8], loss_after=[after]), classifier="clip-vit-b-32")
        store(picture, picture)
        assert by_key("a", "b")["losses"].verdict == Verdict.UNDECIDED


COMPARED = ("plausible", "displayed", "training")


def test_forged_pictures_turn_the_verdicts(store):
    step = np.arange(1, 101)
    weak = forged(100, change_inside=step / 10_000)
    strong = forged(100, change_inside=step / 100, **recognised(0, True, 100))
    store(weak, strong)
    keys = ("squiggles", *COMPARED)
    assert {by_key("a", "b")[key].verdict for key in keys} == {Verdict.HOLDS}
    assert {by_key("b", "a")[key].verdict for key in keys[:-1]} == {Verdict.FAILS}
    blind = recognised(1, False, 100)
    store(
        *(replace(painted, judges=("judge", "third"), pictures=painted.pictures | blind) for painted in (weak, strong))
    )
    halved = [by_key("a", "b")[key].verdict for key in COMPARED]  # only the first two have a margin
    assert halved == [Verdict.IN_PART, Verdict.IN_PART, Verdict.UNDECIDED]


@pytest.mark.parametrize(
    ("judge", "third", "judges"), [("judge", "third", 2), ("other", "third", 1), ("judge", "it", 1), ("other", "it", 0)]
)
def test_pictures_are_compared_by_common_judges_alone(store, judge, third, judges):
    first = forged(**recognised(1, True))
    store(first, replace(first, judges=(judge, third)))
    finding = by_key("a", "b")["plausible"]
    assert (finding.verdict == Verdict.NOT_CHECKABLE) == (judges == 0)
    assert len([row for row in finding.evidence if row.sign_words]) == judges * len(FILLED)
    assert not judges or ("judges are" in finding.doubts[0]) == (judges == 2)


@pytest.mark.parametrize(("sure", "shown"), [(2, 2), (1, 0)])
def test_two_confident_pairs_are_the_fewest_with_an_interval(store, sure, shown):
    step = np.arange(1, 11) * (np.arange(10) < sure)
    columns = ("change_inside", "sure_change")
    store(*(forged(sure_step=step, **dict.fromkeys(columns, [change] * 10)) for change in (0.01, 0.9)))
    finding = by_key("a", "b")["squiggles"]
    assert sum(row.what.startswith("until confident") for row in finding.evidence) == shown
    assert finding.verdict == Verdict.HOLDS
