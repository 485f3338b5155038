"""Chart of two maps' errors: its headline against numbers from the files, its shaded waves."""

import itertools
import re
from base64 import b64decode

import pytest

from tests.core.claims.judging import FOLDER, File
from ui.maps.catalogue import CLIP, MINI_CLIP, MINI_RESNET, RESNET50, RESNET56, shipped_maps
from ui.maps.chosen_wave import findings_between
from ui.maps.rings import errors_chart
from ui.shared.chart import SIDE

FILES = {
    CLIP: "clip-vit-b-32_cifar10_published",
    RESNET56: "resnet-56_cifar10_published",
    MINI_CLIP: "mini-clip_cifar10",
    MINI_RESNET: "mini-resnet_cifar10",
}
CHARTS = {
    pair: errors_chart(entries, findings_between(*entries, *shipped_maps().values()))
    for pair in [*itertools.permutations((CLIP, RESNET56)), *itertools.permutations((MINI_CLIP, MINI_RESNET))]
    if (entries := tuple(shipped_maps()[label] for label in pair))
}


@pytest.mark.parametrize("pair", CHARTS)
def test_headline_names_the_network_that_is_wrong_more_often(pair):
    found = re.search("<b>(.*?)</b>", CHARTS[pair])[1]
    names = {label: shipped_maps()[label].name for label in pair}
    first, second = (File(FOLDER / f"{FILES[label]}.npz") for label in pair)
    for waves, band in (("slow", (0, 2)), ("fast", (16, 21))):
        rates = first.band(*band)[0], second.band(*band)[0]
        worse = names[pair[rates[0] < rates[1]]]
        said = f"{waves.capitalize()} waves fool {worse} more often."
        assert said in found or f"With {waves} waves we cannot tell whom they fool more often." in found
        if abs(rates[0] - rates[1]) > 0.08:
            assert said in found, "a difference that no sample of this size brings about"


def test_the_slow_and_the_fast_waves_are_shaded():
    (source,) = re.findall('base64,(.*?)" alt', chart := CHARTS[CLIP, RESNET56])
    svg = b64decode(source).decode()
    spans = [(float(x), float(width)) for x, width in re.findall('shade" x="(.*?)" y="0" width="(.*?)"', svg)]
    ticks = {int(text): float(at) for at, text in re.findall(r'class="along" style="left:(.*?)%">(\d+)<', chart)}
    ring = (ticks[20] - ticks[0]) / 20 * SIDE / 100
    for (x, width), (low, high) in zip(spans, ((0, 2), (16, 21)), strict=True):
        assert x == pytest.approx(ticks[0] * SIDE / 100 + (low - 0.5) * ring, abs=2)
        assert width == pytest.approx((high - low + 1) * ring, abs=2)
    assert [*re.findall('class="above" style="left:.*?">(.*?)<', chart)] == ["slow", "fast"]


def test_no_chart_of_maps_that_were_measured_differently():
    maps = shipped_maps()
    assert not errors_chart((maps[CLIP], maps[RESNET50]), ())
