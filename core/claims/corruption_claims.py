"""Claims about robustness: of robust twins, and of networks under corruptions. Does not import torch."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from core.claims.evidence import MORE, Evidence
from core.claims.finding import MINIATURE, Display, Head, Judged, NamedMap, NotCheckable, Topic, judged, require
from core.claims.statistics import (
    HIGH_CORRUPTIONS,
    LOW_CORRUPTIONS,
    TRAINED_ONCE,
    MeanError,
    by_hybrids,
    corruptions_of,
    exact_rank_test,
    mean_error,
    ranked_networks,
    rise,
    rise_between,
    rise_in,
    spread_included,
    with_spread,
)
from core.claims.verdict import above, by_test
from core.classifiers.registry import result_title
from core.data.corruptions import CORRUPTIONS, STRENGTHS
from core.shared.numbers import Interval
from core.shared.paper import RESNET_NAMES

CORRUPTIONS_TOOL = "Corruptions"  # of the page *Frequencies*
_MIN_NETWORKS, _JUDGED = 4, 3  # networks of a ranking; measures of harm that the verdict rests on
_CONTRAST = "contrast"  # key of the corruption that the paper names
_CITED = "Yin et al. 2019"  # the paper's introduction repeats their finding
robustness_claim = partial(Head, topic=Topic.CORRUPTIONS)


@robustness_claim(
    section="1",
    cites=_CITED,
    missing="Maps of a network and its robust twin are missing.",
    display=Display(bands=("low",)),
)
def twins(robust: NamedMap, ordinary: NamedMap) -> Judged:
    """Robust networks rely on low frequencies, and slow waves mislead them more.

    “… models which are robust to adversarial examples rely more on low-frequency information, and are more vulnerable
    to low-frequency perturbations …”

    {robust} against {ordinary}: the cutoff at which a network follows either of two mixed pictures equally often, and
    how much waves of up to 2 cycles per image raise the error. Also shown: the same in the corners.
    """
    slow = _rise_minus("low", robust, ordinary, "rise up to radius 2")
    fast = _rise_minus("corners", robust, ordinary, "rise in the corners")
    mixed, vulnerable, doubt = by_hybrids(robust, ordinary) or Judged(), above(slow), ""
    truths = [part.truth for part in mixed.parts]
    if {*truths, vulnerable.truth} == {True, False}:
        doubt = (
            f"The two kinds of evidence disagree: hybrid images {'support' if truths[0] else 'do not support'} the "
            f"claim, low frequencies {'raise' if vulnerable.truth else 'do not raise'} the robust twin’s error more."
        )
    summary = f"Waves of up to 2 cycles per image raise the error of {robust} by {slow.number}"
    return judged(
        [*mixed.parts, vulnerable],
        [*mixed.evidence, slow, fast],
        mixed.summary or f"{summary} than that of {ordinary}.",
        doubt,
        spread_included(rise_between("low"), robust.heatmap, "in that rise"),
        "The interval for mixed pictures doesn’t: no network was trained twice for them." if mixed.parts else "",
    )


def _rise_minus(band: str, robust: NamedMap, ordinary: NamedMap, what: str) -> Evidence:
    """Return how much more the waves of a band raise the robust twin's error, with the spread of two trainings."""
    difference = rise_in(band, robust).minus(rise_in(band, ordinary), what, MORE)
    return with_spread(difference, rise_between(band), robust.heatmap)


