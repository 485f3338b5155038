"""Gradients against heat maps: stored gradients compared with their files, scipy and live ones."""

import dataclasses
import math

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr

from core.claims.claim import CLAIMS, NamedMap, Verdict
from core.claims.quantities import _as_smooth, gradient_agreement, stored_gradient, stored_gradients
from core.claims.verdicts import findings
from core.classifiers.registry import bundled_specs, load_classifier
from core.data.datasets import load_samples
from core.data.sample_sets import CIFAR10, PRECOMPUTED
from core.data.stored import stored_files
from core.fourier.derived import relative_energy
from core.fourier.heatmap import Heatmap
from core.fourier.outcomes import StoredGradient
from core.fourier.waves import half_plane, wave_map
from core.shared.numbers import student
from core.sweep.transforms import loss_gradients
from tests.core.squares import with_squares

WAVES = half_plane(31)
RADIUS = np.hypot(*np.transpose(WAVES))


def shipped(name):
    return Heatmap.load(PRECOMPUTED / "heatmaps" / f"{name}_cifar10.npz")


def named(heatmap):
    return NamedMap("Toy", "toy", heatmap)


def judged_alone(named):
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


def test_every_bundled_model_has_a_stored_gradient_with_its_own_weights_on_the_maps_images():
    stored = stored_gradients()
    assert stored.keys() == bundled_specs().keys()
    for name, spectrum in stored.items():
        heatmap = shipped(name)
        assert spectrum.sha256 == heatmap.metadata["classifier"]["sha256"] and stored_gradient(heatmap) is spectrum
        assert spectrum.side == 31 and spectrum.pictures == 1000
        assert spectrum.energy @ np.where(RADIUS == 0, 1, 2) / 31**2 == pytest.approx(1, rel=1e-3)
    thousand = Heatmap.load(PRECOMPUTED / "heatmaps" / "mini-resnet_cifar10-1000.npz")
    for path in stored_files("gradients"):
        with np.load(path) as file:
            assert thousand.metadata["dataset"]["content_hash"] in str(file["metadata"])
    assert sum(path.stat().st_size for path in stored_files("gradients")) < 300_000


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
        finding = judged_alone(named(shipped(name)))
        waves, p, rings = (evidence.measured for evidence in finding.evidence)
        assert (finding.wave, finding.show, finding.maps) == ((0, 1), "Minus clean", ("toy",))
        assert waves.low > 0 and p.value < 0.05 and -1 <= rings.low <= rings.high <= 1
        holds = name in ("mini-resnet", "mini-clip-robust")
        assert finding.verdict == (Verdict.HOLDS if holds else Verdict.IN_PART) and holds == (rings.value >= 0.5)
        assert len(finding.doubts) == (not holds)


def test_a_map_that_runs_against_its_gradient_fails():
    against = with_errors(9000 - 100 * np.argsort(np.argsort(stored_gradients()["mini-resnet"].energy)) / 10)
    finding = judged_alone(named(against))
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
        finding = judged_alone(named(dataclasses.replace(heatmap, metadata={**facts, **changed})))
        assert finding.verdict == Verdict.NOT_CHECKABLE and "mini-clip, mini-clip-robust" in finding.doubts[0]
    finding = judged_alone(named(with_errors(np.full(len(WAVES), 500))))
    assert finding.verdict == Verdict.NOT_CHECKABLE and "too few waves" in finding.doubts[0]
    assert judged_alone(named(heatmap.crop(9))).evidence[0].what == "rank correlation over 41 waves"
