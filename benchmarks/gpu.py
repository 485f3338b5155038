"""What one GPU makes of the paper: its maps with CLIP, a run of 720 steps, memory. At most eight minutes.

    python -m benchmarks.gpu
    python -m benchmarks.gpu --network mini-resnet --device cpu --seconds 0.5   # small, on any machine

CLIP ViT-B/32 has its own weights where they are on this machine, else random ones: times depend on neither them nor the
pictures, which are random. A part of each map is computed, for so many seconds; the whole follows from its pace.
- map: `core.growing_heatmaps`, beside bare forward passes of the same batch size; both layouts of memory
  are tried, as `core.classifiers.registry` takes one on CPUs alone;
- run: steps of `core.pgd.steps.pgd_steps`, beside the bare forward and backward pass, one picture and as many as
  `core.reconstruct` takes at once; and whether a run that goes on from its middle ends in the same bits.
"""

from __future__ import annotations

import argparse
import copy
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from benchmarks.pgd import Stopwatch, bare_step
from core.classifiers.kinds.base import Classifier
from core.classifiers.kinds.identity import Identity
from core.classifiers.registry import classifier_spec, classifier_state, load_classifier
from core.data.classes import CIFAR10, ClassSet, imagenet100
from core.data.dataset import ImageDataset
from core.fourier.basis import half_plane
from core.images.masks import middle_square, square_side
from core.pgd.config import PGDConfig, paper_inpainting
from core.pgd.objectives import Inpainting
from core.pgd.steps import pgd_steps
from core.reconstruct.batches import BATCH_PIXELS
from core.shared import paper
from core.shared.device import choose_device, forward, name_device, prepare_torch, with_cast_weights
from core.sweep.loop.config import BATCH, SweepConfig
from core.sweep.maps import growing_heatmaps, passes_taken

CLIP = "clip-vit-b-32"
DTYPES = ("float32", "bfloat16")
# The paper's maps: side in pixels, and how many images.
MAPS = {"CIFAR-10": (32, 10_000), "ImageNet100": (224, 5_000)}
STEPS = 20


def network(name: str, classes: ClassSet, device: str) -> Classifier:
    """The network for these classes; CLIP with random weights where its own are not here."""
    if classifier_state(name).status == "ready":
        return load_classifier(name, classes, device=device)
    if name != CLIP:
        raise FileNotFoundError(f"the weights of {name} are not on this machine; download them on *Models and data*")
    import open_clip

    from core.classifiers.loaders import clip_model

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = open_clip.create_model("ViT-B-32-quickgelu", load_weights=False)
    identity = Identity(CLIP, "random weights")
    return clip_model(identity, model, open_clip.get_tokenizer("ViT-B-32")).to(device).for_classes(classes)


def pictures(side: int, count: int, classes: ClassSet) -> ImageDataset:
    """Random ones."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, 3, side, side), dtype=np.uint8)
    return ImageDataset("random", "test", images, np.arange(count) % len(classes), classes, "random pixels")


def map_figures(classifier: Classifier, data: ImageDataset, dtype: str, seconds: float, whole: int) -> dict[str, Any]:
    """Pace and memory of a part of a map, and minutes of all of it; `whole`: images of the paper's."""
    side = paper.MAP_SIDE[data.image_size]
    images, watch = torch.as_tensor(data.images).to(classifier.device), Stopwatch("wall", classifier.device)
    size = BATCH.get(images.device.type, BATCH["cpu"])
    cast, batch = with_cast_weights(classifier, dtype), images[torch.arange(size) % len(images)].float() / 255
    config = SweepConfig(
        side=side, epsilon=paper.EPSILON[data.image_size], dtype=dtype, batch_size=size, outcomes=False
    )

    @torch.inference_mode()
    def bare(one: Callable[[torch.Tensor], torch.Tensor], inputs: torch.Tensor) -> float:
        """Images per second."""
        forward(one, inputs, dtype)
        rounds = max(1, round(2000 / size)) if inputs.is_cuda else 1
        return rounds * size / watch(lambda: [forward(one, inputs, dtype) for _ in range(rounds)])

    _reset_memory(classifier.device)
    maps, start, done = growing_heatmaps(classifier, data, config), time.perf_counter(), 0
    next(maps)  # the clean images: by then all is loaded
    began, passes = time.perf_counter(), len(data)
    for heatmap in maps:
        done = passes_taken(heatmap) - passes
        if time.perf_counter() - began > seconds:
            break
    pace = done / (time.perf_counter() - began)
    usual = statistics.median(bare(cast, batch) for _ in range(3))
    last = torch.channels_last
    other = bare(copy.deepcopy(cast).to(memory_format=last), batch.contiguous(memory_format=last))  # type: ignore[call-overload]
    total = (len(half_plane(side)) + 1) * whole
    return {
        "batch_size": size,
        "images_per_second": round(pace, 1),
        "of_bare_forward": round(pace / usual, 3),
        "channels_last_to_bare": round(other / usual, 3),
        "whole_map_minutes": round(total / pace / 60, 2),
        "first_map_seconds": round(began - start, 2),
        "peak_memory_gb": _peak_memory(classifier.device),
    }


