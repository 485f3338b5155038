"""Hashes of all results, to check before and after a change that it alters none.

    python -m benchmarks.compare > before.txt
    python -m benchmarks.compare | diff before.txt -

One line each for: the numbers of every shipped map; its claims, with every map as reference; the claims of section 3.2
of every stored network; each stored file of corruptions and of hybrids, with derived results; corrupted and
hybrid pictures; short sweeps and runs of bundled models; and the data that each page gives to its components. Numbers
are hashed bit by bit, so lines may differ between machines but not on one.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import is_dataclass, replace
from typing import Any

import numpy as np
from streamlit.testing.v1 import AppTest

from core.claims.claim_table import feature_findings, findings, training_finding
from core.claims.finding import Finding, NamedMap
from core.claims.statistics import (
    stored_corruptions,
    stored_hybrids,
)
from core.classifiers.registry import input_size, load_classifier
from core.data.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from core.data.datasets import load_samples
from core.data.holes import middle_square
from core.data.sample_sets import HEATMAPS
from core.fourier.heatmap import Heatmap
from core.fourier.outcomes import (
    CorruptionOutcomes,
    HybridOutcomes,
    crossover_of,
    paired_difference,
)
from core.fourier.waves import clipped_fraction, hybrid
from core.pgd.live import Run
from core.pgd.methods import METHODS, Method
from core.pgd.picture_outcomes import judged_outcomes
from core.pgd.plan import RunPlan, inpainting_plan
from core.pgd.preconditioner import Preconditioner
from core.pgd.settings import defaults
from core.pgd.views import Views
from core.shared.files import CACHE
from core.sweep.corruption_sweep import CorruptionConfig
from core.sweep.grow import grow
from core.sweep.hybrid_sweep import HybridConfig, default_cutoffs
from core.sweep.wave_sweep import SweepConfig

_MODEL = "mini-clip"
_MEASURED = 20  # for measurements of the model
_STEPS = 6  # of runs
_PAINTERS = {"mini-clip": "cifar10-samples", "mini-resnet": "cifar10-samples", "efficientnet-lite0": "photographs"}
# Methods in which every setting takes part; small pictures are shifted, large ones cropped.
_METHODS = {
    32: Method(Views(shift=3, flip=True, noise=0.03), Preconditioner(spectrum=1, colors=0.5)),
    224: Method(Views(min_size=0.4, noise=0.08), Preconditioner(spectrum=1.2, colors=0.5)),
}
_OPENED = {
    "story": "story",
    "frequency": "frequency",
    "frequency, a wave": "frequency?cell=3,4",
    "inpainting": "inpainting",
    "generation": "generation",
    "generation, CIFAR-10": "generation?generation-set=CIFAR-10, 32 px",
}


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
    return [NamedMap(name, name, heatmap, input_size(heatmap.metadata["classifier"]["name"])) for name, heatmap in maps]


def map_hashes(all_maps: Sequence[NamedMap]) -> Iterator[tuple[str, str]]:
    """Yield hashes of the numbers of each shipped map, and of a short sweep."""
    for named in all_maps:
        heatmap = named.heatmap
        numbers = heatmap.top1_errors, heatmap.top5_errors, heatmap.count, heatmap.clean, heatmap.rate()
        yield f"map {named.name}", digest(numbers, heatmap.metadata["epsilon"], heatmap.metadata["class_names"])
    data = load_samples("cifar10-samples")
    config = SweepConfig(size=5, epsilon=4.0, batch_size=64)
    *_, last = grow(load_classifier(_MODEL, data.classes, device="cpu"), data, config)
    yield f"map measured of {_MODEL}", digest(last.top1_errors, last.top5_errors, last.count, last.clean)


def run_hashes() -> Iterator[tuple[str, str]]:
    """Yield hashes of the last pictures of short runs by both methods, and by each ingredient alone."""
    for name, samples in _PAINTERS.items():
        data = load_samples(samples)
        classifier = load_classifier(name, data.classes, device="cpu")
        original, target = data.images[:1], (int(data.labels[0]),)
        size = data.image_size
        start = np.random.default_rng(0).random((1, 3, size, size), dtype=np.float32)
        mask = middle_square(size, size // 4)
        for method in METHODS:
            draw, fill = (
                replace(defaults(task, size), steps=_STEPS, method=_METHODS[size].variant(method))
                for task in ("generation", "inpainting")
            )
            for task, plan in (
                ("draw", RunPlan(targets=target, start=start, config=draw)),
                ("fill", inpainting_plan(original, mask, target, fill)),
            ):
                *_, (state,) = Run(plan, lambda classifier=classifier: [classifier]).states()
                numbers = state.images.numpy(), state.logits.numpy(), state.cross_entropy.numpy()
                yield f"run of {name}, {task} by {method}", digest(numbers)


def page_hashes() -> Iterator[tuple[str, str]]:
    """Yield hashes of the data that pages give to their components when they open."""
    for title, url in _OPENED.items():
        page, _, query = url.partition("?")
        app = AppTest.from_string(f"from ui.pages import {page}\n{page}.page()", default_timeout=120)
        if query:
            name, _, value = query.partition("=")
            app.query_params[name] = value
        app.run()
        for number, part in enumerate(app.get("bidi_component"), start=1):
            data = json.loads(part.proto.json)
            for passing in ("token", "key", "version", "id"):  # of this session
                data.pop(passing, None)
            yield f"component {number} of {title}: {part.proto.component_name}", digest(data)


def claim_hashes(all_maps: Sequence[NamedMap]) -> Iterator[tuple[str, str]]:
    """Yield hashes of the claims about maps, and about what networks draw and fill."""
    for subject in all_maps:
        yield f"claims of {subject.name}", digest([findings(subject, reference, all_maps) for reference in all_maps])
    networks = sorted(judged_outcomes())
    for network in networks:
        yield f"section 3.2 of {network}", digest([feature_findings(network, other) for other in networks])
    yield "section 3.2, twins", digest(training_finding())


def _numbers(outcomes: CorruptionOutcomes | HybridOutcomes) -> tuple[Any, ...]:
    """Return the numbers of a table, in no file's format."""
    if isinstance(outcomes, CorruptionOutcomes):
        return outcomes.clean_errors(), outcomes.correct, outcomes.spectrum.astype(np.float32)
    assert outcomes.labels is not None and outcomes.predictions is not None
    return outcomes.cutoffs, outcomes.says, outcomes.labels.astype(int), outcomes.predictions.astype(int)


