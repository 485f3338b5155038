"""Fourier heat maps: error rates by wave, metrics, colours, and exports. Does not import torch."""

from __future__ import annotations

import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from core.fourier.table import Number, Outcomes, outcome_file
from core.fourier.waves import check_size, frequency_to_cell, half_plane
from core.shared.files import MAX_NAME, ArchiveError, Fact
from core.shared.numbers import Frequency, Interval, percent, wilson
from core.shared.text import one_line

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure


_PAIR = re.compile("(#[0-9A-Fa-f]{6})(#[0-9A-Fa-f]{6})")


def colormap(name: str) -> Colormap:
    """Return a colour map.

    Args:
        name: one of matplotlib's, or two colours, as "#0072B2#D55E00": from white in the middle through each colour to
            a darker one at its end.
    """
    import matplotlib
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    if match := _PAIR.fullmatch(name):
        low, high = map(to_rgb, match.groups())
        first, last = ((0.6 * red, 0.6 * green, 0.6 * blue) for red, green, blue in (low, high))
        nodes = [(0.0, first), (0.15, low), (0.5, to_rgb("#f2f2f2")), (0.85, high), (1.0, last)]
        return LinearSegmentedColormap.from_list(name, nodes)
    return matplotlib.colormaps[name]


def colormap_table(name: str) -> np.ndarray:
    """Return the 256 colours of a `colormap`, lowest value first, (256, 3) uint8 RGB."""
    return np.rint(255 * np.asarray(colormap(name)(np.arange(256)))[:, :3]).astype(np.uint8)


_MAX_TEXT = 10_000  # characters
# Largest size of an untrusted map: 255 cycles per image, beyond any image in use. Larger ones redraw in seconds.
MAX_SIZE = 511

# Means over the images of a row, and all numbers of a row.
MEANS = {"true_probability": Number()}
_NUMBERS = {
    **MEANS,
    "printed_rates": Number((2, 2)),
    "sampling_variance": Number(),
    "estimate": Number((3,)),
}

_FACTS = (
    Fact("classifier.name", "text", low=1, high=_MAX_TEXT),
    # Patches per side, for plain vision transformers.
    Fact("classifier.patch_grid", "whole number", low=1, high=2**16, optional=True),
    Fact("dataset.name", "text", low=1, high=_MAX_TEXT),
    Fact("dataset.n", "whole number", low=1, high=2**53),
    Fact("source.type", "text", high=_MAX_TEXT),
    Fact("source.wall_seconds", "number", high=1e30, optional=True),
    Fact("source.images_per_second", "number", high=1e30, optional=True),
    Fact("image_size", "whole number", low=1, high=2**16),
    Fact("sample.images_per_wave", "whole number", low=1, high=2**53, optional=True),
    Fact("estimate.half_width", "number", high=100, optional=True),
    Fact("epsilon", "number", high=1e6),
    Fact("class_names", "list", low=1, high=50_000),
    # Clean error of a published map, where its source does not give it.
    Fact("clean_measured_here.top1_errors", "whole number", high=2**53, optional=True),
    Fact("clean_measured_here.n", "whole number", low=1, high=2**53, optional=True),
)


