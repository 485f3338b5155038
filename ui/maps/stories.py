"""What to look at first: each story chooses maps, a way to show them, and a wave. Its text is computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.claims.bands import Band
from core.claims.equal_strength import equal_strength
from core.fourier.contrasts import mismatches
from core.fourier.intervals import newcombe
from core.fourier.rings import Ring, peak, ring_at, ring_differences, ring_means, sign_runs, wave_range
from core.numbers import apart, decimal, interval, percent, points, times
from ui.maps.catalogue import Entry

CLIP = "CLIP ViT-B/32 · CIFAR-10 · published"
RESNET56 = "ResNet-56 · CIFAR-10 · published"
RESNET50 = "ResNet-50 · ImageNet100 · published"
MINI_CLIP = "Mini CLIP · CIFAR-10 · computed"
MINI_RESNET = "Mini ResNet · CIFAR-10 · computed"
MINI_RESNET_ROBUST = "Mini ResNet, robust · CIFAR-10 · computed"
EFFICIENTNET = "EfficientNet-Lite0 · ImageNet, one image per class · computed"


Telling = Callable[..., str]  # the story's entries, in the order of its maps -> plain text


@dataclass(frozen=True)
class Story:
    """A preset. show: "Error", "Minus clean" or "Difference". frequency: (i, j). tell: makes its text."""

    title: str
    maps: tuple[str, ...]
    frequency: tuple[int, int]
    tell: Telling
    show: str = "Error"
    pictures: str = "CIFAR-10"


def story_text(story: Story, entries: Mapping[str, Entry]) -> str:
    """A story's text, plain and computed from its maps; which one is missing, where one is."""
    missing = [label for label in story.maps if label not in entries]
    if missing:
        return f"This copy of the app lacks the map {missing[0]}, of which this story tells."
    return story.tell(*(entries[label] for label in story.maps))


def _rings_apart(first: Entry, second: Entry, radius: int) -> str:
    """'X misclassifies 29.9 % on average, Y 15.3 %; X’s error is 14.6 points higher (95 % interval 13.4 to 15.7).'"""
    a, b = (ring_at(entry.heatmap, radius) for entry in (first, second))
    if a is None or b is None:
        return f"one of the two maps has no wave of radius {radius}."
    difference = dict(ring_differences(first.heatmap, second.heatmap))[radius]
    found = f"{first.name} misclassifies {percent(a.error.value)} on average, {second.name} {percent(b.error.value)}"
    if not difference.clear:
        return f"{found}, a difference {apart(difference)}."
    return f"{found}; {first.name}’s error is {points(difference)}."


def _slowest(first: Entry, second: Entry) -> str:
    return f"The slowest waves, of radius 1: {_rings_apart(first, second, 1)}"


def _fastest(first: Entry, second: Entry) -> str:
    last = min(ring_means(entry.heatmap)[-1].radius for entry in (first, second))
    told = f"The fastest waves, of radius {last}, in the corners: {_rings_apart(first, second, last)}"
    return told + _at_equal_strength(first, second, last)


def _at_equal_strength(first: Entry, second: Entry, radius: int) -> str:
    """What enlarging the picture leaves of the first network's waves, and the comparison with the second's as weak."""
    found = equal_strength(first.named, second.named, Band(radius, radius))
    if found is None or found.equal:
        return ""
    kept = f" But enlarged for {first.name}’s network, these waves keep {100 * found.subject:.0f} % of their strength"
    weak = found.weakened and ring_at(found.weakened, radius)
    ring = ring_at(first.heatmap, radius)
    if not weak or not ring:
        return f"{kept}."
    difference = newcombe(ring.error, weak.error)
    return (
        f"{kept}: with waves as weak {second.name} misclassifies {percent(weak.error.value)}, and {first.name}’s "
        f"error is {apart(difference)}."
    )


