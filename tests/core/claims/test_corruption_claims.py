"""Claims about corruptions: stored files recomputed by numpy and scipy, and the verdicts from them."""

import itertools
import json
import math
import re

import numpy as np
import pytest
from scipy import stats

from core.claims import corruption_claims, statistics
from core.claims.claim_table import CLAIMS, findings
from core.claims.statistics import HIGH_CORRUPTIONS as HIGH
from core.claims.statistics import LOW_CORRUPTIONS as LOW
from core.claims.statistics import exact_rank_test, stored_corruptions
from core.claims.verdict import Verdict
from core.data.corruptions import CORRUPTIONS
from core.data.sample_sets import PRECOMPUTED
from tests.core.claims.judging import ALL_MAPS, CLIP, crossover_by_loops

CORRUPTED = PRECOMPUTED / "corruptions"
NAMES = sorted(path.stem for path in CORRUPTED.iterdir())


def judged_alone(key, subject=ALL_MAPS[CLIP]):
    (finding,) = findings(subject, subject, [*ALL_MAPS.values()], CLAIMS[key])
    return finding


def shipped_counts(name):
    """Read a shipped file by numpy alone: (n,) and (8, 3, n) whether each picture is wrong."""
    with np.load(CORRUPTED / f"{name}.npz") as file:
        n = json.loads(str(file["metadata"]))["pictures"]
        clean, *wrong = 1 - np.unpackbits(file["bits"][:, 0], axis=-1, count=n).astype(int)
        return clean, np.reshape(wrong, (8, 3, n))


def rise(name, kinds=tuple(CORRUPTIONS)):
    clean, wrong = shipped_counts(name)
    return wrong[[list(CORRUPTIONS).index(kind) for kind in kinds]].mean() - clean.mean()


@pytest.mark.parametrize("kind", ["mini-clip", "mini-resnet"])
def test_low_corruptions_harm_robust_twins_more(kind):
    robust = ALL_MAPS[f"{kind}-robust_cifar10"]
    finding = judged_alone("contrast", robust)
    slow = tuple(key for key in LOW if key != "contrast")
    expected = [rise(f"{kind}-robust", kinds) - rise(kind, kinds) for kinds in (slow, HIGH)]
    assert [evidence.measured.value for evidence in finding.evidence[3:5]] == pytest.approx(expected)
    assert expected[0] > 0 > expected[1] and "High-frequency" in finding.doubts[1]
    assert finding.maps == (robust.label, f"{kind}_cifar10") and finding.claim.display.tool == "Corruptions"
    pairs = [shipped_counts(name) for name in (f"{kind}-robust", kind)]
    rises = [wrong[list(CORRUPTIONS).index("contrast")] - clean for clean, wrong in pairs]  # (3, n), by strength
    by_strength = (rises[0] - rises[1]).mean(axis=1)
    assert [evidence.measured.value for evidence in finding.evidence[:3]] == pytest.approx(by_strength)
    stated = re.findall(r"([\d.]+) points (more|less)", finding.summary)
    signed = [float(number) * (1 if way == "more" else -1) for number, way in stated]
    assert signed == pytest.approx(100 * by_strength[[0, -1]], abs=0.051)
    # The parts are disjoint: contrast changes by strength, then the other slow corruptions.
    assert [part.number for part in finding.parts] == list(finding.evidence[:4])
    truths = []
    for part, gaps in zip(finding.parts, rises[0] - rises[1], strict=False):
        low, high = stats.bootstrap((gaps,), np.mean, n_resamples=2000, rng=0).confidence_interval
        assert part.number.measured[1:] == pytest.approx((low, high), abs=0.003)
        truths.append(True if low > 0 else False if high < 0 else None)
    assert [part.truth for part in finding.parts] == [*truths, None]
    assert finding.verdict == (Verdict.IN_PART if kind == "mini-clip" else Verdict.UNDECIDED)


def by_every_order(first, second):
    """Spearman's correlation by hand, and the share of all orders whose correlation is as far from zero."""

    def correlation(order):
        a, b = (np.argsort(np.argsort(values)) for values in (np.asarray(first)[list(order)], second))
        return 1 - 6 * ((a - b) ** 2).sum() / (len(a) * (len(a) ** 2 - 1))

    value = correlation(range(len(first)))
    rest = [abs(correlation(order)) >= abs(value) - 1e-9 for order in itertools.permutations(range(len(first)))]
    return value, float(np.mean(rest))


def test_the_permutation_test_goes_through_every_order():
    for seed in range(3):
        first, second = np.random.default_rng(seed).random((2, 6))
        assert exact_rank_test(first, second) == pytest.approx(by_every_order(first, second))
    assert exact_rank_test(np.arange(6.0), np.arange(6.0)) == pytest.approx((1, 2 / math.factorial(6)))


def errors_of_known(name):
    """Mean error under all corruptions, of the pictures that are right when clean, one by one."""
    clean, wrong = shipped_counts(name)
    right = [k for k in range(len(clean)) if not clean[k]]
    return np.mean([wrong[:, :, k].mean() for k in right])


def test_crossover_and_corruptions_depend_on_the_measure():
    radii = [crossover_by_loops(name) for name in NAMES]
    finding = judged_alone("shift")
    values = [evidence.measured.value for evidence in finding.evidence]
    measures = [
        [rise(name, tuple(CORRUPTIONS)) for name in NAMES],
        [errors_of_known(name) for name in NAMES],
        [shipped_counts(name)[1].mean() for name in NAMES],
        *([rise(name, kinds) for name in NAMES] for kinds in (HIGH, LOW)),
    ]
    for k, measure in enumerate(measures):
        assert values[2 * k : 2 * k + 2] == pytest.approx(by_every_order(radii, measure))
    assert values[1] < 0.05 < min(values[3], values[5]) and values[6] > 0.9 and values[8] < -0.8
    assert [part.truth for part in finding.parts] == [True, None, None]
    assert finding.verdict == Verdict.UNDECIDED and "on the measure" in finding.doubts[0]
    assert "6 small networks (" in finding.doubts[1] and "5 of 8" in finding.doubts[2]


def test_the_verdict_on_shifts_follows_the_ranks(monkeypatch):
    few = dict(itertools.islice(stored_corruptions().items(), 3))
    monkeypatch.setattr(statistics, "stored_corruptions", lambda: few)
    finding = judged_alone("shift")
    assert finding.verdict == Verdict.NOT_CHECKABLE and finding.doubts[0].endswith("results, and has 3.")
    monkeypatch.undo()
    clear, reverse, unclear = (0.9, 0.01), (-0.9, 0.01), (0.9, 0.06)
    verdicts = {
        (clear, clear, clear): Verdict.HOLDS,
        (clear, reverse, unclear): Verdict.IN_PART,
        (reverse, reverse, reverse): Verdict.FAILS,
        (reverse, unclear, unclear): Verdict.UNDECIDED,
        (clear, clear, unclear): Verdict.UNDECIDED,
    }
    for measured, verdict in verdicts.items():
        rest = iter([*measured, reverse, reverse])
        monkeypatch.setattr(corruption_claims, "exact_rank_test", lambda first, second, rest=rest: next(rest))
        assert judged_alone("shift").verdict == verdict
