"""Labelled images for sweeps and pages: CIFAR-10, ImageNet100, any folder or archive, bundled samples."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from core.data.classes import CIFAR10, ClassSet, imagenet, imagenet100
from core.data.archive import open_archive, read_images
from core.data.dataset import ImageDataset
from core.data.folder import class_folders, list_pictures, read_pictures
from core.data.store import empty_images
from core.images.square import square_image
from core.data.samples import SampleCredit, load_samples, sample_credits

__all__ = ["ImageDataset", "SampleCredit", "load_dataset", "load_samples", "sample_credits"]

PHOTOGRAPH_SIZE = 224
MIN_SIZE = 8
# Folders that stand for a split, best first: ImageNet's test images have no labels, so people test on `val`.
SPLIT_FOLDERS = {
    "train": ("train",),
    "test": ("test", "val", "valid", "validation"),
    "val": ("val", "valid", "validation", "test"),
}


@dataclass(frozen=True)
class _Reading:
    """How to read whichever data set it is: `load_dataset`'s arguments of the same names."""

    split: str
    image_size: int | None
    limit: int | None
    seed: int
    progress: Callable[[int, int], None] | None
    memory_limit_bytes: int | None

    def choose(self, count: int) -> np.ndarray:
        """Positions of the images to read out of `count`: all in order, or a seeded random subset."""
        if self.limit is None:
            return np.arange(count)
        # Cutting one permutation short makes every smaller subset the start of a larger one.
        return np.random.Generator(np.random.PCG64(self.seed)).permutation(count)[: self.limit]

    def allocate(self, count: int, image_size: int) -> np.ndarray:
        return empty_images(count, image_size, memory_limit_bytes=self.memory_limit_bytes)


def load_dataset(
    name: str | Path,
    data_dir: str | Path | None = None,
    *,
    split: str = "test",
    image_size: int | None = None,
    limit: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
    download: bool = False,
    memory_limit_bytes: int | None = None,
) -> ImageDataset:
    """Read a data set and decode it once.

    Args:
        name: "cifar10"; "imagenet100"; the path of a folder of class folders; or the path of an `.npz` of
            `images` (N, H, W, 3) uint8, `labels` (N,) and `classes` (K,).
        data_dir: where to look. For cifar10, the folder with torchvision's `cifar-10-batches-py` or with
            `cifar10-test.npz`, by default `data`; for imagenet100, the folder with the 100 class folders, or
            with `val` and `train`; for a path, the folder that a relative path starts from.
        split: "test", "val" or "train". CIFAR-10 has no "val": it is the test set. A folder is searched for a
            folder of that name first (for "test" also `val`, and the other way round), then taken as it is.
        image_size: side of the images in pixels, at least 8. None means 32 for cifar10, 224 for folders, and
            as stored for an archive. Photographs are resized to image_size * 256 / 224 and cropped, see
            `images.square_image`; square images out of arrays are resized whole.
        limit: how many images to read, drawn at random before any is decoded; None means all, in the order of
            the files. They come in the order in which they were drawn: limit=100 is the start of limit=1000.
        seed: of that draw.
        progress: called as progress(images done, images in all) now and then, in this thread.
        download: fetch CIFAR-10 (170 MB) if it is not there; nothing else is ever downloaded.
        memory_limit_bytes: images that need more go to a temporary file instead of memory; None means half of
            the memory left.
    Raises:
        ValueError: an unknown name, an argument out of range, or an archive with the wrong arrays.
        FileNotFoundError: the data set is not there, or not complete.
        RuntimeError: a damaged file, which is named; or neither memory nor disk has room.
    """
    if split not in SPLIT_FOLDERS:
        raise ValueError(f"split {split!r} is unknown; known: {', '.join(SPLIT_FOLDERS)}")
    if limit is not None and limit < 1:
        raise ValueError(f"limit is the number of images, at least 1, or None for all; got {limit}")
    if image_size is not None and image_size < MIN_SIZE:
        raise ValueError(f"image_size is a number of pixels, at least {MIN_SIZE}; got {image_size}")
    reading = _Reading(split, image_size, limit, seed, progress, memory_limit_bytes)
    if name == "cifar10":
        return _load_cifar10(Path("data" if data_dir is None else data_dir).expanduser(), reading, download)
    if name == "imagenet100":
        return _load_imagenet100(data_dir, reading)
    path = Path("" if data_dir is None else data_dir).expanduser() / Path(name).expanduser()
    if path.suffix == ".npz":
        return _load_archive(path, reading)
    if not path.is_dir():
        raise _unknown(str(name), path)
    return _load_folder(path, reading)


