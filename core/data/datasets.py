"""Labelled pictures: bundled samples, CIFAR-10, ImageNet100, a folder or an archive."""

from __future__ import annotations

import difflib
import json
import shutil
import tempfile
from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any, TypedDict, Unpack
from urllib.parse import urlsplit

import numpy as np

from core.data.own_images import own_pixels, whole_labels
from core.data.picture_files import ImageError, open_picture, square_image
from core.data.sample_sets import (
    CIFAR10,
    ClassSet,
    ImageDataset,
    SampleSet,
    class_set_of,
    imagenet100,
    sets_by_dataset,
)
from core.shared.cli import integer, progress_bar
from core.shared.download import announce, fetch_url
from core.shared.files import DAMAGE, MAX_REASON, check_characters
from core.shared.text import one_line


@dataclass(frozen=True)
class SampleCredit:
    """Title, author, source and licence of a sample image."""

    title: str
    author: str
    source: str
    licence: str


def load_samples(name: str) -> ImageDataset:
    """Load bundled images.

    Args:
        name: "cifar10-samples", 100 test images of 32 x 32 pixels, 10 for each class; or "photographs",
            pictures cropped to 224 x 224 pixels, labelled with ImageNet's 1,000 classes.
    Raises:
        ValueError: an unknown name, or an archive with other classes or another size than its sample set's.
        FileNotFoundError, RuntimeError: a bundled file is missing or damaged.
    """
    row = _row(name)
    record = _record(row)
    if photographs := record.get("photographs"):
        images = np.stack(
            [_read_picture(row.folder / photograph["file"], row.image_size) for photograph in photographs]
        )
        images = images.transpose(0, 3, 1, 2).copy()
        labels = np.array([photograph["imagenet_index"] for photograph in photographs], dtype=np.int64)
    else:
        path = row.folder / "images.npz"
        images, labels, classes = read_archive(path)
        if classes.names != row.classes.names:
            labels = _labels_by_name(path, labels, classes, row.classes)
        if images.shape[-1] != row.image_size:
            raise ValueError(f"{path}: the pictures should have {row.image_size} pixels; they have {images.shape[-1]}")
    return ImageDataset(name, "test", images, labels, row.classes, record["title"])


def _labels_by_name(path: Path, labels: np.ndarray, own: ClassSet, known: ClassSet) -> np.ndarray:
    """Return an archive's labels as indices of other classes, found by their names, or by WordNet ids if it has them.

    Raises:
        ValueError: a name is not that of exactly one class.
    """
    names, by = (own.wnids, known.wnids) if own.wnids and known.wnids else (own.names, known.names)
    for name in names:
        if (count := by.count(name)) != 1:
            raise ValueError(
                f"{path}: expected the name of one class of {known.name!r}, got {name!r}, the name of {count}; "
                "name classes as the class set does, or by WordNet ids"
            )
    return np.array([by.index(name) for name in names])[labels]


def sample_position(name: str, image: np.ndarray) -> int | None:
    """Return the position of a picture, (3, H, W) uint8, among `load_samples(name)`; None if it is none of them."""
    images = load_samples(name).images
    same = (images == image).all(axis=(1, 2, 3)) if images.shape[1:] == image.shape else np.zeros(1, bool)
    return int(same.argmax()) if same.any() else None


def sample_credits(name: str) -> tuple[SampleCredit, ...]:
    """Return the credits of the images of `load_samples(name)`, in the same order.

    Raises:
        ValueError, FileNotFoundError: as `load_samples`.
    """
    record = _record(_row(name))
    entries = record.get("photographs") or [
        record | {"title": f"{image['class']}, test image {image['index']}"} for image in record["images"]
    ]
    return tuple(
        SampleCredit(*(entry[field] for field in ("title", "author", "source", "licence"))) for entry in entries
    )


def _row(name: str) -> SampleSet:
    known = sets_by_dataset()
    if name not in known:
        raise ValueError(f"sample images {name!r} are unknown; known: {', '.join(known)}")
    return known[name]


def _record(row: SampleSet) -> dict[str, Any]:
    return json.loads((row.folder / "provenance.json").read_text(encoding="utf-8"))


_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".mpo")


