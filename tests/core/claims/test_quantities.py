"""Claims about corruptions and gradients: stored files recomputed by numpy and scipy, and the verdicts from them."""

import dataclasses
import itertools
import json
import math
import re

import numpy as np
import pytest
from scipy import stats
from scipy.stats import rankdata, spearmanr

from core.claims import quantities, verdicts
from core.claims.claim import CLAIMS, NamedMap, Verdict
from core.claims.quantities import HIGH_CORRUPTIONS as HIGH
from core.claims.quantities import LOW_CORRUPTIONS as LOW
from core.claims.quantities import (
    _as_smooth,
    exact_rank_test,
    gradient_agreement,
    stored_corruptions,
    stored_gradient,
    stored_gradients,
)
from core.claims.verdicts import findings
from core.classifiers.registry import bundled_specs, load_classifier
from core.data.corruptions import CORRUPTIONS
from core.data.datasets import load_samples
from core.data.sample_sets import CIFAR10, PRECOMPUTED
from core.fourier.heatmap import Heatmap
from core.fourier.outcomes import StoredGradient
from core.fourier.waves import half_plane, relative_energy, wave_map
from core.shared.numbers import student
from core.sweep.transforms import loss_gradients
from tests.core.claims.judging import ALL_MAPS, CLIP, crossover_by_loops
from tests.core.squares import with_squares

CORRUPTED = PRECOMPUTED / "corruptions"
NAMES = sorted(path.stem for path in CORRUPTED.iterdir())


def judged_alone(key, subject=ALL_MAPS[CLIP]):
    (finding,) = findings(subject, subject, [*ALL_MAPS.values()], CLAIMS[key])
    return finding


def shipped_counts(name):
    """Read a shipped file by numpy alone: (n,) and (8, 3, n) whether each picture is wrong; spectra."""
    with np.load(CORRUPTED / f"{name}.npz") as file:
        n = json.loads(str(file["metadata"]))["pictures"]
        clean, *wrong = 1 - np.unpackbits(file["bits"][:, 0], axis=-1, count=n).astype(int)
        return clean, np.reshape(wrong, (8, 3, n)), file["spectrum"][1:].reshape(8, 3, -1).astype(float)


def rise(name, kinds=tuple(CORRUPTIONS)):
    clean, wrong, _ = shipped_counts(name)
    return wrong[[list(CORRUPTIONS).index(kind) for kind in kinds]].mean() - clean.mean()


def test_all_networks_saw_the_same_pictures_under_the_present_corruptions():
    amounts = {row.key: [row.amount(s, 32) for s in (1, 2, 3)] for row in CORRUPTIONS.values()}
    stored = stored_corruptions().values()
    assert len({outcomes.images for outcomes in stored}) == 1 and len(stored) == len(NAMES) == 6
    assert all(outcomes.measured.all() and outcomes.metadata["corruptions"] == amounts for outcomes in stored)


def test_corruptions_change_the_frequencies_that_their_kind_names_most():
    *_, spectrum = shipped_counts("mini-clip")
    below = spectrum[..., :4].sum(axis=-1) / spectrum.sum(axis=-1)
    for row, shares in zip(CORRUPTIONS.values(), below, strict=True):
        assert (shares.min() > 0.5) if row.kind == "low" else (shares.max() < 0.3), row.key
    assert (spectrum[..., 22:].sum(axis=-1) / spectrum.sum(axis=-1)).max() < 0.006  # beyond the corners of a map


