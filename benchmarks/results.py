"""Hashes of all results computed from the shipped files, to check that a change alters none.

    python -m benchmarks.results > before.txt
    python -m benchmarks.results | diff before.txt -

One line each for: the claims of every shipped map as subject, with every map as reference; the claims of section 3.2 of
every stored network; each stored gradient, file of corruptions and of hybrids, with derived results; corrupted and
hybrid pictures; and short measurements of a bundled model. Numbers are hashed bit by bit, so lines may differ between
machines but not on one.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import is_dataclass
from typing import Any

import numpy as np

from core.claims.checks import findings
from core.claims.corruption_spectrum import maps_by_network, predict_rises, score_predictions, stored_corruptions
from core.claims.features import feature_findings, training_finding
from core.claims.finding import Finding, NamedMap
from core.claims.gradient_spectrum import gradient_agreement, stored_gradient, stored_gradients
from core.claims.hybrids import stored_hybrids
from core.classifiers.registry import load_classifier, network_side
from core.data.classes import HEATMAPS
from core.data.profiles import VARIABLE
from core.data.samples import load_samples
from core.fourier.hybrid import clipped_share, hybrid
from core.fourier.maps.heatmap import Heatmap
from core.images.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from core.runs.picture_outcomes import judged_outcomes
from core.shared.files import CACHE
from core.sweep.corruption.measure import CorruptionConfig
from core.sweep.hybrid.outcomes import crossover_of, dissimilar_pairs, paired_difference
from core.sweep.hybrid.pairs import HybridConfig, default_cutoffs
from core.sweep.transforms import grow_outcomes

MODEL = "mini-clip"
PICTURES = 20  # for measurements of the model


def plain(value: Any) -> Any:
    """Return a result as JSON: floats in hex, an array as dtype, shape and hash, an object as its fields."""
    if isinstance(value, np.ndarray):
        return [str(value.dtype), value.shape, hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, Finding):
        return plain({**vars(value), "claim": value.claim.key})
    if is_dataclass(value) and not isinstance(value, type):
        return plain(vars(value))
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, Sequence | Set) and not isinstance(value, str):
        return [plain(part) for part in value]
    return value


def digest(*values: Any) -> str:
    """Return the SHA-256 of values."""
    return hashlib.sha256(json.dumps(plain(values), sort_keys=True).encode()).hexdigest()


def shipped_maps() -> list[NamedMap]:
    """Load the shipped maps, named by their files."""
    maps = ((path.stem, Heatmap.load(path)) for path in sorted(HEATMAPS.glob("*.npz")))
    return [
        NamedMap(name, name, heatmap, network_side(heatmap.metadata["classifier"]["name"])) for name, heatmap in maps
    ]


def claim_hashes(all_maps: Sequence[NamedMap]) -> Iterator[tuple[str, str]]:
    """Yield hashes of the claims about maps, and about what networks draw and fill."""
    for subject in all_maps:
        yield f"claims of {subject.name}", digest([findings(subject, reference, all_maps) for reference in all_maps])
    networks = sorted(judged_outcomes())
    for network in networks:
        yield f"section 3.2 of {network}", digest([feature_findings(network, other) for other in networks])
    yield "section 3.2, twins", digest(training_finding())


def gradient_hashes(all_maps: Sequence[NamedMap]) -> Iterator[tuple[str, str]]:
    """Yield hashes of the stored gradients, and of their agreement with each map."""
    for name, stored in stored_gradients().items():
        yield f"gradient of {name}", digest(stored, stored.energy, stored.bend)
    for named in all_maps:
        if (gradient := stored_gradient(named.heatmap)) is not None:
            yield f"gradient against {named.name}", digest(gradient_agreement(gradient, named.heatmap))


def corruption_hashes(all_maps: Sequence[NamedMap]) -> Iterator[tuple[str, str]]:
    """Yield hashes of outcomes under corruptions, stored, predicted by maps and measured, and of the pictures."""
    for name, outcomes in stored_corruptions().items():
        errors = [outcomes.errors(key, strength=strength) for key in outcomes.keys for strength in (None, *STRENGTHS)]
        yield f"corruptions of {name}", digest(outcomes.arrays(), outcomes.metadata, outcomes.clean_errors(), errors)
    predictions = {name: predict_rises(*pair) for name, pair in maps_by_network(all_maps).items()}
    for name, guess in predictions.items():
        yield f"corruptions predicted of {name}", digest(guess)
    yield (
        "corruptions predicted",
        digest(
            score_predictions(tuple(CORRUPTIONS), [prediction for prediction in predictions.values() if prediction])
        ),
    )
    data = load_samples("cifar10-samples")
    images = data.images[:PICTURES].astype(np.float32) / 255
    for key, row in CORRUPTIONS.items():
        yield f"pictures under {key}", digest([corrupt(images, row, s, range(len(images))) for s in STRENGTHS])
    config, classifier = CorruptionConfig(PICTURES), load_classifier(MODEL, data.classes, device="cpu")
    *_, last = grow_outcomes(config, classifier, data)
    yield f"corruptions measured of {MODEL}", digest(last.arrays())


def hybrid_hashes() -> Iterator[tuple[str, str]]:
    """Yield hashes of outcomes on hybrids, stored, by pair of networks and measured, and of the pictures."""
    stored = stored_hybrids()
    for name, outcomes in stored.items():
        distinct = dissimilar_pairs(outcomes)
        parts = (outcomes.shares, crossover_of(outcomes), distinct, crossover_of(outcomes.subset(distinct)))
        yield f"hybrids of {name}", digest(outcomes.arrays(), outcomes.metadata, *parts)
    for first, second in itertools.combinations(stored, 2):
        yield f"hybrids of {first} and {second}", digest(paired_difference(stored[first], stored[second]))
    data = load_samples("cifar10-samples")
    images = data.images[: 2 * PICTURES].astype(np.float32) / 255
    low, high = images[:PICTURES], images[PICTURES:]
    for edge in ("gaussian", "sharp"):
        mixed = [hybrid(low, high, cutoff, edge) for cutoff in default_cutoffs(data.image_size)]
        yield f"hybrids, {edge}", digest(mixed, [clipped_share(picture) for picture in mixed])
    config = HybridConfig(PICTURES, default_cutoffs(data.image_size))
    classifier = load_classifier(MODEL, data.classes, device="cpu")
    *_, last = grow_outcomes(config, classifier, data)
    yield f"hybrids measured of {MODEL}", digest(last.arrays())


def main() -> int:
    """Print a line for each result, without this machine's profiles."""
    os.environ.pop(VARIABLE, None)
    os.environ[CACHE] = os.devnull
    all_maps = shipped_maps()
    for results in (claim_hashes(all_maps), gradient_hashes(all_maps), corruption_hashes(all_maps), hybrid_hashes()):
        for name, hashed in results:
            print(f"{hashed}  {name}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
