"""The bundled sample images are complete, unmodified, and credited."""

import hashlib
import json

import numpy as np
import pytest
from PIL import Image

from core.data.datasets import load_samples, sample_credits
from core.data.picture_files import square_image
from core.data.sample_sets import CIFAR10, PRECOMPUTED, SAMPLES, imagenet, sets_by_dataset

ARCHIVE = PRECOMPUTED.parent / "data" / "cifar10-test.npz"


def test_cifar10_samples_show_each_class_ten_times():
    data = load_samples("cifar10-samples")
    assert data.images.shape == (100, 3, 32, 32) and data.classes == CIFAR10
    assert np.bincount(data.labels).tolist() == [10] * 10
    assert sorted(data.labels[:10]) == list(range(10)), "the first ten show all ten classes"
    assert data.content_hash == "c9ca032cde86591a18dc5d3cb88248cc0d8839ed0c63eb5d719daf471f4b9b34"


@pytest.mark.skipif(not ARCHIVE.is_file(), reason="needs data/cifar10-test.npz, which is not part of the repository")
def test_cifar10_samples_are_the_test_images_they_claim_to_be():
    places = [
        image["index"]
        for image in json.loads((SAMPLES / "cifar10/provenance.json").read_text(encoding="utf-8"))["images"]
    ]
    data = load_samples("cifar10-samples")
    with np.load(ARCHIVE) as original:
        np.testing.assert_array_equal(data.images, original["images"][places].transpose(0, 3, 1, 2))
        np.testing.assert_array_equal(data.labels, original["labels"][places])


def test_photographs_are_the_cropped_labelled_and_untouched_files_of_the_record():
    data = load_samples("photographs")
    record = json.loads((SAMPLES / "photographs/provenance.json").read_text(encoding="utf-8"))["photographs"]
    assert data.image_size == 224 and len(data) == len(record) >= 6 and data.classes == imagenet()
    assert {path.name for path in (SAMPLES / "photographs").glob("*.jpg")} == {entry["file"] for entry in record}
    for image, label, entry in zip(data.images, data.labels, record, strict=True):
        file = SAMPLES / "photographs" / entry["file"]
        assert hashlib.sha256(file.read_bytes()).hexdigest() == entry["sha256"]
        with Image.open(file) as picture:
            assert min(picture.size) >= 224
            np.testing.assert_array_equal(image.transpose(1, 2, 0), square_image(np.asarray(picture), 224))
        assert imagenet().wnids[label] == entry["wnid"] and imagenet().names[label] == entry["class"]


@pytest.mark.parametrize("name", sets_by_dataset())
def test_sample_credits_name_author_source_and_licence_of_every_image(name):
    credits = sample_credits(name)
    assert len(credits) == len(load_samples(name))
    for credit in credits:
        assert credit.title and credit.author and credit.licence and credit.source.startswith("https://")
    if name == "photographs":
        assert {credit.licence for credit in credits} <= {"CC0 1.0", "Public domain"}
        assert len({credit.title for credit in credits}) == len(credits)


def test_load_samples_refuses_unknown_names():
    with pytest.raises(ValueError, match="'cats' are unknown; known: cifar10-samples, photographs"):
        load_samples("cats")
