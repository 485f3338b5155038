"""Data sets: which images are read, in which order, how decoded; archives, folders, bundled samples; refusals."""

import hashlib
import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.data.datasets import ARCHIVE, load_dataset, load_samples, sample_credits
from core.data.picture_files import square_image
from core.data.sample_sets import (
    CIFAR10,
    SAMPLE_SETS,
    SAMPLES,
    ClassSet,
    ImageDataset,
    imagenet,
    imagenet100,
    sets_by_dataset,
)

CLASSES = ("ant", "bee", "cat")


def picture(seed, height=40, width=32):
    return np.random.default_rng(seed).integers(0, 256, size=(height, width, 3), dtype=np.uint8)


def write_folder(root, classes=CLASSES, per_class=4, height=40, width=32):
    for k, name in enumerate(classes):
        (root / name).mkdir(parents=True)
        for n in range(per_class):
            Image.fromarray(picture(100 * k + n, height, width)).save(root / name / f"{n}.png")
    return root


def write_archive(path, save=np.savez, **changes):
    """Write twelve pictures of three classes, or other arrays; return the pictures."""
    images = np.stack([picture(k, 32, 32) for k in range(12)])
    save(path, **{"images": images, "labels": np.arange(12) % 3, "classes": np.array(CLASSES)} | changes)
    return images


# Images and their order


def test_load_dataset_reads_a_folder_in_the_order_of_its_files(tmp_path):
    data = load_dataset(write_folder(tmp_path / "insects", height=256, width=300))
    assert (data.name, data.split, data.image_size, len(data)) == ("insects", "test", 224, 12)
    assert data.classes.names == CLASSES and data.classes.imagenet_indices is None
    assert data.labels.dtype == np.int64 and data.labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    for index, seed in ((0, 0), (5, 101), (11, 203)):
        expected = picture(seed, 256, 300)[16:240, 38:262]
        np.testing.assert_array_equal(data.images[index], expected.transpose(2, 0, 1))


def test_load_dataset_decodes_only_the_start_of_one_seeded_draw(tmp_path):
    folder = write_folder(tmp_path / "insects", per_class=10)
    whole = load_dataset(folder, image_size=16)
    drawn = np.random.Generator(np.random.PCG64(3)).permutation(30)
    sorted(folder.glob("*/*"))[drawn[7]].write_bytes(b"damaged")
    small = load_dataset(folder, image_size=16, limit=7, seed=3)
    np.testing.assert_array_equal(small.images, whole.images[drawn[:7]])
    np.testing.assert_array_equal(small.labels, whole.labels[drawn[:7]])
    with pytest.raises(RuntimeError, match="is not a readable JPEG"):
        load_dataset(folder, image_size=16, limit=8, seed=3)


def test_load_dataset_leaves_out_what_is_no_picture(tmp_path):
    root = write_folder(tmp_path / "insects", per_class=1)
    (root / ".git").mkdir()
    (root / "__MACOSX").mkdir()
    (root / "readme.txt").write_text("insects")
    (root / "ant" / "._0.png").write_bytes(b"resource fork")
    (root / "ant" / "labels.csv").write_text("0,ant")
    (root / "bee" / "more").mkdir()
    Image.fromarray(picture(7)).save(root / "bee" / "more" / "1.JPEG")
    (root / "bee" / "more" / "ring").symlink_to(root / "bee", target_is_directory=True)
    (root / "cat" / "1.png").symlink_to(root / "cat" / "0.png")
    (root / "dog").symlink_to(root / "ant", target_is_directory=True)
    assert load_dataset(root).labels.tolist() == [0, 1, 1, 2, 2, 3]


def test_load_dataset_finds_the_split_in_a_folder(tmp_path):
    write_folder(tmp_path / "insects" / "train", per_class=2)
    write_folder(tmp_path / "insects" / "val", per_class=1)
    assert len(load_dataset(tmp_path / "insects", split="train")) == 6
    assert len(load_dataset(tmp_path / "insects", split="test")) == 3
    assert len(load_dataset("insects", tmp_path)) == 3
    write_folder(tmp_path / "vehicles", classes=("car", "train"))  # here train is a class and contains no folders
    assert load_dataset(tmp_path / "vehicles", split="train").classes.names == ("car", "train")


