"""Real corruptions: counts of the shipped files recomputed with numpy and scipy only, and the verdicts from them."""

import dataclasses
import itertools
import json
import math
import re

import numpy as np
import pytest
from scipy import stats

from core.claims import quantities, verdicts
from core.claims.claim import CLAIMS, NamedMap, Verdict
from core.claims.quantities import HIGH_CORRUPTIONS as HIGH
from core.claims.quantities import LOW_CORRUPTIONS as LOW
from core.claims.quantities import corruptions_of, exact_rank_test, stored_corruptions
from core.claims.verdicts import findings
from core.data.corruptions import CORRUPTIONS
from core.data.sample_sets import PRECOMPUTED
from core.fourier.heatmap import Heatmap
from tests.core.claims.judging import crossover_by_loops

FOLDER = PRECOMPUTED / "corruptions"
NAMES = sorted(path.stem for path in FOLDER.iterdir())
ALL_MAPS = [
    NamedMap(path.stem.partition("_")[0], path.stem, Heatmap.load(path))
    for path in sorted((PRECOMPUTED / "heatmaps").glob("*.npz"))
]


def judged(key, subject=None):
    subject = subject or ALL_MAPS[0]
    (finding,) = findings(subject, subject, ALL_MAPS, CLAIMS[key])
    return finding


def shipped_counts(name):
    """Read a shipped file by numpy alone: (n,) and (8, 3, n) whether each picture is wrong; spectra."""
    with np.load(FOLDER / f"{name}.npz") as file:
        n = json.loads(str(file["metadata"]))["pictures"]
        clean, *wrong = 1 - np.unpackbits(file["bits"][:, 0], axis=-1, count=n).astype(int)
        return clean, np.reshape(wrong, (8, 3, n)), file["spectrum"][1:].reshape(8, 3, -1).astype(float)


def rise(name, kinds=tuple(CORRUPTIONS)):
    clean, wrong, _ = shipped_counts(name)
    return wrong[[list(CORRUPTIONS).index(kind) for kind in kinds]].mean() - clean.mean()


def test_all_six_networks_saw_the_same_pictures_whole_and_in_a_few_kilobytes():
    stored = stored_corruptions()
    assert sorted(stored) == NAMES and len(NAMES) == 6
    assert len({outcomes.images for outcomes in stored.values()}) == 1
    for outcomes in stored.values():
        assert outcomes.measured.all() and outcomes.pictures == 2000 and outcomes.keys == tuple(CORRUPTIONS)
        assert outcomes.metadata["corruptions"] == {
            row.key: [row.amount(s, 32) for s in (1, 2, 3)] for row in CORRUPTIONS.values()
        }
        np.testing.assert_allclose(outcomes.spectrum, stored["mini-clip"].spectrum, rtol=1e-5)  # of the pictures alone
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 300_000


def test_corruptions_change_the_frequencies_that_their_kind_names_most():
    *_, spectrum = shipped_counts("mini-clip")
    below = spectrum[..., :4].sum(axis=-1) / spectrum.sum(axis=-1)
    for row, shares in zip(CORRUPTIONS.values(), below, strict=True):
        assert (shares.min() > 0.5) if row.kind == "low" else (shares.max() < 0.3), row.key
    assert (spectrum[..., 22:].sum(axis=-1) / spectrum.sum(axis=-1)).max() < 0.006  # beyond the corners of a map