def _class_folders(folder: Path) -> list[Path]:
    """Return the sub-folders of `folder`, by name, following links and skipping hidden ones (`.git`, `__MACOSX`).

    Raises:
        FileNotFoundError: there is no such folder.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}")
    return sorted(entry for entry in folder.iterdir() if not entry.name.startswith((".", "__")) and entry.is_dir())


def _list_pictures(class_folder: Path) -> list[Path]:
    """Return the picture files in a class folder and below, sorted; recognised by suffix.

    Hidden files (such as macOS's `._photo.jpg`) and other files are skipped. Links to pictures count; below the class
    folder, links to folders are not followed, as they may form a loop.
    """
    inside = (path.relative_to(class_folder) for path in class_folder.rglob("*"))
    return sorted(
        class_folder / path
        for path in inside
        if path.suffix.lower() in _SUFFIXES and not any(part.startswith(".") for part in path.parts)
    )


def _read_picture(path: Path, size: int) -> np.ndarray:
    """Decode one picture file and crop it to uint8 (size, size, 3).

    Raises:
        RuntimeError: the file cannot be read; the message names it.
    """
    try:
        return square_image(open_picture(path.read_bytes()), size)
    except ImageError as error:
        raise RuntimeError(f"{path}: {error}") from error
    except OSError as error:
        raise RuntimeError(f"{path}: this file cannot be read ({error.strerror}): restore or remove it") from error


_CIFAR10_BYTES = 170_498_071  # of torchvision's archive
_PHOTOGRAPH_SIZE = 224  # default size in pixels for files of any size
# Folders of a split, best first: ImageNet's test images have no labels, so `val` serves as test set.
_SPLIT_FOLDERS = {
    "train": ("train",),
    "test": ("test", "val", "valid", "validation"),
}


ARCHIVE = ("images", "labels", "classes")  # arrays of an archive


def read_archive(path: Path) -> tuple[np.ndarray, np.ndarray, ClassSet]:
    """Read an untrusted `.npz` of images, labels and classes into memory. Nothing is unpickled.

    Returns:
        (N, 3, H, H) uint8 images, (N,) int64 labels, and the classes.
    Raises:
        FileNotFoundError: there is no such file.
        RuntimeError: the file is not a readable `.npz` archive of these arrays.
        ValueError: an array has the wrong type or shape.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no image archive {path}")
    try:
        with np.load(path, allow_pickle=False) as file:
            images, labels, names = (file[name] for name in ARCHIVE)
        check_characters("classes", names)
    except DAMAGE as error:
        raise RuntimeError(
            f"{path}: not a readable .npz archive of {', '.join(ARCHIVE)} ({one_line(error, MAX_REASON)}): fetch it "
            "again, or write it with np.savez_compressed(path, images=..., labels=..., classes=...)"
        ) from error
    try:
        if names.dtype.kind != "U" or names.ndim != 1:
            raise ValueError(f"classes should be one row of class names as text, is {names.dtype} {names.shape}")
        pixels = own_pixels(images)
        return pixels, whole_labels(labels, len(pixels)), class_set_of(tuple(names.tolist()))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


@dataclass(frozen=True, eq=False)
class _PictureFiles:
    """N picture files, not yet decoded. labels: int64 (N,). The rest is as in `ImageDataset`."""

    name: str
    split: str
    paths: list[Path]
    labels: np.ndarray
    classes: ClassSet
    source: str


class Choice(TypedDict, total=False):
    """Choice of a data set's images, and their size."""

    split: str
    image_size: int | None
    limit: int | None
    seed: int


def load_dataset(
    name: str | Path,
    data_dir: str | Path | None = None,
    *,
    quiet: bool = True,
    download: bool = False,
    **choice: Unpack[Choice],
) -> ImageDataset:
    """Read a data set and decode it once.

    Args:
        name: "cifar10"; "imagenet100"; a bundled sample; the path of a folder of class folders; or the path of an
            `.npz` of `images` (N, H, W, 3) uint8, `labels` (N,) and `classes` (K,).
        data_dir: where to look. For cifar10, the folder with torchvision's `cifar-10-batches-py` or with
            `cifar10-test.npz`, by default `data`; for imagenet100, the folder with the 100 class folders, or
            with `val` and `train`; for a path, the folder that a relative path starts from.
        split: "test", by default, or "train". A folder is searched
            for a folder of that name first (for "test" also `val`); without one, it is taken unchanged.
        image_size: in pixels. None means 32 for cifar10, 224 for folders, and
            as stored for an archive. Photographs are resized to image_size * 256 / 224 and cropped, see
            `picture_files.square_image`; images out of arrays are resized whole.
        limit: number of images, drawn at random before decoding; None means all, in file order. They come in the order
            of the draw: limit=100 is the start of limit=1000.
        seed: random seed of that draw, by default 0.
        quiet: True to hide the bar.
        download: fetch CIFAR-10 (170 MB) if missing; nothing else is ever downloaded.
    Raises:
        ValueError: an argument out of range, or an archive with the wrong arrays.
        FileNotFoundError: the data set is missing or incomplete.
        RuntimeError: a damaged file, which is named.
    """
    if unknown := choice.keys() - Choice.__annotations__:
        raise ValueError(f"load_dataset has no argument {min(unknown)!r}; it has {', '.join(Choice.__annotations__)}")
    split, image_size = choice.get("split", "test"), choice.get("image_size")
    limit, seed = choice.get("limit"), choice.get("seed", 0)
    if split not in _SPLIT_FOLDERS:
        raise ValueError(f"split {split!r} is unknown; known: {', '.join(_SPLIT_FOLDERS)}")
    if limit is not None and limit < 1:
        raise ValueError(f"limit is the number of images, at least 1, or None for all; got {limit}")
    data: ImageDataset | _PictureFiles
    if name == "cifar10":
        data = _find_cifar10(Path("data" if data_dir is None else data_dir).expanduser(), split, download)
    elif name == "imagenet100":
        data = _find_imagenet100(data_dir, split)
    elif name in sets_by_dataset():
        data = load_samples(str(name))
    else:
        path = Path("" if data_dir is None else data_dir).expanduser() / Path(name).expanduser()
        data = _find_path(path, name, split)

    indices = np.arange(len(data.labels))
    if limit is not None:
        # Cutting one permutation short makes every smaller subset the start of a larger one.
        indices = np.random.Generator(np.random.PCG64(seed)).permutation(len(indices))[:limit]
    size = image_size or (_PHOTOGRAPH_SIZE if isinstance(data, _PictureFiles) else data.image_size)
    images = np.empty((len(indices), 3, size, size), np.uint8)

    def fill(row: int) -> None:
        index = indices[row]
        if isinstance(data, _PictureFiles):
            square = _read_picture(data.paths[index], size)
        else:
            square = square_image(data.images[index].transpose(1, 2, 0), size, resize_to=size)
        images[row] = square.transpose(2, 0, 1)

    # Threads suffice: Pillow releases the interpreter lock while it decodes and resizes.
    bar = progress_bar(desc="decoding", total=len(indices), unit="img", disable=quiet, leave=False, delay=1)
    with ThreadPool() as pool, bar:
        for _ in pool.imap(fill, range(len(indices)), chunksize=8):
            bar.update()
    return ImageDataset(data.name, data.split, images, data.labels[indices], data.classes, data.source)


def _find_cifar10(data_dir: Path, split: str, download: bool) -> ImageDataset:
    file = data_dir / f"cifar10-{split}.npz"
    images, labels, classes = read_archive(file) if file.is_file() else _torchvision_cifar10(data_dir, split, download)
    if classes != CIFAR10:
        raise ValueError(f"{file}: expected the classes of CIFAR-10, got {', '.join(classes.names)}")
    return ImageDataset("cifar10", split, images, labels, CIFAR10, f"CIFAR-10, {split} images")


def _torchvision_cifar10(data_dir: Path, split: str, download: bool) -> tuple[np.ndarray, np.ndarray, ClassSet]:
    """Load CIFAR-10 from torchvision's copy."""
    from torchvision.datasets import CIFAR10 as TorchvisionCIFAR10

    folder = TorchvisionCIFAR10.base_folder
    root = data_dir.parent if data_dir.name == folder else data_dir
    if not (root / folder).is_dir():
        if not download:
            raise FileNotFoundError(
                f"CIFAR-10 is not in {data_dir}: allow a download of {_CIFAR10_BYTES / 1e6:.0f} MB to it "
                f"(--download, in Python download=True), or give a data folder with {folder} or cifar10-{split}.npz"
            )
        _fetch_cifar10(TorchvisionCIFAR10, root)
    try:
        # torchvision compares the checksum of every file before it unpickles it.
        data = TorchvisionCIFAR10(str(root), train=split == "train")
    except RuntimeError as error:
        raise RuntimeError(
            f"{root / folder}: this copy of CIFAR-10 is incomplete or damaged; remove it and fetch it again (170 MB)"
        ) from error
    return own_pixels(data.data), np.array(data.targets), CIFAR10


def _fetch_cifar10(source: Any, root: Path) -> None:
    """Download and unpack CIFAR-10 into `root`, whole or not at all."""
    archive, origin = root / source.filename, urlsplit(source.url).hostname or source.url
    announce("CIFAR-10", _CIFAR10_BYTES, origin)
    try:
        fetch_url(source.url, archive, f"md5:{source.tgz_md5}", origin)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"CIFAR-10 could not be downloaded: {error}") from error
    with tempfile.TemporaryDirectory(dir=root) as unpacked:
        shutil.unpack_archive(archive, unpacked)
        Path(unpacked, source.base_folder).rename(root / source.base_folder)
    archive.unlink()