@pytest.mark.parametrize("kind", ["mini-clip", "mini-resnet"])
def test_contrast_changes_harm_robust_twins_more_and_high_frequency_corruptions_less(kind):
    robust = ALL_MAPS[f"{kind}-robust_cifar10"]
    finding = judged_alone("contrast", robust)
    expected = [rise(f"{kind}-robust", kinds) - rise(kind, kinds) for kinds in (("contrast",), LOW, HIGH)]
    assert [evidence.measured.value for evidence in finding.evidence] == pytest.approx(expected)
    assert expected[0] > expected[1] > 0 > expected[2]
    assert finding.verdict == Verdict.HOLDS and "limited to low frequencies" in finding.doubts[2]
    assert finding.maps == (robust.label, f"{kind}_cifar10") and finding.tool == "Corruptions"
    pairs = [shipped_counts(name) for name in (f"{kind}-robust", kind)]
    rises = [wrong[5] - clean for clean, wrong, _ in pairs]  # (3, n) under contrast changes, by strength
    stated = re.findall(r"[+-][\d.]+(?= points)", finding.doubts[1].replace("−", "-"))
    by_strength = 100 * (rises[0] - rises[1]).mean(axis=1)
    assert [float(number) for number in stated] == pytest.approx(by_strength[[0, -1]], abs=0.051)
    gaps = (rises[0] - rises[1]).mean(axis=0)
    low, high = stats.bootstrap((gaps,), np.mean, n_resamples=2000, rng=0).confidence_interval
    assert finding.evidence[0].measured[1:] == pytest.approx((low, high), abs=0.002)


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
    finding = judged_alone("shift")
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
    finding = judged_alone("shift")
    assert finding.verdict == Verdict.NOT_CHECKABLE and finding.doubts[0].endswith("results, and has 3.")
    monkeypatch.undo()
    signs = iter(
        [(0.9, 0.01), (0.9, 0.01), (-0.2, 0.7), (0, 1)] + [(0.2, 0.7), (0.9, 0.01), (0, 1), (0, 1)] + 4 * [(0, 1)]
    )
    monkeypatch.setattr(verdicts, "exact_rank_test", lambda first, second: next(signs))
    made = [judged_alone("shift") for _ in range(3)]
    assert [result.verdict for result in made] == [Verdict.HOLDS, Verdict.IN_PART, Verdict.FAILS]


WAVES = half_plane(31)
RADIUS = np.hypot(*np.transpose(WAVES))


def shipped(name):
    return Heatmap.load(PRECOMPUTED / "heatmaps" / f"{name}_cifar10.npz")


def named(heatmap):
    return NamedMap("Toy", "toy", heatmap)


def judged_by_gradient(named):
    (finding,) = findings(named, named, [], CLAIMS["gradient"])
    return finding


def with_errors(values):
    """A map of Mini ResNet with these errors, one per wave."""
    heatmap = shipped("mini-resnet")
    errors = wave_map(np.rint(np.asarray(values)), WAVES, 31).astype(np.int64)
    return with_squares(heatmap, top1_errors=errors)


def gradient(energy):
    """A gradient that is equal in all blocks of pictures."""
    facts = {"classifier": {"name": "toy"}, "dataset": {"n": 1000}}
    numbers = {"energy": np.tile(energy, (20, 1)).astype(np.float16)}
    return StoredGradient(np.full(20, 50), np.zeros((20, 0), np.int64), facts, numbers=numbers)


def test_every_bundled_model_has_a_stored_gradient_of_its_own_weights():
    stored = stored_gradients()
    assert stored.keys() == bundled_specs().keys()
    for name, gradient_of in stored.items():
        assert stored_gradient(shipped(name)) is gradient_of and gradient_of.pictures == 1000
        assert gradient_of.energy @ np.where(RADIUS == 0, 1, 2) / 31**2 == pytest.approx(1, rel=1e-3)


def test_the_stored_gradient_is_that_of_other_pictures_within_the_noise():
    data, classifier = load_samples("cifar10-samples"), load_classifier("mini-resnet", CIFAR10)
    images, stored = data.images.astype(np.float32) / 255, stored_gradients()["mini-resnet"]
    energy = relative_energy(loss_gradients(classifier, images, data.labels), 31)
    here, there = student(energy @ RADIUS), stored.energy @ RADIUS
    assert abs(here.value - there) < 2 * (here.high - here.value)


