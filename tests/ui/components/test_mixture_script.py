"""mixer.js mixes two pictures as the engine does, to float rounding; in Node."""

import numpy as np
import pytest

from core.data.datasets import load_samples
from core.data.picture_files import to_uint8
from core.fourier.waves import hybrid, mix
from core.sweep.predict import hybrid_cutoffs
from tests.node import in_node

MIX = """({ prepareHybrid, paintHybrid }, { low, high, size, cutoffs }) => {
  const prepared = prepareHybrid(low, high, size);
  return cutoffs.map((cutoff) => {
    const [shown, exact] = [new Uint8ClampedArray(4 * size * size), new Float64Array(4 * size * size)];
    paintHybrid(prepared, cutoff, shown);
    paintHybrid(prepared, cutoff, exact);
    return [[...shown], [...exact]];
  });
}"""


def mixed(low, high, cutoffs):
    """(cutoffs, 2, size, size, 4) pixels that the browser shows for two (3, size, size) uint8 pictures, and exact."""
    size = low.shape[-1]
    pictures = {name: image.transpose(1, 2, 0).ravel().tolist() for name, image in (("low", low), ("high", high))}
    pixels = in_node("pictures/mixer.js", MIX, {**pictures, "size": size, "cutoffs": list(cutoffs)})
    return np.array(pixels).reshape(-1, 2, size, size, 4)


def assert_the_engines(low, high, cutoffs):
    images = [image.astype(np.float32) / 255 for image in (low, high)]
    for cutoff, (shown, exact) in zip(cutoffs, mixed(low, high, cutoffs), strict=True):
        unclipped = mix(*images, cutoff).transpose(1, 2, 0)
        np.testing.assert_allclose(exact[..., :3] / 255, unclipped, atol=1e-7, err_msg=str(cutoff))
        assert np.abs(shown[..., :3] - to_uint8(hybrid(*images, cutoff))).max() <= 1 and (shown[..., 3] == 255).all()


def test_every_cutoff_of_small_pictures_is_the_engines():
    low, high = load_samples("cifar10-samples").images[[1, 4]]
    assert_the_engines(low, high, hybrid_cutoffs(32))


def test_photographs_are_the_engines():
    low, high = load_samples("photographs").images[[6, 9]]
    cutoffs = hybrid_cutoffs(224)
    assert_the_engines(low, high, [*cutoffs[:: len(cutoffs) // 8], cutoffs[-1]])


@pytest.mark.parametrize("size", [2, 3, 5, 6, 12, 15, 16, 21, 49])
def test_pictures_of_any_side_are_the_engines(size):
    low, high = np.random.default_rng(size).integers(0, 256, (2, 3, size, size), dtype=np.uint8)
    assert_the_engines(low, high, [0.5, 1.0, size / 4, size / 2])