def _find_imagenet100(data_dir: str | Path | None, split: str) -> _PictureFiles:
    classes = imagenet100()
    wnids = classes.wnids or ()
    if data_dir is None:
        raise FileNotFoundError(
            "imagenet100 is read from a copy of ImageNet: give a data folder with one "
            f"folder of pictures for each WordNet id ({wnids[0]}, {wnids[1]}, ...), or val and train"
        )
    root = _split_folder(Path(data_dir).expanduser(), split)
    missing = sorted(set(wnids) - {folder.name for folder in _class_folders(root)})
    if missing:
        raise FileNotFoundError(
            f"{root}: {len(missing)} of the {len(wnids)} class folders of ImageNet100 are missing "
            f"({_first_few(missing)}); give the folder that holds them, or the one with val and train"
        )
    return _list_folders("imagenet100", split, [root / wnid for wnid in wnids], classes)


def _find_path(path: Path, name: str | Path, split: str) -> ImageDataset | _PictureFiles:
    if path.suffix == ".npz":
        return ImageDataset(path.stem, split, *read_archive(path), f"archive {path.name}")
    if not path.is_dir():
        raise _unknown(str(name))
    folders = _class_folders(_split_folder(path, split))
    if not folders:
        raise FileNotFoundError(f"{path}: expected one folder of pictures for each class, found no folder in it")
    classes = class_set_of(tuple(folder.name for folder in folders))
    return _list_folders(path.resolve().name, split, folders, classes)


