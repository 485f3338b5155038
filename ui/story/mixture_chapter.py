"""Chapter *Mixture*: two photos in one, and how soon two small networks change their minds, over many pairs."""

from __future__ import annotations

import html
from functools import partial

import numpy as np
import streamlit as st

from core.claims.statistics import stored_hybrids
from core.data.stored import cached_by_files
from core.fourier.crossover import crossover_difference
from core.fourier.outcomes import HybridOutcomes, crossover_of, first_pairs
from core.sweep.mixture_pairs import mixed_pairs
from ui.components.pictures.picture_widgets import hybrid_mixer
from ui.maps.catalogue import stored_title
from ui.shared import url
from ui.shared.chart import SIDE, across, chart_html, dot, line
from ui.shared.colours import model_colour
from ui.story import data
from ui.tools.hybrid_tool import photo_pairs

PAIR, _CUTOFF = "story.pair", "story.cutoff"  # keys in the session
_LINKED_PAIR, _LINKED_CUTOFF = "pair", "mixed-at"  # in the URL: indices


def two_photos() -> None:
    """Draw a pair of photos in the mixer, with a slider for its cutoff and a choice of other pairs."""
    state = st.session_state
    if PAIR not in state:
        _read_link()
    pair = state[PAIR]
    usual = mixed_pairs()[pair].start
    cutoff = state.get(_CUTOFF, usual)
    first = (pair, cutoff) == (0, usual)
    url.put(_LINKED_PAIR, None if first else str(pair))
    url.put(_LINKED_CUTOFF, None if first else str(cutoff))
    hybrid_mixer(
        photo_pairs()[pair],
        selected=cutoff,
        key="story.mixer",
        on_choose=partial(state.__setitem__, _CUTOFF),
        on_pick=_pick,
        subject=pair,
    )


def _read_link() -> None:
    """Choose what the URL says, or the first pair."""
    state = st.session_state
    state[PAIR] = url.number(_LINKED_PAIR, range(len(mixed_pairs()))) or 0
    cutoff = url.number(_LINKED_CUTOFF, range(len(mixed_pairs()[state[PAIR]].predictions.cutoffs)))
    if cutoff is not None:
        state[_CUTOFF] = cutoff


def _pick(pair: int) -> None:
    """Choose a pair, which begins at its own cutoff; for callbacks."""
    st.session_state[PAIR] = pair
    st.session_state.pop(_CUTOFF, None)


def measured() -> tuple[HybridOutcomes, HybridOutcomes]:
    """Return the outcomes of a CLIP and a ResNet on the same mixed pictures."""
    clip, resnet = (stored_hybrids()[name] for name in data.on_mixtures())
    pairs = min(clip.n, resnet.n)
    return first_pairs(clip, pairs), first_pairs(resnet, pairs)


@cached_by_files("hybrids", "heatmaps")
def pairs_chart() -> str:
    """Return how often each network follows the slow-wave picture, by cutoff, as HTML with what it shows in words."""
    results, names = measured(), data.on_mixtures()
    titles = data.titles(names)
    keys = " ".join(
        f'<span><i style="background:{model_colour(name)}"></i>{html.escape(title)}</span>'
        for name, title in zip(names, titles, strict=True)
    )
    said = pairs_summary()
    return (
        '<figure class="rings pairs"><b>How often a network sees the slow-wave picture</b>'
        f"{_drawing(results, [model_colour(name) for name in names], said)}"
        f"<figcaption>{keys}<br>{html.escape(said)}</figcaption></figure>"
    )


def pairs_summary() -> str:
    """Return each network's crossover cutoff, and whether CLIP's is as the paper conjectures."""
    first, second = measured()
    titles = [stored_title(name) for name in data.on_mixtures()]
    a, b = crossover_of(first), crossover_of(second)
    if a is None or b is None:
        return ""
    difference = crossover_difference(a, b)
    if difference.high < 0:
        verdict = f"{titles[0]} needs fewer waves to see the slow picture, as the paper suspects of CLIP."
    elif difference.low > 0:
        verdict = f"{titles[0]} needs more waves to see the slow picture. The paper suspects the opposite of CLIP."
    else:
        verdict = f"{titles[0]} and {titles[1]} are too close to call."
    return (
        f"{verdict} Over {first.n:,} pairs of small pictures, {titles[0]} switches to it at {a.radius.value:.2f} "
        f"cycles per image, {titles[1]} at {b.radius.value:.2f}."
    )


def _drawing(results: tuple[HybridOutcomes, HybridOutcomes], colours: list[str], said: str) -> str:
    """Return a line chart over a logarithmic axis of cutoffs, one line per network."""
    cutoffs = results[0].numbers["cutoffs"][1:]

    def x(cutoff: float) -> float:
        return round(SIDE * float(np.log(cutoff / cutoffs[0]) / np.log(cutoffs[-1] / cutoffs[0])), 1)

    def y(fraction: float) -> float:
        return round(SIDE * (1 - fraction), 1)

    shapes = [across(y(fraction), strong=fraction == 0.5) for fraction in (0, 0.5, 1)]
    for outcomes, colour in zip(results, colours, strict=True):
        followed = follows_slow(outcomes)
        points = [(x(cutoff), y(value)) for cutoff, value in zip(cutoffs, followed, strict=True)]
        shapes.append(line(points, colour, width=2.5))
        if (crossing := crossover_of(outcomes)) is not None:
            shapes.append(dot(x(crossing.radius.value), y(0.5), colour))
    return chart_html(
        shapes,
        said,
        down=[(y(fraction), f"{fraction:.0%}") for fraction in (0, 0.5, 1)],
        along=[(x(power), str(power)) for power in (2**k for k in range(12)) if cutoffs[0] <= power <= cutoffs[-1]],
        names=("", "slow waves kept (cycles per image)"),
    )


def follows_slow(outcomes: HybridOutcomes) -> np.ndarray:
    """Return, by cutoff, the share of the slow-wave picture among the pairs with either as its prediction, (C,)."""
    hits = outcomes.hits[1:].astype(np.float64)
    return hits[:, 0] / hits.sum(axis=1)
