"""Error of the estimate from few images per wave, by simulation on the shipped maps.

    python -m benchmarks.estimate
    python -m benchmarks.estimate --against precomputed/heatmaps/mini-clip_cifar10.npz progressive.npz

Binomial draws around each 31 x 31 map stand for sweeps at 0.5, 1 and 2 % of 10,000 images. "Real" draws take as many of
the 1,000 images whose outcomes a map stores, a balanced sample for each wave. With `--against` the second file, a real
sweep with `--passes`, is compared with the first, the whole map. Of each: in points the root mean square deviation of
the raw counts and of the estimate; the share of waves whose 95 % interval holds the whole map's error, over all draws
and in the worst one; how often a lattice was found; for the published CLIP map the mean contrast of the 12 waves of its
patch grid. Last come the means of the maps on 10,000 images.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.measure import Row, run_script
from core.data.classes import HEATMAPS
from core.fourier.basis import half_plane, wave_values
from core.fourier.maps.estimate import estimate_map
from core.fourier.maps.heatmap import Heatmap
from core.fourier.maps.lattice import lattice
from core.fourier.maps.outcomes import outcomes, select_images
from core.sweep.loop.sample import balanced_sample, sampling_variance

SIDE, PATCHES = 31, 7
IMAGES = (200, 100, 50)  # of 10,000: 2, 1 and 0.5 %


@dataclass(frozen=True)
class EstimateScore:
    """raw, estimated: root mean square over the waves, in points. covered: share of waves. dips: in points."""

    raw: float
    estimated: float
    covered: float
    lattice: int | None
    dips: float
    seconds: float


def score(truth: Heatmap, errors: np.ndarray, count: np.ndarray, share: float = 1.0) -> EstimateScore:
    """Score counts of few images, and their estimate, against a whole map."""
    start = time.perf_counter()
    estimate = estimate_map(errors, count, image_size=truth.metadata["image_size"], variance_share=share)
    seconds = time.perf_counter() - start
    assert estimate is not None
    waves = [wave for wave in half_plane(truth.side) if count[wave[0] + truth.side // 2, wave[1] + truth.side // 2]]
    real, raw, rate, low, high = (
        wave_values(array, waves) for array in (truth.rate(), errors / np.maximum(count, 1), *estimate.error)
    )
    estimated = replace(truth, printed_rates=np.stack([estimate.error.value] * 2))  # so that the statistic reads it
    return EstimateScore(
        raw=100 * float(np.sqrt(np.mean((raw - real) ** 2))),
        estimated=100 * float(np.sqrt(np.mean((rate - real) ** 2))),
        covered=float(np.mean((low <= real) & (real <= high))),
        lattice=estimate.lattice,
        dips=dips(estimated),
        seconds=seconds,
    )


def dips(heatmap: Heatmap) -> float:
    """Mean contrast of the waves with the same phase in all patches of CLIP ViT-B/32, in points."""
    result = lattice(heatmap, PATCHES, draws=1)
    return 100 * result.mean.value if result else float("nan")


def simulated(truth: Heatmap, images: int, seed: int) -> EstimateScore:
    """Simulate a sweep with fresh images for each wave."""
    # A published map may have measured (i, j) and (-i, -j) each: the half plane's value is taken for both.
    count = np.full((truth.side, truth.side), images, dtype=np.int64)
    errors = np.zeros_like(count)
    generator = np.random.default_rng([seed, images])
    for i, j in half_plane(truth.side):
        drawn = generator.binomial(images, truth.rate()[i + truth.side // 2, j + truth.side // 2])
        for sign in (1, -1):
            errors[sign * i + truth.side // 2, sign * j + truth.side // 2] = drawn
    return score(truth, errors, count)


def resampled(truth: Heatmap, images: int, seed: int) -> EstimateScore:
    """Count a sweep over samples from a map that stores which images are misclassified under each wave."""
    result, labels = outcomes(truth), truth.labels
    assert result is not None and labels is not None
    samples = [balanced_sample(labels, images, wave, seed=seed) for wave in result.waves]
    chosen = np.zeros_like(result.wrong)
    np.put_along_axis(chosen, np.array(samples), True, axis=1)
    variance = np.full((truth.side, truth.side), np.nan)
    for (i, j), wrong, sample in zip(result.waves, result.wrong, samples, strict=True):
        for sign in (1, -1):
            cell = sign * i + truth.side // 2, sign * j + truth.side // 2
            variance[cell] = sampling_variance(wrong[sample], labels[sample], len(labels))
    sampled = replace(select_images(truth, chosen), sampling_variance=variance)
    return score(truth, sampled.top1_errors, sampled.count, sampled.variance_share)


def score_rows(
    name: str, by_map: Sequence[Sequence[EstimateScore]], targets: tuple[str, str] = ("", "")
) -> Iterator[Row]:
    """Yield the rows on several draws of a map; for several maps, means of their means."""
    draws = [score for scores in by_map for score in scores]

    def mean(field: str) -> float:
        return float(np.mean([np.mean([getattr(score, field) for score in scores]) for scores in by_map]))

    peer = f"whole map{'s' * (len(by_map) > 1)}, {len(draws)} draws"
    yield Row(f"{name}, raw", mean("raw"), "points RMS", "", peer)
    yield Row(f"{name}, estimate", mean("estimated"), "points RMS", targets[0], peer)
    yield Row(f"{name}, intervals that hold the map", 100 * mean("covered"), "%", targets[1], peer)
    yield Row(f"{name}, the same in the worst draw", 100 * min(score.covered for score in draws), "%", "", peer)
    yield Row(f"{name}, lattice found", sum(score.lattice is not None for score in draws), "draws", "", peer)
    yield Row(f"{name}, a fit", float(np.median([score.seconds for score in draws])), "s")


def rows(args: argparse.Namespace) -> Iterator[Row]:
    """Yield every map's figures for each number of images, then those of all maps together."""
    if args.against:
        whole, progressive = map(Heatmap.load, args.against)
        counts = progressive.top1_errors, progressive.count, progressive.variance_share
        yield from score_rows(args.against[1].stem, [[score(whole, *counts)]])
        return
    stored = {path.stem: Heatmap.load(path) for path in sorted(HEATMAPS.glob("*.npz"))}
    # The estimator was not developed on the large published map: its middle is a fresh example.
    fresh = {"resnet-50_imagenet100_published": stored["resnet-50_imagenet100_published"].crop(SIDE)}
    maps = {name: heatmap for name, heatmap in stored.items() if heatmap.side == SIDE}
    complete = [name for name, heatmap in maps.items() if heatmap.metadata["dataset"]["n"] == 10_000]
    maps = {name: maps[name] for name in complete[: args.maps]} if args.maps else maps | fresh
    for images in args.images:
        title, scores = f"map from {images / 100:g} % of the passes", {}
        for name, truth in maps.items():
            scores[name] = [simulated(truth, images, seed) for seed in range(args.seeds)]
            yield from score_rows(f"{title}, {name}", [scores[name]])
            if name.startswith("clip"):
                dip = float(np.mean([score.dips for score in scores[name]]))
                yield Row(f"{title}, {name}, dips", dip, "points", "", f"{dips(truth):+.1f} of the map")
            if truth.outcomes is not None and name not in fresh:
                drawn = [resampled(truth, images, seed) for seed in range(args.seeds)]
                yield from score_rows(f"{title}, {name}, real", [drawn])
        targets = ("<= 1.35", "93 to 97") if images == IMAGES[0] else ("", "")
        yield from score_rows(title, [scores[name] for name in maps if name in complete], targets)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimate")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--images", type=int, nargs="+", default=IMAGES, help="a wave; 200 are 2 %% of the passes")
    parser.add_argument("--maps", type=int, help="only so many, of those on 10,000 images")
    parser.add_argument("--against", type=Path, nargs=2, metavar=("WHOLE", "PROGRESSIVE"))
    run_script(rows, parser, argv)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