def _crossings(first: Entry, second: Entry) -> str:
    runs = sign_runs(ring_differences(first.heatmap, second.heatmap))
    largest = ", ".join(f"{decimal(100 * run.largest.value, sign=True)} at {run.at}" for run in runs)
    title = f"{first.name} minus {second.name}"
    if len(runs) == 1:
        return f"Averaged over rings, {title} never changes sign; the largest difference in points is {largest}."
    changes = list(zip(runs, runs[1:], strict=False))
    # Between the last ring that is clear before a change and the first one after it.
    where = [
        f"{before.clear[1] if before.clear else before.last} and {after.clear[0] if after.clear else after.first}"
        for before, after in changes
    ]
    beyond = sum(before.clear is not None and after.clear is not None for before, after in changes)
    return (
        f"Averaged over rings, {title} changes sign {times(len(changes))}, between radius {_listed(where)}; "
        f"{_share(beyond, len(changes))} beyond the noise (95 % intervals). "
        f"The largest differences, in points: {largest}."
    )


def _share(beyond: int, changes: int) -> str:
    if beyond == changes:
        return "this is" if changes == 1 else "all are"
    return {0: "none is", 1: "one of them is"}.get(beyond, f"{beyond} of them are")


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])}, and {parts[-1]}"


def _shapes(*shown: Entry) -> str:
    """Where each map's rings begin, have most errors, and end; all cropped to the smallest map."""
    side = min(entry.heatmap.side for entry in shown)
    shapes = [_shape(entry.name, ring_means(entry.heatmap.crop(side))) for entry in shown]
    alike = all(not mismatches(shown[0].heatmap, entry.heatmap) for entry in shown[1:])
    hedge = "" if alike else " They were not measured alike: compare the shapes, not the heights."
    return f"{' '.join(shapes)}{hedge}"


def _shape(name: str, rings: tuple[Ring, ...]) -> str:
    found, first, last = peak(rings), rings[0].error, rings[-1].error
    error = found.ring.error
    alike = f"radius {found.first} to {found.last} lies within its interval, {interval(error)}"
    return (
        f"{name}: {percent(first.value)} in the middle, most at radius {found.ring.radius} ({percent(error.value)}; "
        f"{alike}), {percent(last.value)} in the corners."
    )


_FLAT_FROM = 3  # radius from which the robust network's rings are described


def _miniature(*shown: Entry) -> str:
    parts = []
    for entry in shown:
        rings = ring_means(entry.heatmap)
        top = peak(rings)
        parts.append(f"{entry.name} at {top.ring.radius}, then {percent(rings[-1].error.value)}")
    robust = shown[-1]
    means = [ring.error.value for ring in ring_means(robust.heatmap) if ring.radius >= _FLAT_FROM]
    waves = wave_range(robust.heatmap, min_radius=_FLAT_FROM)
    return (
        f"The radius with most errors, and the error in the corners: {'; '.join(parts)}. "
        f"From radius {_FLAT_FROM} on the ring means of "
        f"{robust.name} stay between {_range(min(means), max(means))}, its single waves between {_range(*waves)}. "
        "One small network each: a hint, no proof."
    )


def _range(low: float, high: float) -> str:
    return f"{100 * low:.0f} and {100 * high:.0f} %"


STORIES = (
    Story("Figure 1: the slowest waves", (CLIP, RESNET56), (0, 1), _slowest),
    Story("Figure 1: the corners", (CLIP, RESNET56), (-14, -14), _fastest),
    Story("Figure 1: where the two cross", (CLIP, RESNET56), (8, 8), _crossings, show="Difference"),
    Story("Figure 2: ImageNet at 224 pixels", (RESNET50, EFFICIENTNET), (0, 9), _shapes, pictures="Photographs"),
    Story(
        "In miniature: networks trained here",
        (CLIP, MINI_CLIP, MINI_RESNET, MINI_RESNET_ROBUST),
        (-14, -14),
        _miniature,
    ),
)
