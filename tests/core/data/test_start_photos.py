"""Photos that a painting may start from are wide, and their middle is the bundled sample."""

import numpy as np
import pytest

from core.data.datasets import load_samples
from core.data.sample_sets import imagenet
from core.data.start_photos import START_PHOTOS, photo_square, photo_start, photo_strip
from core.data.words import find_word


@pytest.mark.parametrize("name", START_PHOTOS)
def test_the_middle_of_a_wide_photo_is_its_sample(name):
    samples, label = load_samples("photographs"), imagenet().names.index(name.replace("_", " "))
    sample = samples.images[samples.labels.tolist().index(label)]
    assert np.array_equal(photo_square(name).transpose(2, 0, 1), sample)
    assert np.array_equal(np.rint(photo_start(name) * 255), sample) and photo_start(name).dtype == np.float32
    assert sorted(photo_strip(name).shape)[1] == 224 < max(photo_strip(name).shape)
    assert len(find_word(START_PHOTOS[name].word, imagenet())) == 1
