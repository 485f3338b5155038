"""Heat maps from squares, for tests that write them down as they are drawn."""

from dataclasses import replace

import numpy as np

from core.fourier.heatmap import Heatmap
from core.fourier.waves import half_plane, wave_values


def heatmap_of(top1_errors, top5_errors, count, clean, metadata, printed_rates=None, **more):
    """Return the map of (R, R) squares, of which (i, j) counts and (-i, -j) only in printed rates.

    clean: top-1 errors, top-5 errors and n, -1 where unknown. more: further numbers; wrong, (1 + W, n) bool, the
    misclassified images, and their labels.
    """
    waves, wrong, labels = np.array(half_plane(len(count))), more.pop("wrong", None), more.pop("labels", None)

    def rows(square, clean):
        return np.concatenate([np.full((1, *square.shape[:-2]), clean), wave_values(square, waves).T])

    counts = rows(count, max(0, clean[2]))
    errors = np.stack([rows(top1_errors, clean[0]), rows(top5_errors, clean[1])], axis=1)
    numbers = {name: rows(square, np.nan) for name, square in more.items()}
    if printed_rates is not None:
        sides = [wave_values(printed_rates, sign * waves).T for sign in (1, -1)]
        numbers["printed_rates"] = np.concatenate([np.full((1, 2, 2), np.nan), np.stack(sides, axis=1)])
    bits = None if wrong is None else np.packbits(~wrong & (counts > 0)[:, None], axis=1)[:, None]
    hits = np.where(errors >= 0, counts[:, None] - errors, -1)
    return Heatmap(counts, hits, metadata, bits, labels, numbers=numbers)


def with_squares(heatmap, **changes):
    """Return a map with other squares, clean errors or metadata, without hits per image."""
    squares = {name: getattr(heatmap, name) for name in ("top1_errors", "top5_errors", "count", "clean", "metadata")}
    squares["printed_rates"] = heatmap.printed_rates
    return heatmap_of(**squares | changes)


def only(table, rows):
    """Return the same table with no other rows measured."""
    absent = np.setdiff1d(np.arange(len(table.counts)), rows)

    def without(array, value):
        copy = array.copy()
        copy[absent] = value
        return copy

    numbers = {name: values if name == "cutoffs" else without(values, np.nan) for name, values in table.numbers.items()}
    bits = None if table.bits is None else without(table.bits, 0)
    return replace(table, counts=without(table.counts, 0), hits=without(table.hits, -1), bits=bits, numbers=numbers)


def squares_of_file(path):
    """Read a map file by numpy alone: (R, R) counts and errors, clean errors, printed rates if any, labels, metadata.

    wrong: {(i, j): (n,) bool} of a file with hits per image; (i, j) and (-i, -j) are one wave.
    """
    with np.load(path) as file:
        members = dict(file)
    counts, hits = members["counts"], members["hits"]
    half = round((2 * len(counts) - 3) ** 0.5) // 2
    span = range(-half, half + 1)
    waves = sorted((i * i + j * j, i, j) for i in span for j in span if j > 0 or (j == 0 and i >= 0))
    names = ("count", "top1_errors", "top5_errors", "true_probability")
    squares = {name: np.full((len(span), len(span)), -1.0) for name in names}
    rates, wrong = np.full((2, len(span), len(span)), np.nan), {}
    for row, (_, i, j) in enumerate(waves, 1):
        errors = [counts[row] - hit if hit >= 0 else -1 for hit in hits[row]]
        values = (counts[row], *errors, members.get("true_probability", counts * np.nan)[row])
        for place, cell in enumerate(((half + i, half + j), (half - i, half - j))):
            for name, value in zip(names, values, strict=True):
                squares[name][cell] = value
            if "printed_rates" in members and (place == 0 or (i, j) != (0, 0)):
                rates[:, cell[0], cell[1]] = members["printed_rates"][row, place]
        if "bits" in members:
            wrong[i, j] = 1 - np.unpackbits(members["bits"][row, 0])[: len(members["labels"])]
    clean = np.array([*(counts[0] - hits[0] if hits[0, 0] >= 0 else (-1, -1)), counts[0] or -1])
    printed = {"printed_rates": rates} if "printed_rates" in members else {}
    return {**squares, **printed, "clean": clean, "wrong": wrong, "metadata": members["metadata"]}