def run_figures(classifier: Classifier, data: ImageDataset, dtype: str, count: int, rounds: int) -> dict[str, Any]:
    """Milliseconds of a step on so many pictures at once, beside bare passes in turns; seconds of 720; memory; bits."""
    side, device = data.image_size, classifier.device
    watch = Stopwatch("wall", device)
    mask = torch.from_numpy(middle_square(side, square_side(side)))
    start = torch.as_tensor(data.images[:count]).to(device).float() / 255
    targets = torch.as_tensor(data.labels[:count]).to(device)
    usual = paper_inpainting(side)
    config = PGDConfig(epsilon=usual.epsilon, step_size=usual.step_size, steps=3 * rounds + STEPS, dtype=dtype)
    objective, cast = Inpainting(targets, mask), with_cast_weights(classifier, dtype)
    _reset_memory(device)
    states = pgd_steps(classifier, objective, start, config)
    for _ in range(3):
        next(states)
    times: dict[str, list[float]] = {"step": [], "bare": []}
    for _ in range(rounds):
        times["step"].append(watch(lambda: next(states)))
        times["bare"].append(watch(lambda: bare_step(lambda images: forward(cast, images, dtype), start, targets)))
    step, bare = (statistics.median(times[name]) for name in times)
    short = replace(config, steps=STEPS)
    whole = list(pgd_steps(classifier, objective, start, short))
    *_, end = pgd_steps(classifier, objective, start, short, after=whole[STEPS // 2])
    return {
        "pictures": count,
        "step_ms": round(1000 * step, 2),
        "of_bare_forward_and_backward": round(step / bare, 3),
        "steps_720_seconds": round(720 * step, 1),
        "goes_on_to_the_same_bits": bool(torch.equal(whole[-1].images, end.images)),
        "peak_memory_gb": _peak_memory(device),
    }


def _reset_memory(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def _peak_memory(device: torch.device) -> float | None:
    return round(torch.cuda.max_memory_allocated(device) / 1e9, 2) if device.type == "cuda" else None


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures as JSON."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.gpu")
    options.add_argument("--network", default=CLIP, help="a name of the registry, default CLIP ViT-B/32")
    options.add_argument("--device", default="cuda")
    options.add_argument("--seconds", type=float, default=30, help="of each map in each precision, default 30")
    options.add_argument("--rounds", type=int, default=50, help="steps that are timed, default 50")
    options.add_argument("--images", type=int, help="of each map's part, default as many as the paper's map has")
    given = options.parse_args(arguments)

    began = time.perf_counter()
    prepare_torch()
    device = choose_device(given.device, 0)
    vocabulary = classifier_spec(given.network).vocabulary
    report: dict[str, Any] = {"network": given.network, "device": name_device(device), "torch": torch.__version__}
    for title, (side, whole) in MAPS.items():
        classes = CIFAR10 if side == 32 else imagenet100()
        if vocabulary is not None and (vocabulary == "cifar10") != (side == 32):
            continue  # it knows the other map's classes alone
        classifier = network(given.network, classes, device)
        report["weights"] = classifier.weights_id
        data = pictures(side, given.images or whole, classes)
        at_once = max(1, BATCH_PIXELS.get(classifier.device.type, BATCH_PIXELS["cpu"]) // side**2)
        for dtype in DTYPES:
            report[f"map, {title}, {dtype}"] = map_figures(classifier, data, dtype, given.seconds, whole)
            for count in dict.fromkeys((1, min(at_once, len(data)))):
                found = run_figures(classifier, data, dtype, count, given.rounds)
                report[f"run, {side} pixels, {dtype}, {count} at once"] = found
    report["seconds"] = round(time.perf_counter() - began, 1)
    print(json.dumps(report, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
