"""Table of colours and their meaning, for pages, figures and reports."""

from __future__ import annotations

ROBUST = "-robust"  # suffix of the registry name of an adversarially trained twin

# Networks by kind: ordinary and robust. After Okabe & Ito 2008 and P. Tol's schemes: distinguishable with every common
# form of colour blindness, with a contrast of at least 3 on white and on black.
NETWORKS = {"zero-shot": ("#0072B2", "#009E73"), "closed-set": ("#D55E00", "#999933")}
# Networks shown next to others of their kind, by registry name: miniatures beside the paper's, ResNet-50 beside 56.
OWN = {
    "mini-clip": "#A050D0",
    "mini-clip-vit": "#8878C3",
    "mini-resnet": "#CC8400",
    "resnet-50": "#D8003C",
    "efficientnet-lite0": "#CC79A7",
    "efficientnet-lite1": "#AA66FF",
    "efficientnet-lite2": "#7733FF",
}
UNKNOWN = "#8C6D31"  # uploaded maps of unknown kind

# One network: fewer errors at the low end, more at the high end. A difference of two networks has their own colours.
FEWER_OR_MORE_ERRORS = "#1B7837#762A83"

# One network: from decreasing to increasing the loss; a map of `core.images.colormaps`.
GRADIENT = "vik"

# Verdicts, each with a sign for use without colour; white text has a contrast of 5 to 7.
GOOD, HALF, BAD, OPEN = ("✓", "#1a7f37"), ("◐", "#8a5a00"), ("✕", "#b3261e"), ("?", "#57606a")


def network_colour(name: str, kind: str | None) -> str:
    """Return a network's colour by registry name; kind: a key of `NETWORKS`, None for an unlisted network."""
    return OWN.get(name) or (NETWORKS[kind][name.endswith(ROBUST)] if kind else UNKNOWN)
