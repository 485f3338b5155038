"""Readings, controls and choices of maps: what findings say for every pair that ships, and by an independent rule."""

import itertools
import math
import re
from pathlib import Path

import pytest
from scipy import stats

import core.claims.__main__ as claims_table
from core.claims.claim_table import CLAIMS, feature_findings, findings
from core.claims.finding import Topic
from core.claims.verdict import Verdict
from tests.core.claims.judging import (
    ALL_MAPS,
    CLIP,
    FOLDER,
    RESNET50,
    RESNET56,
    TRAINED_TWICE,
    File,
    gap,
    judged,
    shares,
    widened,
)
from tests.core.judged import stored_files
from tests.core.oracles import minus


@pytest.mark.parametrize(
    ("key", "bands"), [("low", [(0, 2)]), ("high", [(16, 21)]), ("spared", [(0, 1)]), ("within", [(0, 1), (16, 21)])]
)
def test_a_row_says_how_much_two_trainings_differ(published, key, bands):
    doubts = " ".join(published[key].doubts)
    (said,) = re.findall(r"Train one network twice, and the two differ by up to ([\d.]+) points", doubts)
    measured = []
    for names in TRAINED_TWICE:
        files = [File(FOLDER / f"{name}_cifar10.npz") for name in names]
        errors = [minus(*rows) if len(rows := shares(*(file.band(*band) for band in bands))) > 1 else rows[0]
                  for file in files]  # fmt: skip
        measured.append(abs(minus(*errors)[0]))
    assert float(said) == pytest.approx(max(measured), abs=0.051)
    assert f"on {len(TRAINED_TWICE)} small ViTs, each trained twice, not on CLIP." in doubts


def test_every_verdict_on_the_papers_clip_doubts_its_map(published):
    source = ALL_MAPS[CLIP].heatmap.metadata["source"]["note"]
    here, earlier = (re.search(rf"{rate} ?%", source) for rate in ("17.8", "79.4"))
    assert here and earlier
    for key, finding in published.items():
        doubts = [doubt for doubt in finding.doubts if "nohup_out_clip)" in doubt]
        assert len(doubts) == (CLIP in finding.maps and bool(finding.parts)), key
        assert all("79.4% error" in doubt and "17.8%." in doubt for doubt in doubts)
    other = judged(ALL_MAPS["mini-clip_cifar10"], ALL_MAPS[RESNET56], [])
    assert not any("79.4%" in doubt for finding in other.values() for doubt in finding.doubts)


def test_the_rise_turns_the_order_above_some_clean_error(published):
    clip, resnet = File(FOLDER / f"{CLIP}.npz"), File(FOLDER / f"{RESNET56}.npz")
    turn = clip.band(0, 2)[0] - resnet.band(0, 2)[0] + resnet.clean
    numbers_said = [float(number) for number in re.findall(r"([\d.]+)%", published["low"].doubts[0])]
    assert numbers_said == pytest.approx([100 * turn, 100 * min(clip.cells.values())], abs=0.051)
    assert 16 < numbers_said[0] < numbers_said[1] < 18
    both = judged(ALL_MAPS["mini-clip_cifar10"], ALL_MAPS["mini-resnet_cifar10"], [])["low"]
    assert "points more than" in both.doubts[0]


def test_high_says_what_equal_strength_makes_of_it(published):
    high, relies = published["high"], published["relies"]
    assert high.doubts[0].endswith(f"errs {relies.parts[1].number.number.removeprefix('+')} more.")
    assert "more" not in high.summary, "nothing under a green tick contradicts it"
    assert high.summary.startswith("Under the paper’s waves") and high.verdict == Verdict.HOLDS


def test_within_is_judged_by_both_readings(published):
    clip, resnet = (File(FOLDER / f"{name}.npz") for name in (CLIP, RESNET56))
    within, ends = published["within"], [(0, 1), (16, 21)]
    pairs = [(clip.band(0, 1), clip.band(16, 21)), *((clip.band(*end), resnet.band(*end)) for end in ends)]
    spreads = [(ends, 1), *(([end], 2) for end in ends)]
    for part, pair, (bands, networks) in zip(within.parts, pairs, spreads, strict=True):
        expected = widened(gap(*pair), *bands, networks=networks)
        assert [100 * end for end in part.number.measured] == pytest.approx(expected)
    assert [part.truth for part in within.parts] == [False, True, True] and within.verdict == Verdict.DEPENDS
    alone = judged(ALL_MAPS[CLIP], ALL_MAPS[RESNET50], ALL_MAPS.values())["within"]  # not measured alike
    assert alone.verdict == Verdict.FAILS and alone.maps == (CLIP,)


def verdict_by_loops(finding):
    """The verdict from intervals, sides and margins alone, one part after the other."""
    if not finding.parts:
        return "not checkable here"
    readings, verdicts = {}, {}
    for part in finding.parts:
        value, low, high = part.number.measured
        side = 1 if part.side == "above" else -1
        near = low if value > part.margin else high
        # standard errors from the margin, positive on the claimed side; an end at its value has no error
        errors = math.inf if near == value else 1.959964 * abs(value - part.margin) / abs(value - near)
        beyond = side * (errors if value > part.margin else -errors)
        readings.setdefault(part.reading, []).append(0.0 if math.isnan(low) else beyond)
    for reading, beyond in readings.items():
        falling = sorted(beyond, key=abs, reverse=True)
        ps = [2 * stats.norm.sf(abs(errors)) * (len(falling) - k) for k, errors in enumerate(falling)]
        clear = falling[: [*(p > 0.05 for p in ps), True].index(True)]
        signs = {errors > 0 for errors in clear}
        if all(errors > 1.959964 for errors in beyond):
            verdicts[reading] = "holds"
        elif all(errors < -1.959964 for errors in beyond):
            verdicts[reading] = "fails"
        else:
            verdicts[reading] = "holds in part" if len(signs) == 2 else "cannot tell"
    several = sorted(set(verdicts.values()))
    if len(several) == 1:
        return several[0]
    return "cannot tell" if "cannot tell" in several else "true in one sense"