@pytest.mark.parametrize("kind", ["mini-clip", "mini-resnet"])
def test_contrast_changes_harm_robust_twins_more_and_high_frequency_corruptions_less(kind):
    robust = next(named for named in ALL_MAPS if named.label == f"{kind}-robust_cifar10")
    finding = judged("contrast", robust)
    expected = [rise(f"{kind}-robust", kinds) - rise(kind, kinds) for kinds in (("contrast",), LOW, HIGH)]
    assert [evidence.measured.value for evidence in finding.evidence] == pytest.approx(expected)
    assert expected[0] > expected[1] > 0 > expected[2]
    assert finding.verdict == Verdict.HOLDS and "limited to low frequencies" in finding.doubts[2]
    (clean_a, wrong_a, _), (clean_b, wrong_b, _) = (shipped_counts(name) for name in (f"{kind}-robust", kind))
    stated = re.findall(r"[+-][\d.]+(?= points)", finding.doubts[1].replace("−", "-"))
    by_strength = 100 * ((wrong_a[5].mean(axis=1) - clean_a.mean()) - (wrong_b[5].mean(axis=1) - clean_b.mean()))
    assert [float(number) for number in stated] == pytest.approx([by_strength[0], by_strength[-1]], abs=0.051)
    assert finding.maps == (robust.label, f"{kind}_cifar10") and finding.tool == "Corruptions"
    pairs = [shipped_counts(name) for name in (f"{kind}-robust", kind)]
    rises = [wrong[5].mean(axis=0) - clean for clean, wrong, _ in pairs]
    low, high = stats.bootstrap((rises[0] - rises[1],), np.mean, n_resamples=2000, rng=0).confidence_interval
    assert finding.evidence[0].measured[1:] == pytest.approx((low, high), abs=0.002)


def test_corruptions_of_other_weights_or_without_a_twin_are_not_taken():
    robust = next(named for named in ALL_MAPS if named.label == "mini-clip-robust_cifar10")
    facts = robust.heatmap.metadata
    other = {**facts, "classifier": {**facts["classifier"], "sha256": "0" * 64}}
    changed = dataclasses.replace(robust, heatmap=dataclasses.replace(robust.heatmap, metadata=other))
    assert corruptions_of(robust) is stored_corruptions()["mini-clip-robust"] and corruptions_of(changed) is None
    (finding,) = findings(robust, robust, [robust], CLAIMS["contrast"])
    assert finding.verdict == Verdict.NOT_CHECKABLE and "robust twin" in finding.doubts[0]


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


def test_lower_crossover_goes_with_robustness_to_high_frequency_corruptions():
    radii = [crossover_by_loops(name) for name in NAMES]
    finding = judged("shift")
    values = [evidence.measured.value for evidence in finding.evidence]
    for k, kinds in enumerate((tuple(CORRUPTIONS), HIGH, LOW)):
        assert values[2 * k : 2 * k + 2] == pytest.approx(by_every_order(radii, [rise(name, kinds) for name in NAMES]))
    ratio = [(1 - shipped_counts(name)[1][0].mean()) / (1 - shipped_counts(name)[1][5].mean()) for name in NAMES]
    assert values[6:] == pytest.approx(by_every_order(radii, ratio))
    assert values[0] > 0.9 and values[2] > 0.9 and values[4] < -0.8 and max(values[1::2]) < 0.05
    assert finding.verdict == Verdict.IN_PART
    assert "6 small networks (" in finding.doubts[0] and "5 of 8 are high-frequency" in finding.doubts[1]


def test_the_verdict_on_shifts_follows_the_ranks(monkeypatch):
    few = dict(itertools.islice(stored_corruptions().items(), 3))
    monkeypatch.setattr(quantities, "stored_corruptions", lambda: few)
    finding = judged("shift")
    assert finding.verdict == Verdict.NOT_CHECKABLE and finding.doubts[0].endswith("results, and has 3.")
    monkeypatch.undo()
    signs = iter(
        [(0.9, 0.01), (0.9, 0.01), (-0.2, 0.7), (0, 1)] + [(0.2, 0.7), (0.9, 0.01), (0, 1), (0, 1)] + 4 * [(0, 1)]
    )
    monkeypatch.setattr(verdicts, "exact_rank_test", lambda first, second: next(signs))
    made = [judged("shift") for _ in range(3)]
    assert [result.verdict for result in made] == [Verdict.HOLDS, Verdict.IN_PART, Verdict.FAILS]
    assert not any("the other way round" in doubt for result in made for doubt in result.doubts)
