"""Time the paper's experiments on one GPU: maps with CLIP, a run of 720 steps, memory. At most eight minutes.

    python -m benchmarks.gpu
    python -m benchmarks.gpu --network mini-resnet --device cpu --seconds 0.5   # small, on any machine

CLIP ViT-B/32 has random weights unless its own are on this machine; times depend on neither these nor the pictures,
which are random. Part of each map is computed for a given time, and the total is extrapolated.
- map: `core.growing_heatmaps`, beside bare forward passes of the same batch size; both layouts of memory
  are tried, as `core.classifiers.registry` takes one on CPUs alone;
- run: steps of `core.pgd.steps.pgd_steps`, beside the bare forward and backward pass, one picture and as many as
  `core.reconstruct` takes at once; and whether a run that goes on from its middle ends in the same bits.
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch

from benchmarks.measure import Row, in_turns, run_script, stopwatch
from benchmarks.pgd import bare_step
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
from core.shared.device import choose_device, forward, name_device, prepare_torch
from core.shared.network_copies import for_gradients, with_cast_weights
from core.sweep.loop.config import BATCH, SweepConfig
from core.sweep.maps import growing_heatmaps, passes_taken

CLIP = "clip-vit-b-32"
DTYPES = ("float32", "bfloat16")
# The paper's maps: side in pixels, and how many images.
MAPS = {"CIFAR-10": (32, 10_000), "ImageNet100": (224, 5_000)}
STEPS = 20


def network(name: str, classes: ClassSet, device: str) -> Classifier:
    """Load the network for these classes; CLIP gets random weights if its own are not on this machine."""
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
    """Return random pictures."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, 3, side, side), dtype=np.uint8)
    return ImageDataset("random", "test", images, np.arange(count) % len(classes), classes, "random pixels")


def map_rows(classifier: Classifier, data: ImageDataset, dtype: str, seconds: float, whole: int) -> Iterator[Row]:
    """Yield pace and memory for a part of a map, and the minutes for all of it. whole: the paper's images."""
    side = paper.MAP_SIDE[data.image_size]
    images = torch.as_tensor(data.images).to(classifier.device)
    size = BATCH.get(images.device.type, BATCH["cpu"])
    cast, batch = with_cast_weights(classifier, dtype), images[torch.arange(size) % len(images)].float() / 255
    config = SweepConfig(
        side=side, epsilon=paper.EPSILON[data.image_size], dtype=dtype, batch_size=size, outcomes=False
    )

    @torch.inference_mode()
    def bare(network: Callable[[torch.Tensor], torch.Tensor], inputs: torch.Tensor) -> float:
        """Return the images per second."""
        forward(network, inputs, dtype)
        passes = max(1, round(2000 / size)) if inputs.is_cuda else 1
        seconds = stopwatch(lambda: [forward(network, inputs, dtype) for _ in range(passes)], device=str(inputs.device))
        return passes * size / seconds

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
    yield Row(f"map, batch of {size}", pace, "1/s")
    yield Row("map", pace / usual, "ratio", "", "bare forward pass")
    yield Row("bare forward pass, channels last", other / usual, "ratio", "", "bare forward pass")
    yield Row("whole map", (len(half_plane(side)) + 1) * whole / pace / 60, "min")
    yield Row("first map", began - start, "s")
    yield from _memory_rows("map", classifier.device)


def run_rows(classifier: Classifier, data: ImageDataset, dtype: str, count: int, rounds: int) -> Iterator[Row]:
    """Yield the time of a step on several pictures, beside bare passes in turns, and of 720 steps; memory; resuming."""
    side, device = data.image_size, classifier.device
    mask = torch.from_numpy(middle_square(side, square_side(side)))
    start = torch.as_tensor(data.images[:count]).to(device).float() / 255
    targets = torch.as_tensor(data.labels[:count]).to(device)
    usual = paper_inpainting(side)
    config = PGDConfig(epsilon=usual.epsilon, step_size=usual.step_size, steps=3 * rounds + STEPS, dtype=dtype)
    objective, cast = Inpainting(targets, mask), for_gradients(classifier, dtype)
    _reset_memory(device)
    states = pgd_steps(classifier, objective, start, config)
    works = {
        "step": lambda: next(states),
        "bare": lambda: bare_step(lambda images: forward(cast, images, dtype), start, targets),
    }
    times = in_turns(works, rounds, warm_up=3, device=str(device))
    short, what = replace(config, steps=STEPS), f"step, {count} pictures"
    whole = list(pgd_steps(classifier, objective, start, short))
    *_, end = pgd_steps(classifier, objective, start, short, after=whole[STEPS // 2])
    yield Row(what, times.median_ms("step"), "ms")
    yield Row(what, times.ratio("step", "bare"), "ratio", "", "bare forward and backward pass")
    yield Row(f"720 {what}", 0.72 * times.median_ms("step"), "s")
    yield Row(f"{what}, resumed to the same bits", torch.equal(whole[-1].images, end.images), "1 is yes", "= 1")
    yield from _memory_rows(what, device)


def _reset_memory(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def _memory_rows(what: str, device: torch.device) -> Iterator[Row]:
    if device.type == "cuda":
        yield Row(f"{what}, highest memory", torch.cuda.max_memory_allocated(device) / 1e9, "GB")


def rows(args: argparse.Namespace) -> Iterator[Row]:
    """Both maps and runs on pictures of their sizes, in each precision."""
    prepare_torch()
    device = choose_device(args.device, 0)
    vocabulary = classifier_spec(args.network).vocabulary
    for title, (side, whole) in MAPS.items():
        classes = CIFAR10 if side == 32 else imagenet100()
        if vocabulary is not None and (vocabulary == "cifar10") != (side == 32):
            continue  # it knows the other map's classes alone
        classifier = network(args.network, classes, device)
        data = pictures(side, args.images or whole, classes)
        at_once = max(1, BATCH_PIXELS.get(classifier.device.type, BATCH_PIXELS["cpu"]) // side**2)
        for dtype in DTYPES:
            parts = [map_rows(classifier, data, dtype, args.seconds, whole)]
            for count in dict.fromkeys((1, min(at_once, len(data)))):
                parts.append(run_rows(classifier, data, dtype, count, args.rounds))
            where = f"{title}, {dtype}, {classifier.weights_id} on {name_device(device)}"
            yield from (replace(row, name=f"{where}: {row.name}") for part in parts for row in part)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu")
    parser.add_argument("--network", default=CLIP, help="a name of the registry, default CLIP ViT-B/32")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--seconds", type=float, default=30, help="of each map in each precision, default 30")
    parser.add_argument("--rounds", type=int, default=50, help="steps that are timed, default 50")
    parser.add_argument("--images", type=int, help="of each map's part, default as many as the paper's map has")
    run_script(rows, parser, argv)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
