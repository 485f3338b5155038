"""Sentences of the tools, with every number taken from the data. They are plain text: names may be untrusted."""

from __future__ import annotations

from collections.abc import Sequence

from core.claims.quantities import rise
from core.data.corruptions import CORRUPTIONS
from core.data.sample_sets import map_title
from core.fourier.outcomes import CorruptionOutcomes
from core.shared.numbers import Interval, decimal, interval, join_list, measured_percent, percent
from core.shared.roles import ROBUST
from core.shared.text import Number, Paragraph, Sentence, count_of
from ui.components.hybrid_mixer import Mixed
from ui.shared.text import one_line
from ui.tools.corruption_charts import NetworkOutcomes


def correlation(measured: Interval, more: str = "") -> Number:
    """Format a correlation with its interval, as in '0.42 (−0.10 to 0.71)'; `more` follows the interval."""
    value, low, high = (decimal(part, 2) for part in measured)
    return Number(value, f"{low} to {high}{more}")


def at_cutoff(cutoff: float, predictions: Sequence[tuple[str, tuple[str, str], str]]) -> str:
    """Name each network's prediction for a mixture; `predictions`: title, both pictures' classes, top-1 prediction."""
    parts = []
    for title, (low, high), top in predictions:
        whose = {low: "the low-frequency picture", high: "the high-frequency picture"}.get(top, "neither of the two")
        parts.append(f"{title} predicts “{top}”" + ("" if low == high else f", {whose}"))
    return f"Cutoff {count_of(cutoff, 'cycle')} per image: {'; '.join(parts)}."


UNSURE = 0.2  # if both classes together get less, a network sees neither


def crossover_cutoffs(networks: Sequence[Mixed], cutoffs: Sequence[float]) -> str:
    """Name the cutoff from which each network prefers the class of the low-frequency picture."""
    if all(low == high for low, high in (network.classes for network in networks)):
        return "Both pictures show the same class, so there is no crossover; choose a second picture of another class."
    switching = sorted((network.switches, network.title) for network in networks if network.switches)
    never = [network.title for network in networks if not network.switches]
    sentences = []
    if switching:
        (place, first), *later = switching
        crossovers = [f"{first} crosses over at {count_of(cutoffs[place], 'cycle')} per image"]
        crossovers += [f"{title} at {cutoffs[place]:g}" for place, title in later]
        sentences.append(f"{join_list(crossovers)}. The low-frequency picture’s class is more probable from there on.")
        if later and place < later[-1][0]:
            sentences.append(
                f"{first} needs fewer low frequencies than {later[-1][1]}: it relies more on them for this pair."
            )
    for network in networks:
        if network.switches and (together := sum(network.shares[network.switches])) < UNSURE:
            sentences.append(
                f"The two classes share {percent(together)} at {network.title}’s crossover, so it hardly sees either."
            )
    if never:
        sentences.append(f"{join_list(never)} {'do' if len(never) > 1 else 'does'} not cross over for this pair.")
    return " ".join([*sentences, "This is a single pair."])


def under_corruption(key: str, strength: int, networks: Sequence[NetworkOutcomes]) -> Paragraph:
    """Return each network's accuracy, and how much more each robust twin loses than the ordinary twin."""
    samples = {row.name: _sample(row.outcomes) for row in networks}
    alike = len({*samples.values()}) == 1
    pictures = f", {samples[networks[0].name]}" if alike else ""
    sentences = [Sentence(f"{CORRUPTIONS[key].label}, strength {strength}{pictures}.")]
    for row in networks:
        right = measured_percent(row.accuracy(key, strength))
        of = "" if alike else f" of {samples[row.name]}"
        sentences.append(Sentence(f"{row.title} classifies ", right, f"{of} correctly."))
    titles = {network.name: network for network in networks}
    for robust in networks:
        ordinary = titles.get(robust.name.removesuffix(ROBUST))
        if ordinary is None or ordinary is robust or ordinary.outcomes.images != robust.outcomes.images:
            continue
        losses = [rise(row.outcomes, row.outcomes.errors(key, strength=strength)) for row in (robust, ordinary)]
        more = losses[0].minus(losses[1]).measured.item()
        way, doubt = "more" if more.value > 0 else "less", "" if more.clear else ", which may be chance"
        loss = Number(f"{decimal(100 * abs(more.value))} points", f"{interval(more)}, paired")
        sentences.append(Sentence(f"{robust.title} loses ", loss, f" {way} than {ordinary.title}{doubt}."))
    return Paragraph(*sentences)


def _sample(outcomes: CorruptionOutcomes) -> str:
    """Return the number and the data set of the pictures."""
    data = outcomes.metadata["dataset"]
    return f"{outcomes.pictures:,} {one_line(map_title(data['name']))} {data['split']} pictures"
