"""Class covariances: computed against the images', and saved against exact ones."""

import numpy as np
import pytest

from core.data.sample_sets import ClassSet, ImageDataset
from core.data.statistics import DatasetCovariance, class_covariance
from core.shared.files import ArchiveError
from precomputed.make_statistics import dataset_covariance


def pictures(count, size=8, seed=0):
    """Random pictures of 4 x 4 pixel squares, uint8, away from 0 and 255, where nothing is clipped."""
    coarse = np.random.default_rng(seed).random((count, 3, size // 4, size // 4))
    return (coarse.repeat(4, axis=2).repeat(4, axis=3) * 50 + 100).astype(np.uint8)


def small_values(images, grain):
    n, _, height, width = images.shape
    return (images / 255).reshape(n, 3, height // grain, grain, width // grain, grain).mean(axis=(3, 5)).reshape(n, -1)


def test_exact_covariance_is_that_of_the_images():
    images = pictures(40)
    expected = np.cov(small_values(images, 1), rowvar=False, bias=True) + 1e-4 * np.eye(192)
    drawn = class_covariance(images, 1, "").draw(20000, generator=np.random.default_rng(0))
    covariance = np.cov(drawn.reshape(20000, -1), rowvar=False, bias=True)
    np.testing.assert_allclose(covariance, expected, atol=0.05 * expected.max())


def test_components_are_the_principal_ones():
    images = pictures(40)
    values = small_values(images, 4)
    variances, axes = np.linalg.eigh(np.cov(values, rowvar=False, bias=True))
    for components in (3, 12):
        factors = class_covariance(images, 4, "", components).factors
        expected = (axes * variances)[:, -components:] @ axes[:, -components:].T
        np.testing.assert_allclose(factors.T @ factors, expected, atol=1e-6)


def test_coarse_images_are_enlarged_linearly():
    drawn = class_covariance(pictures(40), 4, "", 12).draw(1, generator=np.random.default_rng(0))[0, 0]
    corners = drawn[[0, 0, -1, -1], [0, -1, 0, -1]].reshape(2, 2)
    assert drawn.shape == (8, 8)
    across = np.interp(np.arange(8), [1.5, 5.5], [0, 1])
    expected = np.outer(1 - across, 1 - across) * corners[0, 0] + np.outer(1 - across, across) * corners[0, 1]
    expected += np.outer(across, 1 - across) * corners[1, 0] + np.outer(across, across) * corners[1, 1]
    np.testing.assert_allclose(drawn, expected, atol=1e-6)


def test_covariance_refuses_what_it_cannot_use():
    with pytest.raises(ValueError, match="at least 2 of its images"):
        class_covariance(pictures(1), 4, "")
    with pytest.raises(ValueError, match="grain must divide the image"):
        class_covariance(pictures(3), 5, "")


def test_saved_covariances_are_those_of_the_data_set_to_a_127th(tmp_path):
    images, classes = pictures(30), ClassSet("custom", ("ant", "bee"))
    data = ImageDataset("squares", "train", images, np.arange(30, dtype=np.int64) % 2, classes, "random")
    dataset_covariance(data, 4, 5).save(tmp_path / "c.npz")
    loaded = DatasetCovariance.load(tmp_path / "c.npz")
    assert loaded.class_names == ("ant", "bee") and loaded.counts == [15, 15]
    for label, name in enumerate(classes.names):
        exact = class_covariance(images[label::2], 4, "", 5)
        blur = loaded.of_class(name)
        assert blur.image_size == 8 and blur.source.startswith(f"15 training images of “{name}” in squares")
        np.testing.assert_allclose(blur.mean, exact.mean, atol=3e-4)
        np.testing.assert_allclose(blur.factors, exact.factors, atol=np.abs(exact.factors).max() / 200)
    with pytest.raises(ValueError, match="no covariance for class 'cat'; there are some for ant, bee"):
        loaded.of_class("cat")
    (tmp_path / "d.npz").write_bytes(b"PK")
    with pytest.raises(ArchiveError, match="d.npz"):
        DatasetCovariance.load(tmp_path / "d.npz")
