"""The article's waves in Node, against `ui.story.bridge`: the fractions and every sentence on them."""

import re
from itertools import product

import numpy as np

from core.data.sketches import draw_sketch, smooth_sketch
from tests.node import in_node
from ui.story.bridge import TEXTS, FastWaves, bars_html, fast_waves, waves_text
from web.__main__ import HERE

BRIDGE = HERE / "engine" / "bridge.js"


def test_javascript_measures_waves_as_python_does():
    start = smooth_sketch(draw_sketch("volcano"), 224)
    rough = np.random.default_rng(0).random(start.shape, np.float32)
    pictures = {"start": start, "change": 0.3 * (rough - start)}
    measure = """({ fastWaves }, pictures) => {
      const fast = (values) => fastWaves(Float32Array.from(values), 8);
      const measured = Object.entries(pictures).map(([name, values]) => [name, fast(values)]);
      return Object.fromEntries(measured);
    }"""
    found = in_node(BRIDGE, measure, {name: picture.ravel().tolist() for name, picture in pictures.items()})
    expected = {name: fast_waves(picture).start for name, picture in pictures.items()}
    assert 0 < expected["start"] < 0.1 < 0.5 < expected["change"]
    np.testing.assert_allclose(list(found.values()), list(expected.values()), rtol=0, atol=1e-6)


def test_javascript_assembles_sentences_as_python_does():
    cases, fractions = [], (0.001, 0.05, 0.12, 0.45, 0.55, 0.7)
    for name, start in product(("grey", "sketch", "photo"), fractions):
        cases += [(name, FastWaves(start)), *((name, FastWaves(start, *pair)) for pair in product(fractions, repeat=2))]
    values = [
        [name, {field: value for field, value in vars(waves).items() if value is not None}] for name, waves in cases
    ]
    say = """({ wavesText, wavesBars }, [texts, cases]) => cases.map(([name, waves]) =>
      [wavesText(waves, name, texts), wavesBars(waves, name, texts)])"""
    said = in_node(BRIDGE, say, [TEXTS, values])
    for (name, waves), (text, rows) in zip(cases, said, strict=True):
        assert text == waves_text(waves, name)
        bars = re.findall(r"<span>(.*?)</span><span.*?--share:(.*?)%.*?<span>(.*?)</span>", bars_html(waves, name))
        assert [(title, f"{100 * fraction:.1f}", text) for title, fraction, text in rows] == bars
        assert not bars or TEXTS["title"] in bars_html(waves, name)
    assert len({text for text, *_ in said}) > 100
