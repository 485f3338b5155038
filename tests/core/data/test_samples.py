"""The bundled sample images are complete, untouched since they were made, and credited."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data import samples
from core.data.classes import CIFAR10, imagenet
from core.data.dataset import ImageDataset
from core.images.square import square_image
from core.data.samples import SAMPLE_NAMES, SAMPLES, load_samples, sample_credits

ROOT = Path(__file__).resolve().parents[3]


def test_cifar10_samples_show_each_class_ten_times():
    data = load_samples("cifar10-samples")
    assert data.images.shape == (100, 3, 32, 32) and data.classes == CIFAR10
    assert np.bincount(data.labels).tolist() == [10] * 10
    assert sorted(data.labels[:10]) == list(range(10)), "the first ten show all ten classes"
    assert data.content_hash == "c9ca032cde86591a18dc5d3cb88248cc0d8839ed0c63eb5d719daf471f4b9b34"


def test_cifar10_samples_are_the_test_images_they_claim_to_be():
    archive = ROOT / "data" / "cifar10-test.npz"
    if not archive.is_file():
        pytest.skip("needs data/cifar10-test.npz")
    places = [image["index"] for image in json.loads((SAMPLES / "cifar10/provenance.json").read_text())["images"]]
    with np.load(archive) as original:
        np.testing.assert_array_equal(
            load_samples("cifar10-samples").images, original["images"][places].transpose(0, 3, 1, 2)
        )
        np.testing.assert_array_equal(load_samples("cifar10-samples").labels, original["labels"][places])


def test_photographs_are_cropped_and_labelled_by_imagenet():
    data = load_samples("photographs")
    record = json.loads((SAMPLES / "photographs/provenance.json").read_text(encoding="utf-8"))["photographs"]
    assert data.image_size == 224 and len(data) == len(record) >= 6 and data.classes == imagenet()
    for image, label, entry in zip(data.images, data.labels, record, strict=True):
        with Image.open(SAMPLES / "photographs" / entry["file"]) as picture:
            assert min(picture.size) >= 224
            np.testing.assert_array_equal(image.transpose(1, 2, 0), square_image(np.asarray(picture), 224))
        assert imagenet().wnids[label] == entry["wnid"] and imagenet().names[label] == entry["class"]


def test_photographs_are_the_files_of_the_record():
    record = json.loads((SAMPLES / "photographs/provenance.json").read_text(encoding="utf-8"))["photographs"]
    files = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (SAMPLES / "photographs").glob("*.jpg")
    }
    assert files == {entry["file"]: entry["sha256"] for entry in record}


@pytest.mark.parametrize("name", SAMPLE_NAMES)
def test_sample_credits_name_author_source_and_licence_of_every_image(name):
    credits = sample_credits(name)
    assert isinstance(load_samples(name), ImageDataset) and len(credits) == len(load_samples(name))
    for credit in credits:
        assert credit.title and credit.author and credit.licence and credit.source.startswith("https://")
    if name == "photographs":
        assert {credit.licence for credit in credits} <= {"CC0 1.0", "Public domain"}
        assert len({credit.title for credit in credits}) == len(credits)


def test_load_samples_refuses_unknown_names_and_missing_files(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="'cats' are unknown; known: cifar10-samples, photographs"):
        load_samples("cats")
    monkeypatch.setattr(samples, "SAMPLES", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"bundled samples .* are missing"):
        load_samples("photographs")
    (tmp_path / "photographs").mkdir()
    (tmp_path / "photographs" / "provenance.json").write_text("{")
    with pytest.raises(RuntimeError, match=r"provenance\.json: damaged"):
        sample_credits("photographs")
