"""Figure of how often each network predicts either picture's class, by cutoff."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from core.classifiers.registry import list_classifiers
from core.fourier.maps.export import figure_file
from core.numbers import decimal
from core.shared.colours import distinct_colours
from core.shared.errors import one_line
from core.sweep.hybrid.outcomes import HybridOutcomes, crossover_of

FORMATS = (".svg", ".png")
_MAX_NAME = 40  # characters in the legend


def figure(networks: Sequence[HybridOutcomes], kind: str) -> bytes:
    """Plot the share of the low picture's class (solid) and the high picture's (dashed), 95 % bands and crossovers.

    Args:
        networks: each with at least two measured cutoffs. Colours are those of the pages.
        kind: "svg" or "png".
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure
    from matplotlib.ticker import PercentFormatter, ScalarFormatter

    drawn = Figure(figsize=(8, 4.8), layout="constrained")
    axes = drawn.add_subplot()
    kinds = {spec.name: spec.kind for spec in list_classifiers()}
    names = [network.metadata["classifier"]["name"] for network in networks]
    for network, colour in zip(networks, distinct_colours([(name, kinds.get(name)) for name in names]), strict=True):
        cutoffs = network.cutoffs[: network.done]
        crossover, name = crossover_of(network), one_line(network.metadata["classifier"]["name"], _MAX_NAME)
        label = f"{name}: {decimal(crossover.radius.value)}" if crossover else f"{name}: no crossing"
        for shares, style in zip(network.shares, ("-", "--"), strict=True):
            axes.plot(cutoffs, shares.value, style, color=colour, linewidth=2, label=label if style == "-" else None)
            axes.fill_between(cutoffs, shares.low, shares.high, color=colour, alpha=0.15, linewidth=0)
        if crossover is not None:
            height = np.interp(crossover.radius.value, cutoffs, network.shares[0].value)
            axes.plot(
                crossover.radius.value, height, "o", color=colour, markersize=8, markeredgecolor="white", zorder=5
            )
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.yaxis.set_major_formatter(PercentFormatter(1, 0, " %"))
    axes.set(xlabel="cutoff (cycles per image)", ylabel="share of pairs", ylim=(0, 1))
    title = "Predicts the low-frequency class (solid) or the high-frequency class (dashed)"
    axes.set_title(title, fontsize=11)
    legend = axes.legend(title="crossover cutoff", frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    for text in legend.get_texts():
        text.set_parse_math(False)  # names may come from untrusted files
    with rc_context({"svg.hashsalt": "hybrid"}):  # reproducible files
        return figure_file(drawn, format=kind, dpi=200, metadata={"Date": None} if kind == "svg" else None)
