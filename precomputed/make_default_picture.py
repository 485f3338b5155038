"""Choose the pictures that the app opens with: some on which the first wave shows its effect.

    python -m precomputed.make_default_picture

The rule: the first bundled sample that the small CLIP and the small CNN both get right, that the wave of the first
story turns wrong for the CLIP, and that it leaves right for the CNN. The page *Story* takes, of those that fit, the
first automobile that becomes a ship. Stored with what both predict for it under every wave, so that no page need load
torch.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from core.classifiers.registry import load_classifier
from core.data.classes import PRECOMPUTED
from core.data.samples import load_samples
from core.fourier.basis import half_plane
from core.shared import paper
from core.shared.files import write_json
from core.sweep.predictions import class_probabilities, wave_on_image

TARGET = PRECOMPUTED / "default_picture.json"
TURNED, KEPT, SAMPLES = "mini-clip", "mini-resnet", "cifar10-samples"
WAVE, SEED, SIDE = (0, 1), 0, 31
STORY = ("automobile", "ship")
DECIMALS = 4  # of the stored probabilities


def default_picture() -> dict[str, Any]:
    """The rule's result with what it rests on, as JSON.

    Raises:
        RuntimeError: no sample is of that kind, or no automobile becomes a ship.
    """
    data = load_samples(SAMPLES)
    images = data.images.astype(np.float32) / 255
    epsilon = paper.EPSILON[data.image_size]
    waved_images = [wave_on_image(image, WAVE, epsilon, seed=SEED, position=k) for k, image in enumerate(images)]
    waved = np.stack([image.perturbed for image in waved_images])
    fits, models, probabilities_by_model, classifiers = np.ones(len(data), bool), {}, {}, {}
    for name, stays_right in ((TURNED, False), (KEPT, True)):
        classifier = classifiers[name] = load_classifier(name, data.classes)
        probabilities_by_model[name] = [class_probabilities(classifier, batch) for batch in (images, waved)]
        before, after = (probabilities.argmax(1) == data.labels for probabilities in probabilities_by_model[name])
        fits &= before & (after == stays_right)
        models[name] = classifier.sha256
    label, wrong_label = (data.classes.names.index(name) for name in STORY)
    story_fits = fits & (data.labels == label) & (probabilities_by_model[TURNED][1].argmax(1) == wrong_label)
    if not story_fits.any():
        raise RuntimeError(f"the wave {WAVE} makes no {STORY[0]} of {SAMPLES} a {STORY[1]} for {TURNED} alone")
    place = int(story_fits.argmax())
    under = [wave_on_image(images[place], wave, epsilon, seed=SEED, position=place) for wave in half_plane(SIDE)]
    waves = np.stack([wave.perturbed for wave in under])
    return {
        "rule": "first sample right without the wave, wrong with it for `turned`, right with it for `kept`",
        "samples": SAMPLES,
        "position": int(fits.argmax()),
        "fitting": np.flatnonzero(fits).tolist(),
        "wave": list(WAVE),
        "epsilon": epsilon,
        "seed": SEED,
        "turned": TURNED,
        "kept": KEPT,
        "sha256": models,
        "story": {
            "rule": f"first of `fitting` that is an {STORY[0]}, and with the wave a {STORY[1]} for `turned`",
            "position": place,
            "answers": {
                name: [
                    _answer(probabilities_by_model[name][0][place]),
                    *map(_answer, class_probabilities(classifier, waves)),
                ]
                for name, classifier in classifiers.items()
            },
        },
    }


def _answer(probabilities: np.ndarray) -> tuple[int, float]:
    """The top-1 class and its probability."""
    return int(probabilities.argmax()), round(float(probabilities.max()), DECIMALS)


if __name__ == "__main__":
    write_json(TARGET, default_picture(), indent=None)
    print(TARGET.read_text())