def _unknown(name: str, path: Path) -> Exception:
    known = ("cifar10", "imagenet100")
    wanted = f"{', '.join(known)}, the path of a folder of class folders, or of an .npz archive"
    if path.exists():
        return ValueError(f"data set {name!r} is a file of another kind; wanted {wanted}")
    if "/" in name or "\\" in name:
        return FileNotFoundError(f"there is no data set {path}; wanted {wanted}")
    close = difflib.get_close_matches(name.lower(), known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return ValueError(f"data set {name!r} is unknown; {hint}wanted {wanted}")


def _load_cifar10(data_dir: Path, reading: _Reading, download: bool) -> ImageDataset:
    split = "train" if reading.split == "train" else "test"
    archive = data_dir / f"cifar10-{split}.npz"
    if archive.is_file():
        dataset = _load_archive(archive, reading)
        if dataset.classes != CIFAR10:
            raise ValueError(f"{archive}: wanted the classes of CIFAR-10, got {', '.join(dataset.classes.names)}")
        images, labels = dataset.images, dataset.labels
    else:
        every_image, every_label = _cifar10_arrays(data_dir, split, download)
        indices = reading.choose(len(every_image))
        labels = every_label[indices]
        size = reading.image_size or every_image.shape[1]
        images = reading.allocate(len(indices), size)
        for k, index in enumerate(indices):
            images[k] = square_image(every_image[index], size, resize_to=size).transpose(2, 0, 1)
    return ImageDataset("cifar10", split, images, labels, CIFAR10, f"CIFAR-10, {split} images")


def _cifar10_arrays(data_dir: Path, split: str, download: bool) -> tuple[np.ndarray, np.ndarray]:
    """Read torchvision's copy of CIFAR-10: images uint8 (N, 32, 32, 3) and labels int64 (N,)."""
    from torchvision.datasets import CIFAR10 as TorchvisionCIFAR10

    folder = TorchvisionCIFAR10.base_folder
    root = data_dir.parent if data_dir.name == folder else data_dir
    present = (root / folder).is_dir()
    if not present and not download:
        raise FileNotFoundError(
            f"CIFAR-10 is not in {data_dir}: pass data_dir, a folder with {folder} or cifar10-{split}.npz, "
            "or download=True to fetch it there (170 MB)"
        )
    try:
        # torchvision compares the checksum of every file before it unpickles it.
        data = TorchvisionCIFAR10(str(root), train=split == "train", download=download)
    except OSError as error:
        raise FileNotFoundError(f"CIFAR-10 could not be downloaded to {root} ({error}): check the network") from error
    except RuntimeError as error:
        raise RuntimeError(
            f"{root / folder}: this copy of CIFAR-10 is incomplete or damaged; remove it and fetch it again (170 MB)"
        ) from error
    return data.data, np.array(data.targets, dtype=np.int64)


def _load_imagenet100(data_dir: str | Path | None, reading: _Reading) -> ImageDataset:
    classes = imagenet100()
    wnids = classes.wnids or ()
    if data_dir is None:
        raise FileNotFoundError(
            "imagenet100 is read from a copy of ImageNet: pass data_dir, a folder with one folder of "
            f"pictures for each WordNet id ({wnids[0]}, {wnids[1]}, ...), or with val and train"
        )
    root = _split_folder(Path(data_dir).expanduser(), reading.split)
    missing = sorted(set(wnids) - {folder.name for folder in class_folders(root)})
    if missing:
        raise FileNotFoundError(
            f"{root}: {len(missing)} of the {len(wnids)} class folders of ImageNet100 are missing "
            f"({_first_few(missing)}); pass the folder that holds them, or the one with val and train"
        )
    return _read_class_folders("imagenet100", [root / wnid for wnid in wnids], classes, reading)


def _load_folder(path: Path, reading: _Reading) -> ImageDataset:
    folders = class_folders(_split_folder(path, reading.split))
    if not folders:
        raise FileNotFoundError(f"{path}: wanted one folder of pictures for each class, found no folder in it")
    classes = _class_set(tuple(folder.name for folder in folders))
    return _read_class_folders(path.resolve().name, folders, classes, reading)


def _split_folder(path: Path, split: str) -> Path:
    """The folder of class folders: `path`, or the split inside it, if that has folders itself.

    A class may be called `train`, too, but then it holds pictures and no folders.
    """
    inside = (path / name for name in SPLIT_FOLDERS[split])
    return next((folder for folder in inside if folder.is_dir() and class_folders(folder)), path)


def _read_class_folders(
    name: str, folders: tuple[Path, ...] | list[Path], classes: ClassSet, reading: _Reading
) -> ImageDataset:
    pictures = [list_pictures(folder) for folder in folders]
    empty = [folder.name for folder, found in zip(folders, pictures, strict=True) if not found]
    if empty:
        raise FileNotFoundError(
            f"{folders[0].parent}: {len(empty)} of {len(folders)} class folders hold no picture "
            f"({_first_few(empty)}); fill or remove them"
        )
    paths = [path for found in pictures for path in found]
    labels = np.repeat(np.arange(len(folders), dtype=np.int64), [len(found) for found in pictures])
    indices = reading.choose(len(paths))
    images = reading.allocate(len(indices), reading.image_size or PHOTOGRAPH_SIZE)
    read_pictures([paths[k] for k in indices], images, reading.progress)
    source = f"folder {folders[0].resolve().parent.name}"
    return ImageDataset(name, reading.split, images, labels[indices], classes, source)


def _load_archive(path: Path, reading: _Reading) -> ImageDataset:
    archive = open_archive(path)
    _, height, width, _ = archive.shape
    if reading.image_size is None and height != width:
        raise ValueError(f"{path}: images of {height} x {width} pixels are not square; pass image_size to crop them")
    size = reading.image_size or height
    convert = None if (height, width) == (size, size) else partial(square_image, size=size, resize_to=size)
    indices = reading.choose(archive.shape[0])
    images = reading.allocate(len(indices), size)
    read_images(archive, indices, images, convert, reading.progress)
    classes = _class_set(archive.class_names)
    return ImageDataset(path.stem, reading.split, images, archive.labels[indices], classes, f"archive {path.name}")


def _class_set(names: tuple[str, ...]) -> ClassSet:
    """Classes of a folder or archive; WordNet ids get readable names and their ImageNet indices."""
    if names == CIFAR10.names:
        return CIFAR10
    for known in (imagenet(), imagenet100()):
        if names == known.wnids:
            return known
    every = imagenet()
    place = {wnid: index for index, wnid in enumerate(every.wnids or ())}
    if not all(name in place for name in names):
        return ClassSet("custom", names)
    indices = tuple(place[name] for name in names)
    return ClassSet("custom", tuple(every.names[index] for index in indices), indices, names)


def _first_few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
