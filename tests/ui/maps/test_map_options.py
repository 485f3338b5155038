"""Displayed maps: what is offered, estimates, further metrics, colours."""

import dataclasses
import re
from base64 import b64decode

import numpy as np
import pytest

from core.fourier.contrasts import ring_differences
from core.fourier.heatmap import METRICS
from core.fourier.map_estimate import with_estimate
from tests.core.squares import heatmap_of
from ui.maps.catalogue import CLIP, MINI_CLIP, MINI_RESNET, RESNET50, RESNET56, Entry, shipped_maps
from ui.maps.map_options import offered_metrics, offered_shows, shown_maps
from ui.maps.rings import ring_chart
from ui.server.cache import ready_classifiers
from ui.shared import colours
from ui.shared.chart import SIDE
from ui.shared.colours import model_colour
from ui.shared.verdicts import SIGNS

MAPS = shipped_maps()
SMALL = MAPS["Mini CLIP · CIFAR-10, 1,000 images · computed"]


def test_only_available_metrics_are_offered():
    clip, mini = MAPS[CLIP], MAPS[MINI_CLIP]
    assert offered_shows([clip, mini], "Top-5") == ["Error", "Difference"]
    assert offered_shows([mini], "Top-5") == offered_shows([mini, mini], "Probability") == ["Error"]
    assert offered_metrics([mini]) == list(METRICS) and offered_metrics([clip, mini]) == ["Top-1", "Top-5"]
    every = list(MAPS.values())
    for chosen in zip(every, every[1:] + every[:1], strict=True):
        for metric in offered_metrics(chosen):
            for show in offered_shows(chosen, metric):
                for view in shown_maps(chosen, metric, show).drawn:
                    assert np.isfinite(view.values).any(), (view.title, metric, show)


def sampled(images, size=15):
    """A map with few images per wave and errors that grow with the radius."""
    radius = np.hypot(*(np.indices((size, size)) - size // 2))
    errors = np.rint(images * (0.2 + 0.03 * radius)).astype(np.int64)
    sample = {"images_per_wave": images, "rule": "a sample of its own for each wave"}
    metadata = {**MAPS[MINI_CLIP].heatmap.metadata, "sample": sample}
    return heatmap_of(errors, errors // 2, np.full_like(errors, images), np.array([1389, 65, 10_000]), metadata)


def test_sampled_map_shows_its_stored_estimate():
    heatmap = with_estimate(sampled(100, size=31))
    half = {**heatmap.numbers, "estimate": heatmap.numbers["estimate"] / 2}
    forged = dataclasses.replace(heatmap, numbers=half)  # values that a recomputation would not give
    view, beside = shown_maps([Entry("A · x · y", forged), MAPS[CLIP]], "Top-1", "Error", 31).drawn
    np.testing.assert_array_equal(view.values, heatmap.estimate[0] / 2)
    np.testing.assert_array_equal(view.interval, heatmap.estimate / 2)
    assert (view.value_label, view.reading) == (
        "estimated error",
        "wrong on about",
    ) and "100 of 10,000 images under each wave" in view.subtitle
    np.testing.assert_array_equal(beside.values, MAPS[CLIP].heatmap.rate())
    assert "estimate" not in beside.title + beside.value_label
    forged, plain = (
        shown_maps([Entry("A · x · y", source)], "Top-5", "Error", 31).drawn[0].values
        for source in (forged, sampled(100, size=31))
    )
    np.testing.assert_array_equal(forged, plain)


def test_colours_are_unique():
    """Networks, verdicts, and more or fewer errors of one network: no colour is shared by two of these."""
    pairs = (colour for pair in colours.NETWORK_COLOURS.values() for colour in pair)
    verdicts = {colour for _, colour, *_ in SIGNS.values()}
    ends = colours.FEWER_OR_MORE_ERRORS
    every = [
        colour.lower()
        for colour in (*pairs, *colours.COLOURS_BY_NAME.values(), colours.UNKNOWN_COLOUR, *verdicts, *ends)
    ]
    assert len(ends) == 2 and len(every) == len(set(every))
    ready = [spec.name for class_set in ("cifar10", "imagenet") for spec in ready_classifiers(class_set)]
    names = {entry.classifier for entry in MAPS.values() if not entry.more} | set(ready)
    assert names and len(set(map(model_colour, names))) == len(names)
    difference = shown_maps([MAPS[CLIP], MAPS[RESNET56]], "Top-1", "Difference")
    assert difference.colormap == f"{model_colour('resnet-56')}{model_colour('clip-vit-b-32')}", "worse on its side"


def test_ring_chart_is_to_scale_and_shades_the_band():
    pair = MAPS[CLIP], MAPS[RESNET56]
    chart = ring_chart(pair, ("low",))
    (source,) = re.findall('base64,(.*?)" alt', chart)
    svg = b64decode(source).decode()
    across, up = (
        {
            int(text.replace("\N{MINUS SIGN}", "-")): float(at) * SIDE / 100
            for at, text in re.findall(rf'style="{side}:([^"]*)%">([^<]*)<', chart)
        }
        for side in ("left", "top")
    )
    points = [tuple(map(float, pair.split(","))) for pair in re.search('polyline points="(.*?)"', svg)[1].split()]
    step, rise = (across[20] - across[0]) / 20, (up[-20] - up[0]) / -20
    for (x, y), ring in zip(points, ring_differences(*(entry.heatmap for entry in pair)), strict=True):
        assert x == pytest.approx(across[0] + step * ring.radius, abs=2)
        assert y == pytest.approx(up[0] + rise * 100 * ring.error.value, abs=2)
    shade = re.search('shade" x="(.*?)" y="0" width="(.*?)"', svg)
    assert [*map(float, shade.groups())] == pytest.approx([across[0] - step / 2, 3 * step], abs=2)
    alone = ring_chart((MAPS[MINI_CLIP], MAPS[MINI_RESNET]))
    assert alone.count("<span><i") == 2, "a rise where clean errors are known"
    assert "<span><i" not in ring_chart(pair)
    assert not ring_chart((MAPS[CLIP], MAPS[RESNET50]))