def test_load_dataset_names_an_unreadable_picture(tmp_path):
    picture = write_folder(tmp_path / "insects") / "bee" / "2.png"
    picture.write_bytes(picture.read_bytes()[:200])
    with pytest.raises(RuntimeError, match=r"bee.2\.png: .*damaged"):
        load_dataset(tmp_path / "insects")
    picture.unlink()
    picture.symlink_to("gone.png")
    with pytest.raises(RuntimeError, match=r"bee.2\.png: .* \(No such file"):
        load_dataset(tmp_path / "insects")


# Archives


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_load_dataset_reads_an_archive_and_resizes_it(tmp_path, save):
    images = write_archive(tmp_path / "insects.npz", save, labels=np.arange(12, dtype=np.uint8) % 3)
    data = load_dataset("insects.npz", tmp_path)
    assert (data.name, data.image_size, data.classes.names) == ("insects", 32, CLASSES)
    np.testing.assert_array_equal(data.images, images.transpose(0, 3, 1, 2))
    assert data.labels.tolist() == [0, 1, 2] * 4
    large = np.asarray(Image.fromarray(images[3]).resize((64, 64), Image.Resampling.BILINEAR))
    data = load_dataset(tmp_path / "insects.npz", image_size=64)
    np.testing.assert_array_equal(data.images[3], large.transpose(2, 0, 1))
    write_archive(tmp_path / "front.npz", save, images=images.transpose(0, 3, 1, 2) / 255)
    np.testing.assert_array_equal(load_dataset(tmp_path / "front.npz").images, images.transpose(0, 3, 1, 2))


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"images": np.zeros((0, 10, 10, 3), np.uint8)}, r"at least one image; got the shape \(0, 10, 10, 3\)"),
        ({"labels": np.zeros(6, int)}, r"one per image, \(12,\); got int64 of shape \(6,\)"),
        ({"classes": np.array([b"ant", b"bee", b"cat"])}, "class names as text, is .S3"),
        ({"classes": np.array("ant")}, r"one row of class names as text, is <U3 \(\)"),
    ],
)
def test_load_dataset_refuses_arrays_of_another_kind(tmp_path, changes, message):
    write_archive(tmp_path / "a.npz", **changes)
    with pytest.raises(ValueError, match=rf"a\.npz: .*{message}"):
        load_dataset(tmp_path / "a.npz")


def test_an_archive_is_not_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return pytest.fail, ("unpickled",)

    path = tmp_path / "a.npz"
    for name in ARCHIVE:
        write_archive(path, **{name: np.array([Trap()] * 7, dtype=object)})
        with pytest.raises(RuntimeError, match=r"not a readable \.npz archive .* \(Object arrays cannot be loaded"):
            load_dataset(path)
    np.savez(path, images=np.zeros((1, 8, 8, 3), np.uint8))
    with pytest.raises(RuntimeError, match="labels is not a file in the archive"):
        load_dataset(path)
    for data in (b"", b"\x93NUMPY", path.read_bytes()[:-100]):
        path.write_bytes(data)
        with pytest.raises(RuntimeError, match=r"a\.npz: not a readable \.npz archive"):
            load_dataset(path)


# ImageNet and its subsets


def test_load_dataset_recognises_wordnet_ids(tmp_path):
    data = load_dataset(write_folder(tmp_path / "two", classes=("n02123045", "n01440764"), per_class=1))
    assert (data.classes.name, data.classes.names) == ("custom", ("tench", "tabby"))
    assert data.classes.imagenet_indices == (0, 281) and data.classes.wnids == ("n01440764", "n02123045")
    other = load_dataset(write_folder(tmp_path / "other", classes=("n01440764", "n99999999"), per_class=1))
    assert other.classes.names == ("n01440764", "n99999999") and other.classes.imagenet_indices is None


