"""Archives of labelled images: read as they are, or refused with a sentence if anything is wrong."""

import zipfile

import numpy as np
import pytest

from core.data.datasets import MEMBERS, read_archive


def arrays(count=7, height=10, width=10):
    generator = np.random.default_rng(0)
    return {
        "images": generator.integers(0, 256, size=(count, height, width, 3), dtype=np.uint8),
        "labels": np.arange(count) % 3,
        "classes": np.array(["ant", "bee", "cat"]),
    }


def write(path, compressed=True, **changes):
    (np.savez_compressed if compressed else np.savez)(path, **{**arrays(), **changes})
    return path


@pytest.mark.parametrize("compressed", [True, False])
def test_read_archive_returns_what_was_written(tmp_path, compressed):
    images = np.asfortranarray(arrays()["images"]) if compressed else arrays()["images"]
    archive = read_archive(write(tmp_path / "a.npz", compressed, images=images, labels=np.uint8(arrays()["labels"])))
    np.testing.assert_array_equal(archive.images, arrays()["images"])
    assert archive.labels.dtype == np.int64 and archive.labels.tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert archive.class_names == ("ant", "bee", "cat")


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"images": np.zeros((7, 3, 10, 10), np.uint8)}, "has the colours in front"),
        ({"images": np.zeros((7, 10, 10, 1), np.uint8)}, r"has the shape \(7, 10, 10, 1\)"),
        ({"images": np.zeros((0, 10, 10, 3), np.uint8)}, r"has the shape \(0, 10, 10, 3\)"),
        ({"images": np.zeros((7, 10, 10, 3), np.float32)}, "is float32: convert it"),
        ({"labels": np.zeros(7)}, r"labels should be whole numbers from 0, .* is float64 \(7,\)"),
        ({"labels": np.zeros(6, int)}, r"one per image, 7, is int64 \(6,\)"),
        ({"classes": np.array([b"ant", b"bee", b"cat"])}, "class names as text, is .S3"),
        ({"classes": np.array("ant")}, r"one row of class names as text, is <U3 \(\)"),
    ],
)
def test_read_archive_refuses_arrays_of_another_kind(tmp_path, changes, message):
    with pytest.raises(ValueError, match=rf"a\.npz: .*{message}"):
        read_archive(write(tmp_path / "a.npz", **changes))


@pytest.mark.parametrize("name", MEMBERS)
def test_read_archive_never_unpickles(tmp_path, name):
    class Trap:
        def __reduce__(self):
            return pytest.fail, ("unpickled",)

    with pytest.raises(RuntimeError, match=r"not a readable \.npz archive \(Object arrays cannot be loaded"):
        read_archive(write(tmp_path / "a.npz", **{name: np.array([Trap()] * 7, dtype=object)}))


def test_read_archive_names_the_missing_array(tmp_path):
    np.savez(tmp_path / "a.npz", images=arrays()["images"])
    with pytest.raises(ValueError, match="labels and classes missing: write it with"):
        read_archive(tmp_path / "a.npz")


def test_read_archive_refuses_a_missing_foreign_or_damaged_file(tmp_path):
    path = tmp_path / "a.npz"
    with pytest.raises(FileNotFoundError, match=r"no image archive .*a\.npz"):
        read_archive(path)
    intact = write(path).read_bytes()
    flipped = bytearray(intact)
    flipped[len(intact) // 2] ^= 255
    for data in (b"", b"not a zip file", b"\x93NUMPY", intact[:-100], bytes(flipped)):
        path.write_bytes(data)
        with pytest.raises(RuntimeError, match=r"a\.npz: not a readable \.npz archive"):
            read_archive(path)
    with zipfile.ZipFile(path, "w") as archive:
        for name in MEMBERS:
            archive.writestr(f"{name}.npy", b"\x93NUMPY no array")
    with pytest.raises(RuntimeError, match=r"a\.npz: not a readable \.npz archive"):
        read_archive(path)