def test_agreement_is_scipys_over_waves_and_over_ring_means():
    heatmap, stored = shipped("mini-resnet"), stored_gradients()["mini-resnet"]
    agreement = gradient_agreement(stored, heatmap)
    rise = [heatmap.top1_errors[15 + i, 15 + j] - heatmap.clean[0] for i, j in WAVES]
    assert agreement.count == 481 and agreement.waves.value == pytest.approx(spearmanr(stored.energy, rise).statistic)
    rings = [[k for k, wave in enumerate(WAVES) if round(math.hypot(*wave)) == r] for r in range(22)]
    means = [[np.mean([values[k] for k in ring]) for ring in rings] for values in (stored.energy, rise)]
    assert agreement.rings.value == pytest.approx(spearmanr(*means).statistic)
    # Other pictures give other correlations: the interval is as wide as the spread of single blocks implies.
    single = [spearmanr(block, rise).statistic for block in stored.blocks]
    width = agreement.waves.high - agreement.waves.low
    assert 0 < width < 4 * np.std(single) and agreement.waves.low < agreement.waves.value < agreement.waves.high


def test_smooth_maps_agree_by_chance_more_often_than_rough_ones():
    generator = np.random.default_rng(0)
    smooth, rough = RADIUS, generator.permutation(len(WAVES)).astype(float)
    noise = generator.normal(size=len(WAVES))
    for energy, limit in ((smooth, 0.2), (rough, 0.002)):
        weak = 0.5 * energy / energy.std() + noise  # correlates at about 0.45 with either
        agreement = gradient_agreement(gradient(energy), with_errors(5000 + 500 * weak))
        assert agreement.waves.value == pytest.approx(0.45, abs=0.1)
        assert (agreement.p < 0.002) == (limit == 0.002), agreement


def test_maps_by_chance_have_the_waves_of_the_ranks_with_other_signs():
    stored = gradient(np.random.default_rng(0).normal(size=len(WAVES)) + RADIUS)
    maps, ranks = _as_smooth(stored, np.random.default_rng(1)), rankdata(stored.energy)
    spectrum = np.fft.fft2(np.fft.ifftshift(wave_map(ranks - ranks.mean(), WAVES, 31)))
    spectra = np.fft.fft2(np.fft.ifftshift(maps, axes=(1, 2)))
    np.testing.assert_allclose(np.abs(spectra[:20]), np.broadcast_to(np.abs(spectrum), (20, 31, 31)), atol=1e-6)
    agreement = np.mean(np.sign(spectra.real) == np.sign(spectrum.real), axis=0)
    assert len(maps) == 1000 and (abs(agreement - 0.5) < 0.08).all()


def test_verdicts_on_the_shipped_maps():
    for name in stored_gradients():
        finding = judged_by_gradient(named(shipped(name)))
        waves, p, rings = (evidence.measured for evidence in finding.evidence)
        assert (finding.wave, finding.show, finding.maps) == ((0, 1), "Minus clean", ("toy",))
        assert waves.low > 0 and p.value < 0.05 and -1 <= rings.low <= rings.high <= 1
        holds = name in ("mini-resnet", "mini-clip-robust")
        assert finding.verdict == (Verdict.HOLDS if holds else Verdict.IN_PART) and holds == (rings.value >= 0.5)
        assert len(finding.doubts) == (not holds)


def test_a_map_that_runs_against_its_gradient_fails():
    against = with_errors(9000 - 100 * np.argsort(np.argsort(stored_gradients()["mini-resnet"].energy)) / 10)
    finding = judged_by_gradient(named(against))
    assert finding.verdict == Verdict.FAILS and finding.evidence[0].measured.value < -0.99


def test_what_cannot_be_checked_says_what_to_choose():
    heatmap = shipped("mini-resnet")
    facts = heatmap.metadata
    for changed in (
        {"classifier": {**facts["classifier"], "name": "clip-vit-b-32"}},
        {"classifier": {**facts["classifier"], "sha256": "0" * 64}},
        {"class_names": ["other"] * 10},
        {"image_size": 64},
    ):
        finding = judged_by_gradient(named(dataclasses.replace(heatmap, metadata={**facts, **changed})))
        assert finding.verdict == Verdict.NOT_CHECKABLE and "mini-clip, mini-clip-robust" in finding.doubts[0]
    finding = judged_by_gradient(named(with_errors(np.full(len(WAVES), 500))))
    assert finding.verdict == Verdict.NOT_CHECKABLE and "too few waves" in finding.doubts[0]
    assert judged_by_gradient(named(heatmap.crop(9))).evidence[0].what == "rank correlation over 41 waves"