@dataclass(frozen=True, eq=False)
class Heatmap(Outcomes):
    """Outcomes of one classifier on one data set under every wave of a centred square of odd size R.

    Row 0 is without a wave, row 1 + k under the k-th wave of `half_plane(R)`. Hits have two columns, top-1 and top-5;
    per-image hits are stored for top-1 only. Properties are (R, R) maps with each wave at (i, j) and
    (-i, -j).

    Numbers: true_probability, the mean softmax probability of the true class. printed_rates: top-1 and top-5 error at
    (i, j), then at (-i, -j), of published maps, which are known only as printed percentages with three digits and have
    no counts. sampling_variance: variance of the top-1 error rate from sample to sample, if each wave has its own
    sample. estimate: rate, low and high end of its 95% interval, made from the top-1 counts by
    `core.fourier.map_estimate`; `metadata["estimate"]` names the estimator. The estimate is stored nowhere else.
    """

    TRANSFORM, ASKED, KEPT, NUMBERS = "waves", 2, 1, _NUMBERS
    FILE = outcome_file(TRANSFORM, _FACTS, NUMBERS, name="heat map file")

    def __post_init__(self) -> None:
        if self.counts.ndim != 1 or self.size % 2 == 0 or (self.size**2 + 3) // 2 != len(self.counts):
            raise ValueError(f"{self.counts.shape} counts are not those of a square of odd size")
        super().__post_init__()
        if (self.bits is None) != (self.labels is None):
            raise ValueError("bits and labels come together, or not at all")

    @property
    def size(self) -> int:
        """R, the number of rows and columns."""
        return math.isqrt(max(0, 2 * len(self.counts) - 3))

    def number(self, name: str) -> np.ndarray | None:
        """(R, R, ...) map of a number, NaN where not measured; None if the map lacks it."""
        return None if (values := self.numbers.get(name)) is None else values[wave_rows(self.size)]

    @cached_property
    def _errors(self) -> np.ndarray:
        """(T, 2) int64 top-1 and top-5 errors, -1 where not computed."""
        return np.where(self.hits >= 0, self.counts[:, None] - self.hits, -1)

    @cached_property
    def count(self) -> np.ndarray:
        """(R, R) int64, images per cell; 0 where not computed."""
        return self.counts[wave_rows(self.size)]

    @cached_property
    def top1_errors(self) -> np.ndarray:
        """(R, R) int64, -1 where not computed."""
        return self._errors[wave_rows(self.size), 0]

    @cached_property
    def top5_errors(self) -> np.ndarray:
        """(R, R) int64, -1 where not computed."""
        return self._errors[wave_rows(self.size), 1]

    @property
    def clean(self) -> np.ndarray:
        """(3,) int64, [top-1 errors, top-5 errors, n] without any wave; -1 where unknown."""
        return np.append(self._errors[0], self.counts[0] or -1)

    @cached_property
    def printed_rates(self) -> np.ndarray | None:
        """(2, R, R) printed top-1 and top-5 error, NaN where missing; None for a map of counts."""
        if (rates := self.number("printed_rates")) is None:
            return None
        i, j = np.indices((self.size, self.size)) - self.size // 2
        opposite = (j < 0) | ((j == 0) & (i < 0))
        return np.where(opposite, *np.moveaxis(rates, (2, 3), (0, 1))[::-1])

    @property
    def estimate(self) -> np.ndarray | None:
        """(3, R, R) estimated rate, low and high end of its 95% interval; None without an estimate."""
        return None if (values := self.number("estimate")) is None else np.moveaxis(values, 2, 0)

    @property
    def error_rate(self) -> np.ndarray:
        """(R, R) top-1 error in [0, 1], NaN where not computed."""
        return self.rate(1)

    def rate(self, top: int = 1) -> np.ndarray:
        """(R, R) top-1 or top-5 error in [0, 1], NaN where not computed."""
        if self.printed_rates is not None:
            return self.printed_rates[_top_index(top)].copy()
        errors = (self.top1_errors, self.top5_errors)[_top_index(top)]
        computed = (errors >= 0) & (self.count > 0)
        return np.divide(errors, self.count, out=np.full(errors.shape, np.nan), where=computed)

    def interval(self, top: int = 1) -> Interval:
        """(R, R) `rate` with its Wilson interval; a printed rate's rounding widens it on both sides."""
        rate, half = self.rate(top), self.rounding(top)
        low = wilson(np.clip(rate - half, 0, 1), self.images).low
        return Interval(rate, low, wilson(np.clip(rate + half, 0, 1), self.images).high)

    @property
    def images(self) -> np.ndarray:
        """(R, R) number of images behind each rate; for a printed rate that of its run."""
        if self.printed_rates is None:
            return self.count
        return np.where(np.isfinite(self.printed_rates[0]), self.n, 0)

    @property
    def images_per_wave(self) -> int | None:
        """Number of images in each wave's own sample; None if all waves had the same images."""
        sample = self.metadata.get("sample")
        return sample.get("images_per_wave") if isinstance(sample, Mapping) else None

    @property
    def variance_ratio(self) -> float:
        """Ratio of the top-1 error rates' variance between samples to the binomial variance; 1 if unknown."""
        if (variance := self.number("sampling_variance")) is None:
            return 1.0
        rate = self.rate()
        binomial = rate * (1 - rate) / np.maximum(self.count - 1, 1)
        known = np.isfinite(binomial) & np.isfinite(variance)
        if not binomial[known].sum() > 0:
            return 1.0
        return float(np.clip(variance[known].sum() / binomial[known].sum(), 0.05, 1))

    def rounding(self, top: int = 1) -> np.ndarray:
        """(R, R) half a unit of the last printed digit (three significant digits, in percent); 0 for counts."""
        rate = self.rate(top)
        if self.printed_rates is None:
            return np.zeros_like(rate)
        percent = np.nan_to_num(rate * 100)
        # 54.3 -> 0.05 points, 5.83 -> 0.005, 0.916 -> 0.0005; the 1e-9 absorbs binary rounding.
        digits = np.floor(np.log10(np.maximum(percent, 1e-3) + 1e-9))
        return 0.5 * 10.0 ** (digits - 2) / 100

    def clean_rate(self, top: int = 1) -> float | None:
        """Return the error without any wave, in [0, 1]; None if unknown."""
        errors, n = self.clean[_top_index(top)], self.clean[2]
        return float(errors / n) if errors >= 0 and n > 0 else None

    def crop(self, size: int) -> Heatmap:
        """Return the central `size` x `size` cells, or the map itself if it is not larger."""
        check_size(size)
        return self if size >= self.size else self.rows([0, *outcome_rows(half_plane(size), self.size)])

    def __repr__(self) -> str:
        name, clean = one_line(self.metadata["classifier"]["name"]), self.clean_rate()
        error = "unknown" if clean is None else percent(clean)
        return f"<Heatmap of {name}: {self.size} x {self.size} cells, {self.n:,} images, clean error {error}>"

    def plot(self, ax: Axes | None = None, metric: str = "Top-1") -> Axes:
        """Draw the map with axes and a colour bar; return the axes.

        Args:
            ax: matplotlib's axes; None for those of a new pyplot figure.
            metric: a key of `METRICS`: "Top-1", drawn by its estimate if the map has one, "Top-5" or "Probability".
        Raises:
            ValueError: an unknown metric, or one that the map lacks.
        """
        row = METRICS.get(metric)
        if row is None or (values := row.array(self)) is None:
            raise ValueError(f"metric should be one that the map has, of {', '.join(METRICS)}; got {metric!r}")
        if row is TOP1 and self.estimate is not None:
            values = self.estimate[0]
        if ax is None:
            from matplotlib import pyplot

            ax = pyplot.subplots(layout="constrained")[1]
        draw_map(ax, values, row, title=one_line(self.metadata["classifier"]["name"]))
        return ax

    def _repr_png_(self) -> bytes:
        """Return the picture that a notebook shows."""
        from matplotlib.figure import Figure

        figure = Figure(figsize=(5.2, 4.6), layout="constrained")
        self.plot(figure.add_subplot())
        return figure_file(figure, format="png", dpi=80)

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with one row per cell, as in the CSV of the app.

        Columns: i, j; images; top1_errors, top5_errors; each metric, rates with their 95% interval. NaN or NA where
        not computed or not published.
        """
        import pandas as pd

        waves = np.indices(self.count.shape) - self.size // 2
        table = pd.DataFrame(waves.reshape(2, -1).T, columns=["i", "j"])
        for name in ("images", "top1_errors", "top5_errors"):
            count = pd.Series(getattr(self, name).ravel(), dtype="Int64")
            table[name] = count.where(count >= 0)
        for metric in METRICS.values():
            measured = metric.interval(self)
            names = [metric.key] if measured is None else [f"{metric.key}_{part}" for part in ("rate", "low", "high")]
            for name, array in zip(names, measured or (metric.array(self),), strict=True):
                if array is not None:
                    table[name] = array.ravel()
        return table

    @classmethod
    def from_bytes(cls, data: bytes, *, name: str) -> Heatmap:
        """Read a file's bytes, trusted or not; maps larger than 511 x 511 are refused."""
        heatmap = super().from_bytes(data, name=name)
        if heatmap.size > MAX_SIZE:
            raise ArchiveError(
                f"{one_line(name, MAX_NAME)}: a map of {heatmap.size} x {heatmap.size} cells, over the "
                f"limit of {MAX_SIZE} x {MAX_SIZE}; crop it with Heatmap.load(PATH).crop({MAX_SIZE}).save(PATH)"
            )
        return heatmap


