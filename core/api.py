"""Python front of the engine: heat maps, drawings and filled holes of any classifier. Functions alone import torch."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.data.own_images import own_dataset
from core.fourier.heatmap import Heatmap
from core.shared.device import prepared_torch
from core.sweep.grow import grow_file
from core.sweep.waves import usual_sweep

if TYPE_CHECKING:
    from core.classifiers.classifier import Classifier


def heatmap(
    classifier: Classifier,
    images: Any,
    labels: Any = None,
    *,
    side: int | None = None,
    epsilon: float | None = None,
    passes: float = 1.0,
    seed: int = 0,
    output: str | PathLike[str] | None = None,
    progress: bool = True,
) -> Heatmap:
    """Measure a classifier's error under every Fourier wave (Eq. 1; Yin et al. 2019).

    Each wave is added to every image with a random sign for each image and channel, clip(x + r v U, 0, 1); results are
    those of `python -m core.sweep waves`.

    Args:
        classifier: from `core.classifier` or `core.load_classifier`.
        images: square images, (N, 3, H, H) or (N, H, H, 3), as array, tensor or list: uint8, or float in [0, 1], which
            is rounded to 256 levels; or a torch `Dataset` of (image, label), or a data set of `core.load_dataset`.
            Not normalised: the classifier does that.
        labels: (N,) whole numbers, the index of each image's class in `classifier.classes`; None with a data set.
        side: rows and columns of the map, odd; waves have up to side // 2 cycles per image. None: the paper's, 31 at 32
            pixels and 63 at 224, or the largest up to 63 that the images carry.
        epsilon: L2 norm v of the wave per channel, for pixels in [0, 1]. None: the paper's, 4.0 at 32 pixels and 15.7
            at 224; other sizes have none.
        passes: share of the images, in (0, 1], to which each wave is added; below 1 each wave has its own
            class-balanced sample, and the map has an estimate of every cell with its interval.
        seed: of the random signs and samples.
        output: file to save the map in, once a second; if it holds an unfinished map of the same settings, that is
            resumed. None: the map is only returned.
        progress: whether to show a bar.
    Returns:
        The map: `error_rate` (side, side) in [0, 1] with frequency zero in the middle, `clean_rate()`, `plot()`,
        `to_pandas()`, `save(path)`; `Heatmap.load(path)` and the app's *Add a map* read the file.
    Raises:
        ValueError: images, labels or settings do not fit; `output` holds a map of other settings; one sentence.
        RuntimeError: logits are not finite, or another run is writing `output`.
    """
    dataset = own_dataset(images, labels, _checked(classifier).classes)
    config = usual_sweep(dataset.image_size, side=side, epsilon=epsilon, passes=passes, seed=seed)
    path = None if output is None else Path(output)
    with prepared_torch():
        return grow_file(classifier, dataset, config, path, description="heat map" if progress else None)


def _checked(classifier: Classifier) -> Classifier:
    """Return the classifier; raise ValueError for a bare module."""
    from core.classifiers.classifier import Classifier

    if not isinstance(classifier, Classifier):
        raise ValueError(
            f"classifier should be one of core.classifier or core.load_classifier; got {type(classifier).__name__}; "
            "wrap it, core.classifier(module, classes, mean=..., std=..., size=...)"
        )
    return classifier
