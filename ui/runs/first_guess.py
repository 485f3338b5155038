"""A network's own first guess of a picture, and the hole where the network looks. Imports torch only to predict."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.classifiers.families import ClassifierSpec
from core.classifiers.registry import short_title
from core.data.holes import costliest_hole, usual_hole_size
from core.shared.device import class_probabilities
from core.sweep.predict import batches
from ui.server.cache import classifier_for, single_flight_cache, wait_for_first_paint
from ui.shared.page import torch_starts, try_predict
from ui.shared.page_pictures import Picture

TOGETHER = 8  # pictures in one forward pass


@dataclass(frozen=True, eq=False)
class FirstGuess:
    """A network's top-1 prediction for a picture, and the hole that costs it most.

    network: short title of the network. name: of the class. probability: of that class. mask: bool (1, H, W), the hole.
    """

    network: str
    name: str
    probability: float
    mask: np.ndarray


def first_guess(spec: ClassifierSpec, picture: Picture) -> FirstGuess | None:
    """Return a network's first guess of a picture; None until torch may be loaded, or if the network fails,
    which the page explains.
    """
    if wait_for_first_paint() or not torch_starts():
        return None
    known = try_predict(spec, lambda: _guess(spec.name, picture))
    if known is None:
        return None
    label, probability, mask = known
    return FirstGuess(short_title(spec.title), picture.classes.names[label], probability, mask)


@single_flight_cache(max_entries=200)
def _guess(name: str, picture: Picture) -> tuple[int, float, np.ndarray]:
    """Return the class, its probability and the mask of a `FirstGuess`."""
    classifier, image = classifier_for(name, picture.classes), picture.image[None]

    def probabilities(images: np.ndarray) -> np.ndarray:
        return np.concatenate([class_probabilities(classifier, some) for some in batches(images, TOGETHER)])

    (shares,) = probabilities(image)
    label = int(shares.argmax())
    mask = costliest_hole(picture.pixels, usual_hole_size(picture.size), probabilities, label)
    return label, float(shares[label]), mask