def corruption_hashes() -> Iterator[tuple[str, str]]:
    """Yield hashes of outcomes under corruptions, stored and measured, and of the pictures."""
    for name, outcomes in stored_corruptions().items():
        errors = [outcomes.errors(key, strength=strength) for key in outcomes.keys for strength in (None, *STRENGTHS)]
        yield f"corruptions of {name}", digest(*_numbers(outcomes), outcomes.metadata, errors)
    data = load_samples("cifar10-samples")
    images = data.images[:_MEASURED].astype(np.float32) / 255
    for key, row in CORRUPTIONS.items():
        yield f"pictures under {key}", digest([corrupt(images, row, s, range(len(images))) for s in STRENGTHS])
    config, classifier = CorruptionConfig(_MEASURED), load_classifier(_MODEL, data.classes, device="cpu")
    *_, last = grow(classifier, data, config)
    yield f"corruptions measured of {_MODEL}", digest(*_numbers(last))


def hybrid_hashes() -> Iterator[tuple[str, str]]:
    """Yield hashes of outcomes on hybrids, stored, by pair of networks and measured, and of the pictures."""
    stored = stored_hybrids()
    for name, outcomes in stored.items():
        yield f"hybrids of {name}", digest(*_numbers(outcomes), outcomes.metadata, crossover_of(outcomes))
    for first, second in itertools.combinations(stored, 2):
        yield f"hybrids of {first} and {second}", digest(paired_difference(stored[first], stored[second]))
    data = load_samples("cifar10-samples")
    images = data.images[: 2 * _MEASURED].astype(np.float32) / 255
    low, high = images[:_MEASURED], images[_MEASURED:]
    mixed = [hybrid(low, high, cutoff) for cutoff in default_cutoffs(data.image_size)]
    yield "hybrids, gaussian", digest(mixed, [clipped_fraction(picture) for picture in mixed])
    config = HybridConfig(_MEASURED, default_cutoffs(data.image_size))
    classifier = load_classifier(_MODEL, data.classes, device="cpu")
    *_, last = grow(classifier, data, config)
    yield f"hybrids measured of {_MODEL}", digest(*_numbers(last))


def main() -> int:
    """Print a line for each result, without this machine's profiles."""
    os.environ[CACHE] = os.devnull
    all_maps = shipped_maps()
    tables = [part(all_maps) for part in (map_hashes, claim_hashes)]
    for results in (*tables, corruption_hashes(), hybrid_hashes(), run_hashes(), page_hashes()):
        for name, hashed in results:
            print(f"{hashed}  {name}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