def test_load_dataset_reads_imagenet100_in_label_order(tmp_path):
    chosen, every = imagenet100(), imagenet().wnids
    wnids = [*chosen.wnids, *[wnid for wnid in every if wnid not in chosen.wnids][:2]]  # two others, as in a full copy
    for split in ("train", "val"):
        for wnid in wnids:
            (folder := tmp_path / split / wnid).mkdir(parents=True)
            level = every.index(wnid) % 256 if split == "val" else 7
            Image.new("RGB", (8, 8), (level,) * 3).save(folder / "0.png")
    for folder in (tmp_path, tmp_path / "val"):
        data = load_dataset("imagenet100", folder, image_size=8)
        assert data.name == "imagenet100" and data.classes == chosen
        assert data.labels.tolist() == list(range(100))
        assert data.images[:, 0, 0, 0].tolist() == [index % 256 for index in chosen.imagenet_indices]
    assert (load_dataset("imagenet100", tmp_path, split="train", image_size=8).images == 7).all()
    for wnid in sorted(chosen.wnids)[:5]:
        shutil.rmtree(tmp_path / "val" / wnid)
    first, second, *_ = sorted(chosen.wnids)
    with pytest.raises(FileNotFoundError, match=rf"val: 5 of the 100 class folders .* missing \({first}, {second}"):
        load_dataset("imagenet100", tmp_path)


# CIFAR-10


def test_load_dataset_reads_cifar10_from_an_archive(tmp_path):
    images = write_archive(tmp_path / "cifar10-test.npz", classes=np.array(CIFAR10.names))
    data = load_dataset("cifar10", tmp_path)
    assert (data.name, data.split, data.classes) == ("cifar10", "test", CIFAR10)
    np.testing.assert_array_equal(data.images, images.transpose(0, 3, 1, 2))
    write_archive(tmp_path / "cifar10-test.npz")
    with pytest.raises(ValueError, match="got ant, bee, cat"):
        load_dataset("cifar10", tmp_path)


def test_a_damaged_copy_of_torchvisions_cifar10_is_named(tmp_path):
    (tmp_path / "cifar-10-batches-py").mkdir()  # tests/test_commands.py reads a sound one
    with pytest.raises(RuntimeError, match="incomplete or damaged"):
        load_dataset("cifar10", tmp_path)


# Refusals


