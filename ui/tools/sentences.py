"""Sentences of the tools, with every number taken from the data. They are plain text: names may be untrusted."""

from __future__ import annotations

from collections.abc import Sequence

from core.claims.corruptions import rise
from core.data.sample_sets import map_title
from core.fourier.intervals import Interval, wilson
from core.fourier.maps.contrasts import mcnemar
from core.fourier.maps.outcomes import ClassError
from core.images.corruptions import CORRUPTIONS
from core.numbers import decimal, interval, join_list, measured_percent, percent
from core.shared.colours import ROBUST
from core.shared.sentences import Number, Paragraph, Sentence, count_of, filled
from core.sweep.corruption.outcomes import CorruptionOutcomes
from core.sweep.predictions import mistakes
from ui.components.hybrid_mixer import Mixed
from ui.maps.predictions.cell_predictions import SamplePredictions
from ui.shared.text import one_line
from ui.tools.corruption_charts import NetworkOutcomes

# Patterns of the tool *Classes*, which the static edition fills in the browser as well.
CLASSES = {
    "wave": "Under the wave {wave}:",
    "no mistake": "{who} mistakes no class for another.",
    "mistake": "{who} mistakes {share} pictures of “{label}” for “{prediction}”{ties}. "
    "It mistakes {before} without the wave, {change}.",
    "tie": ", and 1 other confusion is as frequent",
    "ties": ", and {count} other confusions are as frequent",
    "fewer": "clearly fewer",
    "noise": "a difference within the noise",
    "hint": "This is a hint only, as each class has just {few}. Grey is right, colour is wrong.",
    "all": "{who} misclassifies {share} of every class.",
    "most": "{who} misclassifies “{label}” most, {share} of {images}.",
    "least": "It misclassifies “{label}” least, {share} of {images}{doubt}.",
    "doubt": "; their intervals overlap",
    "source": "Counted on {source}.",
    "map": "{n} images of {dataset}, v = {size}",
    "samples": "the {n}",
    "matrix": "{title}, n = {n}; rows: true class",
    "errors": "Error by class under the wave, with 95 % intervals",
    "none": "No map in view says which images are misclassified, and no installed classifier predicts.",
    "unknown": "No installed classifier predicts these classes.",
}


def most_frequent_mistake(sample: SamplePredictions, names: Sequence[str]) -> Sentence:
    """Name the most frequent confusion: 'Mini CLIP mistakes 7 of 10 pictures of “cat” for “ship”. It mistakes 0 …'"""
    who = sample.title + (f" ({sample.note})" if sample.note else "")
    ranked = mistakes(sample.labels, sample.after)
    if not ranked:
        return filled(CLASSES["no mistake"], who=who)
    top = ranked[0]
    of_class = sample.labels == top.label
    before, after = (answers[of_class] == top.prediction for answers in (sample.before, sample.after))
    _, low, high = wilson(top.count / top.images, top.images)
    ties = sum(mistake.count == top.count for mistake in ranked) - 1
    often = filled(CLASSES["tie" if ties == 1 else "ties"], count=str(ties)) if ties else ""
    clear = mcnemar((after & ~before).sum(), (before & ~after).sum()) < 0.05 and after.sum() > before.sum()
    share = Number(f"{top.count} of {top.images}", f"{100 * low:.0f} to {100 * high:.0f} %")
    return filled(
        CLASSES["mistake"],
        who=who,
        share=share,
        label=names[top.label],
        prediction=names[top.prediction],
        ties=often,
        before=str(before.sum()),
        change=CLASSES["fewer" if clear else "noise"],
    )


def hardest_class(title: str, errors: Sequence[ClassError], names: Sequence[str], source: str) -> Paragraph:
    """Name the classes that a network misclassifies most and least, hedged where their intervals overlap.

    `source`: the images, as in 'the 100 bundled samples'.
    """
    most, least = (choose(errors, key=lambda error: error.error.value) for choose in (max, min))
    end = filled(CLASSES["source"], source=source)
    if most.error.value == least.error.value:
        return Paragraph(filled(CLASSES["all"], who=title, share=percent(most.error.value)), end)
    doubt = "" if most.error.low > least.error.high else CLASSES["doubt"]
    sentences = (
        filled(
            CLASSES[which],
            who=title,
            label=names[error.label],
            share=measured_percent(error.error),
            images=str(error.images),
            doubt=doubt,
        )
        for which, error in (("most", most), ("least", least))
    )
    return Paragraph(*sentences, end)


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