NONSENSE = re.compile(r"nan|inf\b|None|\*\*\*\*|\{|\}|  | [.,;]|−0\b(?!\.)|\(\)|\b(\w+) \1\b")


def assert_makes_sense(finding):
    """Nothing of a finding is nonsense: its verdict, its sentences, and their numbers and names."""
    assert str(finding.verdict) == verdict_by_loops(finding)
    said = [finding.summary.replace("**", ""), *finding.doubts, *(part.number.number for part in finding.parts)]
    for sentence in said:
        plain = re.sub("[\N{FIRST STRONG ISOLATE}\N{POP DIRECTIONAL ISOLATE}]", "", sentence)
        assert not NONSENSE.search(plain), plain
    assert finding.summary == "" or finding.summary.endswith("."), finding.summary
    assert all(doubt.endswith((".", "?")) for doubt in finding.doubts), finding.doubts
    assert bool(finding.parts) or finding.doubts, "says why it cannot be checked"
    for name in finding.names:
        assert list(finding.names).count(name) == 1, "two networks of one name"
    in_words = re.findall("\N{FIRST STRONG ISOLATE}(.*?)\N{POP DIRECTIONAL ISOLATE}", finding.summary)
    assert set(in_words) <= {*finding.names}, "names only its own networks"
    for number in finding.bars:
        assert str(number) in finding.summary, "a bar for each number of the sentence"
        assert number.unit != "error" or f"**{number.figure.text}**" in finding.summary, "both say the same number"


OF_MAPS = [claim for claim in CLAIMS.values() if claim.topic != Topic.PICTURES]
OF_BOTH = [claim for claim in OF_MAPS if {*claim.roles} & {"subject", "reference"}]


EVERY_PAIR = [*itertools.permutations(ALL_MAPS, 2)]
NEIGHBOURS = [*zip(ALL_MAPS, [*ALL_MAPS][1:], strict=False), (CLIP, RESNET56), (RESNET56, CLIP)]


@pytest.mark.parametrize("pairs", [NEIGHBOURS, pytest.param(EVERY_PAIR, marks=pytest.mark.slow)], ids=["some", "every"])
def test_every_sentence_on_pairs_of_maps_makes_sense(pairs):
    assert len(EVERY_PAIR) == len(ALL_MAPS) * (len(ALL_MAPS) - 1) > 300
    pairs = [(ALL_MAPS[first], ALL_MAPS[second]) for first, second in pairs]
    clean = {name: File(FOLDER / f"{name}.npz").clean for name in ALL_MAPS}
    for claim, (first, second) in itertools.product(OF_BOTH, pairs):
        for finding in findings(first, second, [], claim):
            assert_makes_sense(finding)
            if "without a wave" in finding.summary:  # only of a network whose clean error is known
                about = [label for label in finding.maps if ALL_MAPS[label].classifier == finding.networks[0]]
                assert clean[about[0]] is not None, finding.summary
    for claim, named in itertools.product((claim for claim in OF_MAPS if claim not in OF_BOTH), ALL_MAPS.values()):
        for finding in findings(named, named, [*ALL_MAPS.values()], claim):
            assert_makes_sense(finding)


PAINTERS = [*stored_files(), "clip-vit-b-32"]
BY_PAIRS = [*itertools.permutations(PAINTERS, 2)]


@pytest.mark.parametrize(
    "pairs", [BY_PAIRS[::7], pytest.param(BY_PAIRS, marks=pytest.mark.slow)], ids=["some", "every"]
)
def test_every_sentence_on_pairs_of_painters_makes_sense(pairs):
    for first, second in pairs:
        for finding in feature_findings(first, second):
            assert_makes_sense(finding)


@pytest.mark.parametrize("name", ["mini-clip_cifar10", "mini-clip_cifar10-1000", CLIP])
def test_a_network_is_not_compared_with_itself(name):
    subject = ALL_MAPS["mini-clip_cifar10" if "mini" in name else CLIP]
    for finding in findings(subject, ALL_MAPS[name], [*ALL_MAPS.values()]):
        if {"subject", "reference"} <= {*finding.claim.roles} - {*finding.claim.optional}:
            assert finding.verdict == Verdict.NOT_CHECKABLE and "of one network" in finding.doubts[0]
        else:  # nor by the second reading
            assert len({part.reading for part in finding.parts}) < 2


def test_the_table_of_the_docs_is_what_the_command_prints(capsys):
    claims_table.main()
    text = (Path(__file__).parents[3] / "docs" / "results.md").read_text("utf-8")
    (table,) = re.findall(r"<!-- claims -->\n(.*?)<!-- end of claims -->", text, re.S)
    assert table == capsys.readouterr().out, "paste what `python -m core.claims` prints"