def _unknown(name: str) -> FileNotFoundError:
    known = ("cifar10", "imagenet100", *sets_by_dataset())
    close = difflib.get_close_matches(name.lower(), known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    choices = f"{', '.join(known)}, the path of a folder of class folders, or of an .npz archive"
    return FileNotFoundError(f"there is no data set {name!r}; {hint}expected {choices}")


def _split_folder(path: Path, split: str) -> Path:
    """Return the folder of class folders: `path`, or the split inside it if that has subfolders.

    A class may also be called `train`, but then it holds pictures and no folders.
    """
    inside = (path / name for name in _SPLIT_FOLDERS[split])
    return next((folder for folder in inside if folder.is_dir() and _class_folders(folder)), path)


def _list_folders(name: str, split: str, folders: list[Path], classes: ClassSet) -> _PictureFiles:
    pictures = [_list_pictures(folder) for folder in folders]
    if empty := [folder.name for folder, paths in zip(folders, pictures, strict=True) if not paths]:
        raise FileNotFoundError(
            f"{folders[0].parent}: {len(empty)} of {len(folders)} class folders hold no picture "
            f"({_first_few(empty)}); fill or remove them"
        )
    labels = np.repeat(np.arange(len(folders), dtype=np.int64), [len(paths) for paths in pictures])
    source = f"folder {folders[0].resolve().parent.name}"
    return _PictureFiles(name, split, [path for paths in pictures for path in paths], labels, classes, source)


def _first_few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def add_dataset_options(parser: ArgumentParser, default: str | None = None) -> None:
    """Add the options that `named_dataset` reads; without a default the data set is required."""
    parser.add_argument(
        "--dataset",
        required=default is None,
        default=default,
        help="cifar10, imagenet100, a folder of class folders, an .npz, or the bundled " + ", ".join(sets_by_dataset()),
    )
    parser.add_argument("--data-dir", type=Path, help="folder of cifar10, default data, or of imagenet100")
    parser.add_argument(
        "--download", action="store_true", help="allow downloading what is missing: weights, CIFAR-10, a judge"
    )
    parser.add_argument("--image-size", type=integer(8, 2**16), help="pixels, default 32 for cifar10, else 224")


def named_dataset(args: Namespace, *, quiet: bool = False, **choices: Any) -> ImageDataset:
    """Load the data set named on the command line, permitted to download it by the same option as weights.

    `choices` and errors are those of `load_dataset`.
    """
    return load_dataset(
        args.dataset, args.data_dir, quiet=quiet, download=args.download, image_size=args.image_size, **choices
    )
