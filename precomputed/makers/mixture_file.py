"""Store what a network predicts for two photos in one, at each cutoff of the slider.

    python -m precomputed.makers.mixture_file

Writes precomputed/mixtures.json. The pairs of bundled photos, and the cutoff that each begins with, were chosen by eye.
Takes half a minute of a core.
"""

from __future__ import annotations

import numpy as np

from core.classifiers.registry import load_classifier
from core.data.datasets import load_samples
from core.data.sample_sets import SAMPLE_SETS, imagenet
from core.data.stored import classifier_facts, computed_source
from core.shared.device import device_name, prepare_torch
from core.sweep.mixture_pairs import MIXED_SET, MIXTURES, pair_row
from core.sweep.predict import hybrid_cutoffs, predict_hybrids
from precomputed.makers.gallery_files import write_facts
from precomputed.makers.plans import PAINTER

# What gives the slow waves, what gives the fast ones, and the cutoff to begin with, in cycles per image.
PAIRS = (
    ("giant panda", "German shepherd", 5.0),
    ("macaw", "hen", 5.0),
    ("giant panda", "tabby", 7.0),
    ("espresso", "ice bear", 5.0),
    ("German shepherd", "hen", 7.0),
    ("bison", "koala", 10.0),
)


def main() -> None:
    """Predict the hybrids of all pairs; write the file."""
    prepare_torch()
    network, photos = load_classifier(PAINTER), load_samples(SAMPLE_SETS[MIXED_SET].dataset)
    images, labels = photos.images.astype(np.float32) / np.float32(255), photos.labels.tolist()
    cutoffs, rows = hybrid_cutoffs(photos.image_size), []
    for *names, start in PAIRS:
        low, high = (labels.index(imagenet().names.index(str(name))) for name in names)
        predictions = predict_hybrids(network, images[low], images[high], cutoffs).between(labels[low], labels[high])
        rows.append(pair_row(low, high, start, predictions))
    source = computed_source(device_name(network.device))
    facts = {"classifier": classifier_facts(network), "source": source, "size": photos.image_size, "pairs": rows}
    write_facts(MIXTURES, facts)


if __name__ == "__main__":
    main()
