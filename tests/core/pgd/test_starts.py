"""Starts of generation: their distributions and repeatability."""

import numpy as np
import pytest

from core.data.canvases import CANVASES
from core.data.class_statistics import ClassStatistics, DatasetCovariance, covariance_path
from core.data.sample_sets import CIFAR10, IMAGENET_MEAN, ClassSet, ImageDataset
from core.pgd.plan import generation_plans
from core.pgd.settings import PGDConfig
from core.pgd.starts import MADE_STARTS, STARTS, draw_starts, start_facts, start_of


def smooth(count, size=16, seed=0):
    """Smooth random pictures, uint8."""
    coarse = np.random.default_rng(seed).random((count, 3, size // 4, size // 4))
    return (coarse.repeat(4, axis=2).repeat(4, axis=3) * 255).astype(np.uint8)


def dataset(count, classes, size=16):
    labels = np.arange(count, dtype=np.int64) % len(classes)
    return ImageDataset("noise", "test", smooth(count, size), labels, classes, "noise")


def test_pixel_noise_has_the_requested_mean_and_spread():
    mean, std = np.full((3, 4, 4), 0.5, np.float32), np.full((3, 4, 4), 0.1, np.float32)
    mean[0], std[1] = 0.3, 0.02
    drawn = ClassStatistics(mean, std, "").draw(4000, generator=np.random.default_rng(0))
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.01)
    np.testing.assert_allclose(drawn.std(axis=0), std, rtol=0.06)
    assert np.abs(np.corrcoef(drawn[:, 0, 0, 0], drawn[:, 0, 0, 1])[0, 1]) < 0.05


def test_bundled_statistics_come_first():
    assert start_of("cat", "cifar10", 16, "independent", dataset(12, CIFAR10)).distribution.mean.shape == (3, 16, 16)
    assert start_of("cat", "cifar10", 16, "blur", dataset(12, CIFAR10)).distribution.draw(
        1, generator=np.random.default_rng(0)
    ).shape == (1, 3, 16, 16)
    many = dataset(20, ClassSet("custom", ("ant", "bee")))
    for name in ("independent", "blur"):
        own = start_of("bee", "custom", 16, name, many)
        assert own.name == name and not own.why and "10 test images of “bee” in " in own.distribution.source
        np.testing.assert_allclose(own.distribution.mean, (many.images[1::2] / 255).mean(axis=0), atol=1e-6)


def test_class_without_images_starts_without_a_class():
    few = dataset(4, ClassSet("custom", ("ant", "bee")))
    for start in (start_of("bee", "custom", 16, "blur", few), start_of("a red bus", "cifar10", 32)):
        assert start.name == "classless" and "50,000 training images of all classes" in start.distribution.source
    assert "“a red bus”" in start.why and "blur of no class" in start.why
    noise = start_of("a red bus", "cifar10", 32, "independent")
    assert not noise.why, "pixel noise was requested"
    assert noise.name == "independent" and "not this class" in noise.distribution.source
    np.testing.assert_allclose(noise.distribution.mean[:, 0, 0], IMAGENET_MEAN, atol=1e-6)
    classless = start_of("cat", "cifar10", 32, "classless")
    assert classless.name == "classless" and not classless.why
    large = start_of("a red bus", "imagenet", 224)
    assert large.name == "grey" and "start is grey" in large.why
    assert large.distribution.draw(1, generator=np.random.default_rng(0)).shape == (1, 3, 224, 224)


def test_blurs_of_no_class_have_the_pooled_covariance():
    stored = DatasetCovariance.load(covariance_path("cifar10"))
    pooled = stored.pooled()
    # By the law of total covariance: mean E[x x'] over ten classes, minus the square of their mean.
    second = [
        blur.factors.T.astype(float) @ blur.factors + np.outer(blur.mean.ravel(), blur.mean.ravel().astype(float))
        for blur in map(stored.of_class, stored.class_names)
    ]
    mean = np.mean([stored.of_class(name).mean for name in stored.class_names], axis=0).ravel().astype(float)
    expected = np.mean(second, axis=0) - np.outer(mean, mean)
    np.testing.assert_allclose(pooled.factors.T.astype(float) @ pooled.factors, expected, atol=2e-6)
    np.testing.assert_allclose(pooled.mean.ravel(), mean, atol=1e-6)


@pytest.mark.parametrize("start", MADE_STARTS)
def test_starts_do_not_depend_on_other_targets(start):
    starts = draw_starts(["cat", "a red bus"], 2, "cifar10", 7, start)
    alone = draw_starts(["a red bus"], 2, "cifar10", 7, start)
    assert starts.shape == (4, 3, 32, 32)
    np.testing.assert_array_equal(starts[2:], alone)
    if start not in CANVASES or start == "grey":  # the others are not random
        assert not np.array_equal(draw_starts(["cat"], 2, "cifar10", 8, start), starts[:2])


def test_scripts_and_pages_draw_the_same_starts():
    config = PGDConfig(epsilon=1, step_size=1, steps=1)
    plans = generation_plans(lambda name: start_of(name, "cifar10", 32), ["frog", 3], CIFAR10, config, seed=7, tries=2)
    drawn = plans([3, 0, 4]).start  # the second try at the cat, the first at the frog, and at the frog again
    np.testing.assert_array_equal(drawn[0], draw_starts(["cat"], 2, "cifar10", 7)[1])
    np.testing.assert_array_equal(drawn[1], draw_starts(["frog"], 2, "cifar10", 7)[0])
    assert np.abs(drawn[2] - drawn[1]).max() > 0.01
    other_case = generation_plans(lambda name: start_of(name, "cifar10", 32), [" Frog"], CIFAR10, config, seed=7)
    np.testing.assert_array_equal(other_case([0]).start[0], drawn[1])


def test_start_facts_name_the_start_of_each_target():
    facts = start_facts(["cat", "a red bus"], "cifar10")
    assert facts["start"] == "blur" and "“cat” from blur of 5,000 training images" in facts["credit"]
    assert "“a red bus” from blur of no class of 50,000 training images of all classes" in facts["credit"]
    assert start_facts(["a red bus"], "cifar10")["start"] == "classless", "the actual start, not the requested one"
    assert all(row.source.endswith(".") for row in STARTS.values())