@pytest.mark.parametrize(
    "name, options, error, message",
    [
        ("ImageNet-100", {}, FileNotFoundError, "did you mean 'imagenet100'"),
        (
            "./nowhere/at/all",
            {},
            FileNotFoundError,
            "no data set './nowhere/at/all'; expected cifar10, imagenet100, cif",
        ),
        ("nowhere.npz", {}, FileNotFoundError, r"there is no image archive nowhere\.npz"),
        ("insects", {}, FileNotFoundError, r"3 of 3 class folders hold no picture \(ant, bee, cat\)"),
        ("insects/ant", {}, FileNotFoundError, "one folder of pictures for each class, found no folder"),
        ("cifar10", {"data_dir": "no"}, FileNotFoundError, r"is not in no: .*download=True.*, or give a data folder"),
        ("cifar10", {"split": "train"}, FileNotFoundError, r"cifar-10-batches-py or cifar10-train\.npz"),
        ("imagenet100", {}, FileNotFoundError, "give a data folder with one folder of pictures"),
        ("imagenet100", {"data_dir": "no"}, FileNotFoundError, "there is no folder no"),
        ("insects", {"split": "tset"}, ValueError, "split 'tset' is unknown; known: train, test"),
        ("insects", {"limits": 3}, ValueError, "no argument 'limits'"),
        ("insects", {"limit": 0}, ValueError, "limit is the number of images, at least 1"),
    ],
)
def test_load_dataset_says_what_it_cannot_read(name, options, error, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_folder(tmp_path / "insects", per_class=0)
    with pytest.raises(error, match=message):
        load_dataset(name, **options)
    assert [path.name for path in tmp_path.iterdir()] == ["insects"]


# The value itself


def test_content_hash_covers_shape_pixels_and_labels():
    images = np.arange(2 * 3 * 8 * 8, dtype=np.uint8).reshape(2, 3, 8, 8)
    labels = np.array([1, 2])
    for pixels in (images, images.transpose(0, 1, 3, 2)):
        expected = hashlib.sha256(b"(2, 3, 8, 8)" + pixels.tobytes() + labels.astype("<i8").tobytes()).hexdigest()
        assert ImageDataset("toy", "test", pixels, labels, CIFAR10, "made up").content_hash == expected


# Bundled samples and classes


@pytest.mark.parametrize("classes", [("giant panda", "hen"), ("n02510455", "n01514859")])
def test_an_archive_of_samples_names_its_classes(tmp_path, monkeypatch, classes):
    row = replace(SAMPLE_SETS["photographs"], name="few", dataset="few", folder=tmp_path)
    monkeypatch.setitem(SAMPLE_SETS, row.name, row)
    (tmp_path / "provenance.json").write_text('{"title": "Few"}')

    def load(size=224, classes=classes):
        images = np.zeros((3, size, size, 3), np.uint8)
        np.savez(tmp_path / "images.npz", images=images, labels=np.array([1, 0, 1]), classes=np.array(classes))
        return load_samples("few")

    data = load()
    assert [data.classes.names[label] for label in data.labels] == ["hen", "giant panda", "hen"]
    with pytest.raises(ValueError, match=r"images\.npz: the pictures should have 224 pixels; they have 32"):
        load(size=32)
    for wrong, count in (("dragon", 0), ("crane", 2)):
        with pytest.raises(ValueError, match=rf"images\.npz: .* got '{wrong}', the name of {count};"):
            load(classes=(wrong, "hen"))


@pytest.mark.parametrize("row", SAMPLE_SETS.values(), ids=lambda row: row.name)
def test_a_sample_set_names_pictures_and_words_that_it_has(row):
    count = len(load_samples(row.dataset))
    named = {row.first, row.second, row.inpainted, *row.holes, *row.faceless, *row.filled}
    assert named <= {*range(count)} and {*row.drawn} <= {*row.classes.names}
    for title in ("title", "dataset"):
        twins = [other.name for other in SAMPLE_SETS.values() if getattr(other, title) == getattr(row, title)]
        assert twins == [row.name], title


def test_cifar10_samples_show_each_class_ten_times():
    data = load_samples("cifar10-samples")
    assert data.classes == CIFAR10
    assert sorted(data.labels[:10]) == list(range(10)), "the first ten show all ten classes"
    assert data.content_hash == "c9ca032cde86591a18dc5d3cb88248cc0d8839ed0c63eb5d719daf471f4b9b34"


def test_photographs_are_the_files_of_the_record():
    data = load_samples("photographs")
    record = json.loads((SAMPLES / "photographs/provenance.json").read_text(encoding="utf-8"))["photographs"]
    assert data.image_size == 224 and len(data) == len(record) and data.classes == imagenet()
    assert {path.name for path in (SAMPLES / "photographs").glob("*.jpg")} == {entry["file"] for entry in record}
    for image, label, entry in zip(data.images, data.labels, record, strict=True):
        file = SAMPLES / "photographs" / entry["file"]
        assert hashlib.sha256(file.read_bytes()).hexdigest() == entry["sha256"]
        with Image.open(file) as picture:
            assert min(picture.size) >= 224
            np.testing.assert_array_equal(image.transpose(1, 2, 0), square_image(np.asarray(picture), 224))
        assert imagenet().wnids[label] == entry["wnid"] and imagenet().names[label] == entry["class"]


@pytest.mark.parametrize("name", sets_by_dataset())
def test_sample_credits_are_whole_for_every_image(name):
    credits = sample_credits(name)
    assert len(credits) == len(load_samples(name))
    for credit in credits:
        assert credit.title and credit.author and credit.licence and credit.source.startswith("https://")
    if name == "photographs":
        assert {credit.licence for credit in credits} <= {"CC0 1.0", "Public domain"}
        assert len({credit.title for credit in credits}) == len(credits)


def test_imagenet_is_what_timm_says():
    from timm.data import ImageNetInfo

    info = ImageNetInfo()
    assert imagenet().wnids == tuple(info.label_names())
    assert imagenet().names == tuple(text.split(", ")[0] for text in info.label_descriptions())
    assert imagenet().imagenet_indices == tuple(range(1000))


def test_imagenet100_agrees_with_imagenet():
    everything, chosen = imagenet(), imagenet100()
    assert len(chosen) == len(set(chosen.names)) == 100
    for field in ("names", "wnids"):
        assert getattr(chosen, field) == tuple(getattr(everything, field)[k] for k in chosen.imagenet_indices)


@pytest.mark.parametrize("names", [("cat", " "), "cat"])
def test_invalid_class_set_is_refused(names):
    with pytest.raises(ValueError, match="at least one class and no empty name, got"):
        ClassSet("custom", names)