@robustness_claim(
    section="1",
    cites=_CITED,
    missing="No corruption results are stored for a network and its robust twin.",
    display=Display(bands=None, tool=CORRUPTIONS_TOOL),
)
def contrast(robust: NamedMap, ordinary: NamedMap) -> Judged:
    """Changes of contrast mislead robust networks more.

    “… are more vulnerable to low-frequency perturbations such as contrast changes.”

    How much changes of contrast, at each of three strengths, and the other corruptions of slow waves raise the error of
    {robust}, minus the same of {ordinary}, picture by picture.
    """
    outcomes = [require(corruptions_of(named)) for named in (robust, ordinary)]
    if outcomes[0].images != outcomes[1].images:
        raise NotCheckable

    def rises(*keys: str, strength: int | None = None) -> list[MeanError]:
        return [
            mean_error(named.name, rise(stored, *keys, strength=strength), "rise")
            for named, stored in zip((robust, ordinary), outcomes, strict=True)
        ]

    def harm(what: str, *keys: str, strength: int | None = None) -> Evidence:
        first, second = rises(*keys, strength=strength)
        return first.minus(second, what, MORE)

    weather = [key for key in LOW_CORRUPTIONS if key != _CONTRAST]
    by_strength = [
        harm(f"contrast changes of strength {strength}", _CONTRAST, strength=strength) for strength in STRENGTHS
    ]
    slow = harm(" and ".join(CORRUPTIONS[key].inline_label for key in weather), *weather)
    high = harm("high-frequency corruptions", *HIGH_CORRUPTIONS)
    (a, b), parts = rises(_CONTRAST), [above(number) for number in (*by_strength, slow)]
    weak, strong = by_strength[0].measured, by_strength[-1].measured
    shrinks = "Differences shrink near chance, where the network with the smaller clean error has more to lose."
    return judged(
        parts,
        [*by_strength, slow, high, a, b],
        f"Changes of contrast raise the error of {robust} by {a} points, that of {ordinary} by {b}: "
        f"{by_strength[0].number} at the lowest strength, {by_strength[-1].number} at the highest.",
        shrinks if strong.value < weak.value else "",
        "High-frequency corruptions harm the robust twin less." if high.measured.high < 0 else "",
        TRAINED_ONCE,
    )


@robustness_claim(section="4", display=Display(bands=None, tool=CORRUPTIONS_TOOL))
def shift() -> Judged:
    """Networks that rely on low frequencies suffer less from corruptions.

    “This indicates that robustness to natural distribution shifts might be associated to dependency on lower frequency
    information …”

    All networks with both results are ranked by their cutoff for mixed pictures and by the harm of eight corruptions,
    in three ways: the rise of the error, the error among pictures that are right when clean, and the error. The two
    orders agree if so strong a correlation has a chance below 5%, counted over all orders; any other leaves it open.
    """
    networks = ranked_networks()
    if len(networks) < _MIN_NETWORKS:
        raise NotCheckable(
            f"A ranking needs {_MIN_NETWORKS} networks with crossover cutoffs and corruption results, "
            f"and has {len(networks)}."
        )
    cutoffs, outcomes = (list(column) for column in zip(*networks.values(), strict=True))

    def rises(*keys: str) -> list[float]:
        return [rise(stored, *keys).measured.value for stored in outcomes]

    harm = {
        "the rise of the error": rises(*CORRUPTIONS),
        "the error among pictures that are right when clean": [
            float(1 - stored.correct[:, :, stored.clean].mean()) for stored in outcomes
        ],
        "the error": [stored.errors(*CORRUPTIONS).measured.value for stored in outcomes],
        "the rise under high-frequency corruptions": rises(*HIGH_CORRUPTIONS),
        "the rise under low-frequency corruptions": rises(*LOW_CORRUPTIONS),
    }
    tests = {what: exact_rank_test(np.array(cutoffs), np.array(values)) for what, values in harm.items()}
    evidence, correlations = list[Evidence](), list[Evidence]()
    for what, (value, p) in tests.items():
        bar = what if len(correlations) < _JUDGED else ""
        name = f"correlation of the crossover cutoff with {what}"
        correlations.append(Evidence(name, by_test(value, p), "ratio"))
        evidence += [Evidence(name, Interval.exact(value), "ratio", bar=bar), Evidence("p", Interval.exact(p), "p")]
    small = all(name.startswith(MINIATURE) or name in RESNET_NAMES for name in networks)
    names = [result_title(stored.metadata["classifier"]) for stored in outcomes]
    many = f"{len(networks)} {'small networks' if small else 'networks'} ({'; '.join(names)})"
    mix = (
        "Low-frequency corruptions reverse the order, so the result for all eight depends on their mix: "
        f"{len(HIGH_CORRUPTIONS)} of {len(CORRUPTIONS)} are high-frequency."
    )
    first, second, third = (number for number in evidence if number.bar)
    result = judged(
        [above(number) for number in correlations[:_JUDGED]],
        evidence,
        f"The link between cutoff and damage is {first}, {second} or {third}, depending on how damage is measured.",
        "The paper speaks of natural shifts; these corruptions are synthetic, and the outcome depends on the measure.",
        f"{many} are few, and they differ in other ways as well.",
        mix if above(correlations[-1]).truth is False else "",
        TRAINED_ONCE,
    )
    return replace(result, networks=tuple(networks), names=tuple(names))