@lru_cache(maxsize=8)
def wave_rows(size: int) -> np.ndarray:
    """(R, R) int64, the row of each cell's wave in the table of a map of this size."""
    cells = np.zeros((size, size), dtype=np.int64)
    waves = np.array(half_plane(size))
    for sign in (1, -1):
        cells[tuple(sign * waves.T + size // 2)] = np.arange(1, 1 + len(waves))
    return cells


def outcome_rows(waves: Sequence[Frequency | None], size: int) -> list[int]:
    """Return the rows of waves in the table of a map of this size; None stands for the clean images."""
    rows = wave_rows(size)
    return [0 if wave is None else int(rows[frequency_to_cell(*wave, size)]) for wave in waves]


def _top_index(top: int) -> int:
    if top not in (1, 5):
        raise ValueError(f"top must be 1 or 5; got {top}")
    return 0 if top == 1 else 1


@dataclass(frozen=True)
class Unit:
    """Format of a value: scale, number of decimals, a plus sign if `signed`, and the unit's name."""

    name: str = ""
    scale: float = 1.0
    decimals: int = 1
    signed: bool = False


PERCENT, POINTS = Unit("%", 100.0), Unit("points", 100.0, signed=True)


@dataclass(frozen=True)
class Metric:
    """A number that a map may have for each wave.

    key: name in columns and files, e.g. "top1". name: in the menu and in links. label: next to numbers and colour bars.
    array: of a map, (R, R), NaN if not computed; None if the map lacks it. interval: the same with its 95% interval.
    value_range: ends of the colour bar; an infinite upper end stands for the largest value on the screen. top: 1 or 5
    for an error rate, which also has differences and estimates; None for others.
    """

    key: str
    name: str
    label: str
    array: Callable[[Heatmap], np.ndarray | None]
    unit: Unit = PERCENT
    value_range: tuple[float, float] = (0.0, 1.0)
    colormap: str = "viridis"
    interval: Callable[[Heatmap], Interval | None] = lambda heatmap: None
    top: int | None = None

    def ends(self, *maps: np.ndarray) -> tuple[float, float]:
        """Return the ends of the colour bar that these maps share; NaN values do not count."""
        low, high = self.value_range
        if math.isinf(high):
            high = max((float(values[np.isfinite(values)].max(initial=low)) for values in maps), default=low)
        return low, high if high > low else low + 1


def _error(top: int) -> Metric:
    array, interval = partial(Heatmap.rate, top=top), partial(Heatmap.interval, top=top)
    return Metric(f"top{top}", f"Top-{top}", f"top-{top} error", array, interval=interval, top=top)


_METRICS = (
    _error(1),
    _error(5),
    Metric(  # its low end is yellow, like a high error
        "true_probability",
        "Probability",
        "probability of the true class",
        lambda heatmap: heatmap.number("true_probability"),
        colormap="viridis_r",
    ),
)
METRICS = {row.name: row for row in _METRICS}
TOP1 = METRICS["Top-1"]


def heatmap_csv(heatmap: Heatmap) -> str:
    """Return `Heatmap.to_pandas` as CSV."""
    return str(heatmap.to_pandas().to_csv(index=False, float_format="%.6f", lineterminator="\n"))


def heatmap_png(values: np.ndarray, metric: Metric, *, title: str, footnote: str = "") -> bytes:
    """Return a figure of one map as PNG at 200 dots per inch.

    Args:
        values, metric, title: see `draw_map`. footnote: small text below.
    """
    from matplotlib.figure import Figure  # without pyplot: its global state is not thread-safe

    figure = Figure(figsize=(5.2, 4.6), layout="constrained")
    draw_map(figure.add_subplot(), values, metric, title=title)
    if footnote:
        figure.supxlabel(footnote, fontsize=6, color="#555555", parse_math=False)
    return figure_file(figure, format="png", dpi=200)


def draw_map(axes: Axes, values: np.ndarray, metric: Metric, *, title: str) -> None:
    """Draw a map with labels, a cross at frequency zero, and a colour bar.

    Args:
        values: (R, R), NaN if not computed (drawn grey).
        metric: the metric of the values.
        title: above the map.
    """
    unit, (low, high), half = metric.unit, metric.ends(values), len(values) / 2
    picture = axes.imshow(
        np.ma.masked_invalid(unit.scale * values),
        cmap=colormap(metric.colormap).with_extremes(bad="#b0b0b0"),
        vmin=unit.scale * low,
        vmax=unit.scale * high,
        extent=(-half, half, half, -half),
        interpolation="nearest",
    )
    axes.plot(0, 0, "+", color="white", markersize=6, markeredgewidth=1)
    axes.set(xlabel="horizontal frequency j (cycles per image)", ylabel="vertical frequency i")
    # Names may come from a visitor's file: a dollar sign in them must not start a formula.
    axes.set_title(title, fontsize=10, parse_math=False)
    label = f"{metric.label} ({unit.name})" if unit.name else metric.label
    axes.figure.colorbar(picture, ax=axes, label=label)


def figure_file(figure: Figure, **options: Any) -> bytes:
    """Return a figure as the bytes of a file. options: keywords for matplotlib's `savefig`."""
    buffer = io.BytesIO()
    figure.savefig(buffer, **options)
    return buffer.getvalue()
