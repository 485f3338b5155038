"""What noise can do to a verdict: exchangeable maps, two trainings of one network, parts exactly at their margins."""

import collections
import dataclasses
import itertools
import math

import numpy as np
import pytest
from scipy import stats

from core.claims.claim_table import CLAIMS, findings
from core.claims.evidence import Evidence
from core.claims.statistics import with_spread
from core.claims.verdict import CHANCE, Verdict, above, below
from core.shared.numbers import Z95, Interval
from tests.core.claims.judging import ALL_MAPS, CLIP, TRAINED_TWICE, judged, with_facts


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2, 4, 12])
def test_noise_gives_parts_at_their_margins_no_verdict(count):
    rng, draws = np.random.default_rng(count), 4000
    verdicts = collections.Counter()
    for values in rng.normal(0.1, 1, (draws, count)):
        numbers = [Evidence("x", Interval(value, value - Z95, value + Z95)) for value in values]
        sides = itertools.cycle([above, below])
        verdicts[Verdict.of_reading([side(number, 0.1) for side, number in zip(sides, numbers, strict=False)])] += 1
    most = stats.binom.isf(1e-3, draws, CHANCE)
    assert all(verdicts[verdict] <= most for verdict in (Verdict.HOLDS, Verdict.FAILS, Verdict.IN_PART)), verdicts
    assert count > 1 or verdicts[Verdict.FAILS] > stats.binom.isf(1 - 1e-3, draws, CHANCE)  # noise can be seen


@pytest.mark.parametrize("first", range(len(TRAINED_TWICE)))
def test_two_trainings_of_one_network_do_not_hold(first):
    """Nothing that one network is said to do more than the other holds of two trainings, in either order."""
    for names in itertools.permutations(TRAINED_TWICE[first]):
        maps = [with_facts(ALL_MAPS[f"{name}_cifar10"], classifier={"name": name}) for name in names]
        verdicts = {key: finding.verdict for key, finding in judged(*maps, []).items()}
        for key in ("low", "high", "relies", "within", "spared", "robust-high", "different"):
            assert verdicts[key] not in (Verdict.HOLDS, Verdict.IN_PART), (key, names)
        assert {verdicts[key] for key in ("low", "high")} == {Verdict.UNDECIDED}


def exchangeable(first, second, rng):
    """Two maps that swap all outcomes on an image with probability 1/2: whatever differs between them is noise."""
    a, b = (np.unpackbits(named.heatmap.bits, axis=-1) for named in (first, second))
    swap = rng.random(a.shape[-1]) < 0.5
    for k, (own, other) in enumerate(((a, b), (b, a))):
        bits = np.where(swap, other, own)
        heatmap, hits = first.heatmap, first.heatmap.hits.copy()
        hits[:, 0] = np.where(hits[:, 0] >= 0, bits[:, 0].sum(axis=-1), -1)
        mixed = dataclasses.replace(heatmap, bits=np.packbits(bits, axis=-1), hits=hits)
        # of no data that a network was trained twice on, whose spread would hide the noise of the images
        named = dataclasses.replace(first, name=f"mixed-{k}", label=f"mixed-{k}", heatmap=mixed)
        yield with_facts(named, classifier={"name": f"mixed-{k}"}, dataset={"name": "other"})


@pytest.mark.slow
def test_exchangeable_maps_seldom_get_a_verdict():
    first, second = ALL_MAPS["mini-clip_cifar10"], ALL_MAPS["mini-resnet_cifar10"]
    rng, draws, found = np.random.default_rng(0), 400, collections.Counter()
    for _ in range(draws):
        maps = [*exchangeable(first, second, rng)]
        for key in ("low", "high", "relies", "within", "spared", "robust-high"):
            (finding,) = findings(*maps, [], CLAIMS[key])
            compared = [
                part for part in finding.parts if part.reading not in ("compared with no wave", "within its own map")
            ]
            assert compared, key
            found[key, Verdict.of_reading(compared)] += 1
    most = stats.binom.isf(1e-3, draws, CHANCE)
    decided = {row: count for row, count in found.items() if row[1] != Verdict.UNDECIDED}
    assert decided and max(decided.values()) <= most, decided


@pytest.mark.slow
@pytest.mark.parametrize("sampling", [0.0, 1.0])
def test_two_trainings_alone_seldom_get_a_verdict(sampling):
    """The spread is known from four pairs only, and the numbers still lie beyond their interval in 5% of draws."""
    rng, draws, like = np.random.default_rng(0), 4000, ALL_MAPS[CLIP].heatmap
    for networks in (1, 2):
        beyond = collections.Counter()
        for _ in range(draws):
            value = rng.normal(0, math.hypot(math.sqrt(networks), sampling))
            number = Evidence("", Interval(value, value - sampling * Z95, value + sampling * Z95))
            measured = with_spread(
                number, lambda *maps: Interval.exact(rng.normal(0, math.sqrt(2))), like, networks=networks
            ).measured
            beyond["above"] += measured.low > 0
            beyond["below"] += measured.high < 0
        assert max(beyond.values()) <= stats.binom.isf(1e-3, draws, CHANCE), beyond
        assert sampling or min(beyond.values()) >= stats.binom.isf(1 - 1e-3, draws, CHANCE), beyond
