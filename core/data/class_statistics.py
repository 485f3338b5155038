"""Pixel statistics of every class of a data set, stored in one small file. Pure numpy, no torch.

    python -m core.data.class_statistics --dataset cifar10 --data-dir DATA_DIR --output precomputed/statistics/cifar10.npz

reads the training images and writes the file that the app draws its seeds from. `--dataset` takes what
`core.sweep --dataset` takes.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.files import write_atomically
from core.data.classes import PRECOMPUTED
from core.data.dataset import ImageDataset
from core.files import DAMAGE, read_npz

STATISTICS = PRECOMPUTED / "statistics"
SCHEMA = 1
LARGEST_FILE = 1 << 30
# Zip keeps a time for each member; a fixed one makes equal statistics equal files.
_NO_TIME = (1980, 1, 1, 0, 0, 0)
# Mean and standard deviation per channel of the training images, the numbers that networks are normalised with.
CIFAR10_MEAN, CIFAR10_STD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True, eq=False)
class ClassStatistics:
    """Mean and standard deviation of each pixel and channel over the images of a class.

    Args:
        mean: (3, H, W) float, in [0, 1].
        std: (3, H, W) float, at least 0.
        source: a phrase for people: which images, how many.
    Raises:
        ValueError: shapes that differ or values out of range.
    """

    mean: np.ndarray
    std: np.ndarray
    source: str

    def __post_init__(self) -> None:
        if self.mean.ndim != 3 or self.mean.shape[0] != 3 or self.mean.shape != self.std.shape:
            raise ValueError(f"mean and std must both be (3, H, W); got {self.mean.shape} and {self.std.shape}")
        if not ((self.mean >= 0) & (self.mean <= 1) & (self.std >= 0) & np.isfinite(self.std)).all():
            raise ValueError("the mean must lie in [0, 1] and the standard deviation be at least 0")

    def resized(self, image_size: int) -> ClassStatistics:
        """The same statistics for `image_size` x `image_size` images, mean and std interpolated linearly."""
        height, width = self.mean.shape[1:]
        if (height, width) == (image_size, image_size):
            return self
        source = f"{self.source}; resized from {height} to {image_size} pixels"
        return ClassStatistics(_resize(self.mean, image_size), _resize(self.std, image_size), source)


@dataclass(frozen=True, eq=False)
class DatasetStatistics:
    """Mean and standard deviation of each pixel and channel, for each class of a data set.

    Args:
        class_names: K names, in label order.
        mean: (K, 3, H, W) float32 in [0, 1].
        std: (K, 3, H, W) float32, at least 0; over n, not n - 1.
        counts: (K,) int64, images of each class.
        metadata: data set's name, split, source and content hash.
    Raises:
        ValueError: shapes that do not belong together.
    """

    class_names: tuple[str, ...]
    mean: np.ndarray
    std: np.ndarray
    counts: np.ndarray
    metadata: dict[str, Any]

    def __post_init__(self) -> None:
        classes = len(self.class_names)
        if self.mean.ndim != 4 or self.mean.shape[:2] != (classes, 3) or self.std.shape != self.mean.shape:
            raise ValueError(
                f"mean and std must be ({classes}, 3, H, W), one for each class; "
                f"got {self.mean.shape} and {self.std.shape}"
            )
        if self.counts.shape != (classes,):
            raise ValueError(f"counts must hold one number for each of the {classes} classes; got {self.counts.shape}")

    def of_class(self, name: str) -> ClassStatistics:
        """The statistics of one class.

        Raises:
            ValueError: unknown class.
        """
        if name not in self.class_names:
            raise ValueError(f"no statistics for class {name!r}; there are some for {', '.join(self.class_names)}")
        index = self.class_names.index(name)
        source = f"{self.counts[index]:,} {self.metadata['split']} images of class {name!r}, {self.metadata['dataset']}"
        return ClassStatistics(self.mean[index], self.std[index], source)

    def save(self, path: Path) -> None:
        """Write atomically. Values are rounded to float16: at most 0.00025 off, a sixteenth of a grey level of 255.

        Raises:
            FileNotFoundError: the folder does not exist.
        """
        metadata = {"schema": SCHEMA, "class_names": list(self.class_names), **self.metadata}
        arrays: dict[str, np.ndarray] = {
            "mean": self.mean.astype(np.float16),
            "std": self.std.astype(np.float16),
            "counts": self.counts.astype(np.int64),
            "metadata": np.array(json.dumps(metadata)),
        }
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, array in arrays.items():
                member = io.BytesIO()
                np.lib.format.write_array(member, array, allow_pickle=False)
                entry = zipfile.ZipInfo(f"{name}.npy", _NO_TIME)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, member.getvalue(), zipfile.ZIP_DEFLATED)
        write_atomically(path, buffer.getvalue())

    @classmethod
    def load(cls, path: Path) -> DatasetStatistics:
        """Read a file written by `save`.

        Raises:
            FileNotFoundError: no such file.
            RuntimeError: damaged, or of an unknown schema version.
        """
        if not path.is_file():
            raise FileNotFoundError(
                f"there are no pixel statistics at {path}; make them with python -m core.data.class_statistics"
            )
        try:
            arrays = read_npz(path.read_bytes(), required=("mean", "std", "counts", "metadata"), limit=LARGEST_FILE)
            metadata = json.loads(str(arrays["metadata"]))
            schema, names = metadata.pop("schema"), metadata.pop("class_names")
            if schema == SCHEMA:
                mean, std = (arrays[key].astype(np.float32) for key in ("mean", "std"))
                return cls(tuple(names), mean, std, arrays["counts"], metadata)
        except DAMAGE as error:
            raise RuntimeError(f"{path} is damaged ({error}); make it again with python -m core.data.class_statistics") from error
        raise RuntimeError(f"{path} has schema version {schema!r}, known: {SCHEMA}; update this program")


def class_statistics(images: np.ndarray, source: str) -> ClassStatistics:
    """Mean and standard deviation (over n, not n - 1) of (N, 3, H, W) images, uint8 or float in [0, 1].

    Raises:
        ValueError: fewer than two images, whose spread is unknown.
    """
    if len(images) < 2:
        raise ValueError(f"pixel statistics need at least 2 images of the class; got {len(images)}")
    total = np.zeros(images.shape[1:])
    for image in images:
        total += _unit_range(image)
    mean = total / len(images)
    squares = np.zeros_like(mean)
    # A second pass: the difference of mean square and squared mean loses digits where a pixel hardly varies.
    for image in images:
        squares += (_unit_range(image) - mean) ** 2
    std = np.sqrt(squares / len(images))
    return ClassStatistics(mean.astype(np.float32).clip(0, 1), std.astype(np.float32), source)


def natural_statistics(image_size: int) -> ClassStatistics:
    """For a class without statistics: those of natural images in general, the same at every pixel."""
    shape = (3, image_size, image_size)
    mean, std = (
        np.broadcast_to(np.array(values, dtype=np.float32)[:, None, None], shape).copy()
        for values in (IMAGENET_MEAN, IMAGENET_STD)
    )
    return ClassStatistics(
        mean, std, "natural images in general (ImageNet's mean and spread per channel), not this class"
    )


def dataset_statistics(dataset: ImageDataset) -> DatasetStatistics:
    """The statistics of every class of `dataset`, from all its images.

    Raises:
        ValueError: a class with fewer than two images, whose spread is unknown.
    """
    names = dataset.classes.names
    of_classes = []
    for label, name in enumerate(names):
        positions = np.flatnonzero(dataset.labels == label)
        if len(positions) < 2:
            raise ValueError(f"class {name!r} has {len(positions)} image(s); statistics need at least 2")
        of_classes.append(class_statistics(dataset.images[positions], name))
    metadata = {
        "dataset": dataset.name,
        "split": dataset.split,
        "source": dataset.source,
        "content_hash": dataset.content_hash,
    }
    return DatasetStatistics(
        names,
        np.stack([statistics.mean for statistics in of_classes]),
        np.stack([statistics.std for statistics in of_classes]),
        np.bincount(dataset.labels, minlength=len(names)).astype(np.int64),
        metadata,
    )


def main(argv: list[str] | None = None) -> int:
    from core.data.datasets import load_dataset

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="cifar10", help="cifar10, imagenet100, a folder of class folders, an .npz")
    parser.add_argument("--data-dir", help="where the data set lies")
    parser.add_argument("--split", default="train", choices=("train", "val", "test"))
    parser.add_argument("--image-size", type=int, help="side in pixels; the data set's own unless given")
    parser.add_argument("--output", required=True, type=Path)
    arguments = parser.parse_args(argv)
    try:
        dataset = load_dataset(
            arguments.dataset, arguments.data_dir, split=arguments.split, image_size=arguments.image_size
        )
        statistics = dataset_statistics(dataset)
        statistics.save(arguments.output)
    except (ValueError, FileNotFoundError, RuntimeError) as error:
        print(f"statistics: {error}", file=sys.stderr)
        return 2
    print(f"{len(statistics.class_names)} classes, {len(dataset):,} images -> {arguments.output}")
    return 0


def _unit_range(image: np.ndarray) -> np.ndarray:
    return image / np.float32(255) if image.dtype == np.uint8 else image


def _resize(planes: np.ndarray, image_size: int) -> np.ndarray:
    """(3, H, W) -> (3, image_size, image_size) float32, linear between pixel centres."""
    size = (image_size, image_size)
    resized = [Image.fromarray(plane.astype(np.float32)).resize(size, Image.Resampling.BILINEAR) for plane in planes]
    return np.stack([np.asarray(plane) for plane in resized]).clip(0, 1)


if __name__ == "__main__":
    sys.exit(main())
