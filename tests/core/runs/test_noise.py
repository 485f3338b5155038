import numpy as np
import pytest

from core.runs import noise as seeds


def natural(batch, size=16, seed=0):
    """Smooth random pictures, uint8."""
    generator = np.random.default_rng(seed)
    coarse = generator.random((batch, 3, size // 4, size // 4))
    return (coarse.repeat(4, axis=2).repeat(4, axis=3) * 255).astype(np.uint8)


def test_class_statistics_are_those_of_numpy():
    images = natural(50)
    statistics = seeds.class_statistics(images, "fifty pictures")
    np.testing.assert_allclose(statistics.mean, (images / 255).mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(statistics.std, (images / 255).std(axis=0), atol=1e-6)
    same = seeds.class_statistics((images / 255).astype(np.float32), "as floats")
    np.testing.assert_allclose(same.std, statistics.std, atol=1e-6)


def test_noise_images_have_the_mean_and_spread_asked_for():
    mean, std = np.full((3, 4, 4), 0.5, np.float32), np.full((3, 4, 4), 0.1, np.float32)
    mean[0], std[1] = 0.3, 0.02
    drawn = seeds.noise_images(seeds.ClassStatistics(mean, std, ""), 4000, generator=np.random.default_rng(0))
    np.testing.assert_allclose(drawn.mean(axis=0), mean, atol=0.01)
    np.testing.assert_allclose(drawn.std(axis=0), std, rtol=0.06)
    assert np.abs(np.corrcoef(drawn[:, 0, 0, 0], drawn[:, 0, 0, 1])[0, 1]) < 0.05


@pytest.mark.parametrize("seed", range(3))
def test_seeds_are_images_repeat_and_do_not_depend_on_their_number(seed):
    images = natural(20, seed=seed)
    for kind, draw in (
        (seeds.class_statistics(images, ""), seeds.noise_images),
        (seeds.class_covariance(images, ""), seeds.covariance_images),
    ):
        few = draw(kind, 2, generator=np.random.default_rng(seed))
        many = draw(kind, 5, generator=np.random.default_rng(seed))
        assert many.shape == (5, 3, 16, 16) and many.dtype == np.float32
        assert many.min() >= 0 and many.max() <= 1
        np.testing.assert_allclose(few, many[:2], atol=1e-6)
        assert not np.allclose(many[0], many[1])


def test_covariance_images_have_the_full_covariance():
    # Away from 0 and 1, where nothing is clipped, the sample covariance must be the images' own.
    images = (natural(40, size=8) * 0.2 + 100).astype(np.uint8)
    covariance = seeds.class_covariance(images, "", grain=4)
    small = (images / 255).reshape(40, 3, 2, 4, 2, 4).mean(axis=(3, 5)).reshape(40, -1)
    wanted = np.cov(small, rowvar=False, bias=True) + 1e-4 * np.eye(12)
    np.testing.assert_allclose(covariance.deviations.T @ covariance.deviations, wanted - 1e-4 * np.eye(12), atol=1e-6)
    drawn = seeds.covariance_images(covariance, 20000, generator=np.random.default_rng(0))
    found = np.cov(drawn[:, :, ::4, ::4].reshape(20000, -1), rowvar=False, bias=True)
    np.testing.assert_allclose(found, wanted, atol=0.05 * wanted.max())


def test_covariance_images_are_made_of_squares():
    covariance = seeds.class_covariance(natural(5), "", grain=4)
    drawn = seeds.covariance_images(covariance, 1, generator=np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, drawn[:, :, ::4, ::4].repeat(4, axis=2).repeat(4, axis=3))


def test_resized_keeps_constants_and_says_so():
    natural_32 = seeds.natural_statistics(32)
    large = natural_32.resized(224)
    assert large.mean.shape == (3, 224, 224)
    np.testing.assert_allclose(large.mean[:, 0, 0], seeds.NATURAL_MEAN, atol=1e-6)
    assert "resized from 32 to 224" in large.source and "not this class" in large.source
    assert natural_32.resized(32) is natural_32


def test_resized_interpolates_between_pixel_centres():
    ramp = np.tile(np.linspace(0, 1, 4, dtype=np.float32), (3, 4, 1))
    large = seeds.ClassStatistics(ramp, ramp, "ramp").resized(8).mean[0, 0]
    np.testing.assert_allclose(large[1:-1], (np.arange(1, 7) - 0.5) / 6, atol=1e-6)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: seeds.class_statistics(natural(1), ""), "at least 2 images"),
        (lambda: seeds.class_covariance(natural(1), ""), "at least 2 images"),
        (lambda: seeds.class_covariance(natural(3), "", grain=5), "grain must divide"),
        (lambda: seeds.ClassStatistics(np.zeros((3, 4, 4)), np.zeros((3, 5, 5)), ""), "must both be"),
        (lambda: seeds.ClassStatistics(np.full((3, 4, 4), 2.0), np.zeros((3, 4, 4)), ""), r"in \[0, 1\]"),
        (
            lambda: seeds.noise_images(seeds.natural_statistics(4), 0, generator=np.random.default_rng(0)),
            "number of seeds",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
