"""Table of colours and their meaning: on every page, in figures and in reports."""

from __future__ import annotations

from collections.abc import Sequence

ROBUST = "-robust"  # ends the registry's name of an adversarially trained twin

# Networks, by kind: as trained, and robust. After Okabe & Ito 2008 and P. Tol's schemes, told apart with every
# common form of colour blindness; with a contrast of 3 or more on white and on black.
NETWORKS = {"zero-shot": ("#0072B2", "#009E73"), "closed-set": ("#D55E00", "#999933")}
# Those that stand beside others of their kind, by the registry's names.
OWN = {"mini-clip": "#3A9AD9", "mini-clip-vit": "#8878C3", "mini-resnet": "#CC8400", "efficientnet-lite0": "#CC79A7"}
UNKNOWN = "#8C6D31"  # an uploaded map's, of no kind that is known

# For further networks in one figure whose own colours are taken, or unknown.
SPARE = ("#56B4E9", "#E69F00", "#000000")

# Of one network: fewer errors at the low end, more at the high one. A difference of two networks has their own colours.
FEWER_OR_MORE_ERRORS = "#1B7837#762A83"

# Of one network: what makes the loss fall, to what makes it rise; a map of `core.images.colormaps`.
GRADIENT = "vik"

# Verdicts, each with a sign that tells it apart without colour; white on these has a contrast of 5 to 7.
GOOD, HALF, BAD, OPEN = ("✓", "#1a7f37"), ("◐", "#8a5a00"), ("✕", "#b3261e"), ("?", "#57606a")


def network_colour(name: str, kind: str | None) -> str:
    """Colour of a network by its registry's name; kind: a key of `NETWORKS`, None for a network that is not listed."""
    return OWN.get(name) or (NETWORKS[kind][name.endswith(ROBUST)] if kind else UNKNOWN)


def distinct_colours(networks: Sequence[tuple[str, str | None]]) -> list[str]:
    """Colours of networks in one figure, each given by name and kind; with more of them than there are, some repeat."""
    colours: list[str] = []
    for name, kind in networks:
        colour, spare = network_colour(name, kind), [candidate for candidate in SPARE if candidate not in colours]
        taken = colour in colours or colour == UNKNOWN
        colours.append(spare[0] if taken and spare else colour)
    return colours
