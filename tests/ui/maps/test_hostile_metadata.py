"""Any metadata of a heat map is refused in one short sentence or shown in one."""

import copy
from dataclasses import replace

import pytest

from core.data.sample_sets import HEATMAPS
from core.fourier.contrasts import mismatches
from core.fourier.heatmap import Heatmap, HeatmapError
from ui.maps.catalogue import Entry, computed_text, label_of
from ui.maps.wave import wave_table

MAP = Heatmap.load(HEATMAPS / "mini-clip_cifar10.npz")
ODD = (None, True, 0, -1, 2**70, 10**400, 1e308, float("nan"), float("inf"), "", "x" * 50_000, r"$\frac{$", "\ud800",
       "\u202e\0", [], [[]], [None], [1] * 1000, {}, {"a": 1})  # fmt: skip


def paths(facts, outer=()):
    for name, value in facts.items():
        yield (*outer, name)
        if isinstance(value, dict):
            yield from paths(value, (*outer, name))


def changed(path, value):
    metadata = copy.deepcopy(dict(MAP.metadata))
    facts = metadata
    for name in path[:-1]:
        facts = facts[name]
    facts[path[-1]] = value
    return replace(MAP.crop(3), metadata=metadata)


@pytest.mark.parametrize("path", list(paths(MAP.metadata)), ids=".".join)
def test_any_fact_of_an_uploaded_map_is_refused_or_shown(path):
    for value in ODD:
        try:
            heatmap = Heatmap.from_bytes(changed(path, value).to_bytes(), name="odd.npz")
        except HeatmapError as error:
            assert len(str(error)) < 600
            continue
        entry, other = Entry(label_of(heatmap), heatmap), Entry(label_of(MAP), MAP)
        table = " ".join(cell for row in wave_table([entry, other], (1, 1)) for cell in row)
        for text in (entry.label, entry.subtitle, computed_text(heatmap), table, *mismatches(heatmap, MAP)):
            assert len(text) < 1000 and text.encode()
