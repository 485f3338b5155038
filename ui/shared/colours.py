"""Colours of networks and of differences in charts, maps and tables."""

from core.classifiers.registry import list_classifiers
from core.shared.roles import ROBUST

# Networks by kind: ordinary and robust. After Okabe & Ito 2008 and P. Tol's schemes: distinguishable with every common
# form of colour blindness, with a contrast of at least 3 on white and on black.
NETWORK_COLOURS = {"zero-shot": ("#0072B2", "#009E73"), "closed-set": ("#D55E00", "#999933")}
# Networks shown next to others of their kind, by registry name: miniatures and the paper's, ResNet-50 and ResNet-56.
COLOURS_BY_NAME = {
    "mini-clip": "#A050D0",
    "mini-clip-vit": "#8878C3",
    "mini-resnet": "#CC8400",
    "resnet-50": "#D8003C",
    "efficientnet-lite0": "#CC79A7",
    "efficientnet-lite1": "#AA66FF",
    "efficientnet-lite2": "#7733FF",
}
UNKNOWN_COLOUR = "#8C6D31"  # uploaded maps of unknown kind

# One network: fewer errors at the low end, more at the high end. A difference of two networks has their own colours.
FEWER_OR_MORE_ERRORS = ("#1B7837", "#762A83")

# What the colours are called on pages.
_NAMES = {
    "#0072B2": "blue",
    "#009E73": "green",
    "#D55E00": "orange",
    "#999933": "olive",
    "#A050D0": "purple",
    "#8878C3": "lavender",
    "#CC8400": "amber",
    "#D8003C": "red",
    "#CC79A7": "pink",
    "#AA66FF": "violet",
    "#7733FF": "indigo",
    "#8C6D31": "brown",
    "#1B7837": "green",
    "#762A83": "purple",
}


def model_colour(name: str) -> str:
    """Return a classifier's colour, the same on every page, by its name in the registry."""
    family = next((spec.kind for spec in list_classifiers() if spec.name == name), None)
    return COLOURS_BY_NAME.get(name) or (NETWORK_COLOURS[family][name.endswith(ROBUST)] if family else UNKNOWN_COLOUR)


def colour_name(colour: str) -> str:
    """Return the English name of one of the colours above: 'blue'."""
    return _NAMES[colour]
