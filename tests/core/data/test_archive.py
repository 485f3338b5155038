"""Archives of labelled images: read exactly, in slices, and refused with a sentence if anything is off."""

import zipfile

import numpy as np
import pytest

from core.data import archive as image_archive
from core.data.archive import open_archive, read_images


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


def read(archive, indices):
    out = np.zeros((len(indices), 3, *archive.shape[1:3]), dtype=np.uint8)
    read_images(archive, np.array(indices), out)
    return out


@pytest.mark.parametrize("compressed", [True, False])
def test_open_archive_reads_labels_and_classes(tmp_path, compressed):
    archive = open_archive(write(tmp_path / "a.npz", compressed))
    assert archive.shape == (7, 10, 10, 3)
    assert archive.labels.dtype == np.int64 and archive.labels.tolist() == [0, 1, 2, 0, 1, 2, 0]
    assert archive.class_names == ("ant", "bee", "cat")


@pytest.mark.parametrize("slice_bytes", [1, 650, 10**6])
def test_read_images_keeps_the_order_asked_for_whatever_the_slices(tmp_path, monkeypatch, slice_bytes):
    monkeypatch.setattr(image_archive, "SLICE_BYTES", slice_bytes)
    archive = open_archive(write(tmp_path / "a.npz"))
    np.testing.assert_array_equal(read(archive, [5, 0, 6, 3]), arrays()["images"][[5, 0, 6, 3]].transpose(0, 3, 1, 2))


def test_read_images_reports_progress(tmp_path, monkeypatch):
    monkeypatch.setattr(image_archive, "SLICE_BYTES", 600)
    archive = open_archive(write(tmp_path / "a.npz"))
    seen = []
    out = np.empty((4, 3, 10, 10), dtype=np.uint8)
    read_images(archive, np.array([6, 1, 2, 0]), out, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(2, 4), (3, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"images": np.zeros((7, 10, 10), np.uint8)}, r"has the shape \(7, 10, 10\)"),
        ({"images": np.zeros((7, 3, 10, 10), np.uint8)}, "has the colours in front"),
        ({"images": np.zeros((7, 10, 10, 1), np.uint8)}, r"has the shape \(7, 10, 10, 1\)"),
        ({"images": np.zeros((0, 10, 10, 3), np.uint8)}, r"has the shape \(0, 10, 10, 3\)"),
        ({"images": np.zeros((7, 10, 10, 3), np.float32)}, "is float32: convert it"),
        ({"images": np.asfortranarray(np.zeros((7, 10, 10, 3), np.uint8))}, "Fortran order"),
        ({"images": np.array([None] * 7, dtype=object)}, "images should be uint8"),
        ({"labels": np.zeros(7)}, "labels should be whole numbers from 0, is float64"),
        ({"labels": np.zeros((7, 1), int)}, "labels should be one row of whole numbers"),
        ({"labels": np.zeros(6, int)}, "7 images but 6 labels"),
        ({"labels": np.arange(7)}, "labels should be 0 to 2, .* go from 0 to 6"),
        ({"labels": np.arange(7) - 1}, "go from -1 to 5"),
        ({"classes": np.array([b"ant", b"bee", b"cat"])}, "class names as text, is .S3"),
        ({"classes": np.array(["ant", "bee", ""])}, "none empty"),
        (
            {"classes": np.array(["ant", "bee", None], dtype=object)},
            "classes should be one row of class names",
        ),
    ],
)
def test_open_archive_refuses_arrays_of_another_kind(tmp_path, changes, message):
    with pytest.raises(ValueError, match=message):
        open_archive(write(tmp_path / "a.npz", **changes))


def test_open_archive_never_unpickles(tmp_path):
    class Trap:
        def __reduce__(self):
            return pytest.fail, ("unpickled",)

    trap = np.empty(7, dtype=object)
    trap[:] = [Trap()] * 7
    for name in ("images", "labels", "classes"):
        with pytest.raises(ValueError):
            open_archive(write(tmp_path / "a.npz", **{name: trap}))


def test_open_archive_names_the_missing_array(tmp_path):
    np.savez(tmp_path / "a.npz", images=arrays()["images"])
    with pytest.raises(ValueError, match="labels and classes missing: write it with"):
        open_archive(tmp_path / "a.npz")


def test_open_archive_refuses_a_missing_or_foreign_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no image archive .*a\.npz"):
        open_archive(tmp_path / "a.npz")
    (tmp_path / "a.npz").write_bytes(b"not a zip file")
    with pytest.raises(RuntimeError, match=r"a\.npz: no readable \.npz archive"):
        open_archive(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        for name in ("images", "labels", "classes"):
            archive.writestr(f"{name}.npy", b"no array")
    with pytest.raises(RuntimeError, match=r"a\.npz: no readable \.npz archive"):
        open_archive(tmp_path / "a.npz")


@pytest.mark.parametrize("compressed", [True, False])
def test_damaged_archives_give_a_sentence(tmp_path, compressed):
    intact = write(tmp_path / "a.npz", compressed).read_bytes()
    generator = np.random.default_rng(1)
    refused = 0
    for trial in range(150):
        changed = bytearray(intact)
        if trial % 3 == 0:
            del changed[generator.integers(len(changed)) :]
        for place in generator.integers(0, max(len(changed), 1), size=3):
            if place < len(changed):
                changed[place] = generator.integers(256)
        (tmp_path / "b.npz").write_bytes(changed)
        try:
            archive = open_archive(tmp_path / "b.npz")
            read(archive, range(archive.shape[0]))
        except (ValueError, RuntimeError) as error:
            assert "b.npz" in str(error)
            refused += 1
    assert refused > 50
