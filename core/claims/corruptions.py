"""Claims about robustness: of robust twins, and of networks under corruptions. Does not import torch."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from core.claims.finding import (
    MINIATURE,
    MORE,
    SIGNIFICANT,
    Evidence,
    Head,
    Judged,
    NamedMap,
    NotCheckable,
    Topic,
    View,
    judged,
    require,
)
from core.claims.statistics import (
    HIGH_CORRUPTIONS,
    LOW_CORRUPTIONS,
    MeanError,
    by_hybrids,
    corruptions_of,
    exact_rank_test,
    mean_error,
    ranked_networks,
    rise,
    rise_in,
)
from core.classifiers.registry import result_title
from core.data.corruptions import CORRUPTIONS, STRENGTHS
from core.shared.numbers import Interval, decimal, join_list
from core.shared.paper import RESNET_NAMES

CORRUPTIONS_TOOL = "Corruptions"  # of the page *Frequencies*
_MIN_NETWORKS, _JUDGED = 4, 3  # networks of a ranking; measures of harm that the verdict rests on
robustness_claim = partial(Head, topic=Topic.CORRUPTIONS)


@robustness_claim(section="1", missing="Maps of a network and its robust twin are missing.", view=View(bands=("low",)))
def twins(robust: NamedMap, ordinary: NamedMap) -> Judged:
    """Robust networks rely on low frequencies, and slow waves mislead them more.

    “… models which are robust to adversarial examples rely more on low-frequency information, and are more vulnerable
    to low-frequency perturbations …”

    {robust} against {ordinary}: the cutoff at which a network follows either of two mixed pictures equally often, and
    how much waves of up to 2 cycles per image raise the error. Beside it, the same in the corners.
    """
    slow = rise_in("low", robust).minus(rise_in("low", ordinary), "rise up to radius 2", MORE)
    fast = rise_in("corners", robust).minus(rise_in("corners", ordinary), "rise in the corners", MORE)
    mixed, vulnerable, doubt = by_hybrids(robust, ordinary) or Judged(), slow.measured.above(0), ""
    if mixed.parts and mixed.parts != (vulnerable,):
        doubt = (
            f"The two kinds of evidence disagree: hybrid images {'support' if mixed.parts[0] else 'do not support'} "
            f"the claim, low frequencies {'raise' if vulnerable else 'do not raise'} the robust twin’s error more."
        )
    return judged(
        [*mixed.parts, vulnerable],
        [*mixed.evidence, slow, fast],
        mixed.summary,
        f"{robust.name} against {ordinary.name}: one network of each kind.",
        doubt,
    )


@robustness_claim(
    section="1",
    missing="No corruption results are stored for a network and its robust twin.",
    view=View(bands=None, tool=CORRUPTIONS_TOOL),
)
def contrast(robust: NamedMap, ordinary: NamedMap) -> Judged:
    """Changes of contrast mislead robust networks more.

    “… are more vulnerable to low-frequency perturbations such as contrast changes.”

    How much changes of contrast, and all corruptions of slow waves, raise the error of {robust}, minus the same of
    {ordinary}, picture by picture at three strengths.
    """
    outcomes = [require(corruptions_of(named)) for named in (robust, ordinary)]
    if outcomes[0].images != outcomes[1].images:
        raise NotCheckable

    def rises(*keys: str, strength: int | None = None) -> list[MeanError]:
        return [
            mean_error(named.name, rise(stored, *keys, strength=strength), "rise")
            for named, stored in zip((robust, ordinary), outcomes, strict=True)
        ]

    (a, b), of_low, of_high = rises("contrast"), rises(*LOW_CORRUPTIONS), rises(*HIGH_CORRUPTIONS)
    slow = f"all low-frequency corruptions ({join_list([CORRUPTIONS[key].inline_label for key in LOW_CORRUPTIONS])})"
    changes = a.minus(b, "contrast changes", MORE)
    low = of_low[0].minus(of_low[1], slow, MORE)
    high = of_high[0].minus(of_high[1], "high-frequency corruptions", MORE)
    ends = [rises("contrast", strength=strength) for strength in (STRENGTHS[0], STRENGTHS[-1])]
    weak, strong = (100 * first.minus(second).measured.value for first, second in ends)
    doubt = (
        f"Contrast changes: {decimal(weak, sign=True)} points at the lowest strength, {decimal(strong, sign=True)} "
        "points at the highest."
    )
    if strong < weak:
        doubt += " The differences shrink near chance, where the network with the smaller clean error has more to lose."
    limited = "High-frequency corruptions harm the robust twin less: its weakness is limited to low frequencies."
    return judged(
        [changes.measured.above(0), low.measured.above(0)],
        [changes, low, high, a, b],
        f"Changes of contrast raise the error of {robust} by {a} points, that of {ordinary} by {b}.",
        f"{robust.name} against {ordinary.name}: one network of each kind.",
        doubt,
        limited if high.measured.below(0) else "",
    )


@robustness_claim(section="4", view=View(bands=None, tool=CORRUPTIONS_TOOL))
def shift() -> Judged:
    """Networks that rely on low frequencies suffer less from corruptions.

    “This indicates that robustness to natural distribution shifts might be associated to dependency on lower frequency
    information …”

    All networks with both results are ranked by their cutoff for mixed pictures and by the harm of eight corruptions,
    in three ways: the rise of the error, the error among pictures that are right when clean, and the error. The two
    orders agree if so strong a correlation has a chance below 5 %, counted over all orders.
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
    evidence = list[Evidence]()
    for what, (value, p) in tests.items():
        bar = what if len(evidence) < 2 * _JUDGED else ""
        name = f"correlation of the crossover cutoff with {what}"
        evidence.append(Evidence(name, Interval.exact(value), "ratio", bar=bar))
        evidence.append(Evidence("p", Interval.exact(p), "p"))
    # 1 if the two orders agree, -1 if one reverses the other
    agree = [int(np.sign(value)) if p < SIGNIFICANT else 0 for value, p in tests.values()]
    small = all(name.startswith(MINIATURE) or name in RESNET_NAMES for name in networks)
    names = [result_title(stored.metadata["classifier"]) for stored in outcomes]
    many = f"{len(networks)} {'small networks' if small else 'networks'} ({'; '.join(names)})"
    mix = (
        "Low-frequency corruptions reverse the order, so the result for all eight depends on their mix: "
        f"{len(HIGH_CORRUPTIONS)} of {len(CORRUPTIONS)} are high-frequency."
    )
    first, second, third = (number for number in evidence if number.bar)
    result = judged(
        [sign > 0 for sign in agree[:_JUDGED]],
        evidence,
        f"The cutoff’s correlation with the harm is {first}, {second} or {third}, depending on what is called harm.",
        "The paper speaks of natural shifts; these corruptions are synthetic, and the outcome depends on the measure.",
        f"{many} are few, and they differ in other ways as well.",
        mix if agree[-1] < 0 else "",
    )
    return replace(result, networks=tuple(networks), names=tuple(names))
