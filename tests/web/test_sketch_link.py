"""A sketch in the article's links to *Paint*, encoded in Node and read by Python."""

import numpy as np

from core.data.sketches import SKETCH_SIZE, SKETCHES, decode_sketch, draw_sketch
from tests.node import in_node
from web.__main__ import HERE


def test_app_reads_sketches_that_the_article_links_to():
    own = np.random.default_rng(0).integers(0, 5, (SKETCH_SIZE, SKETCH_SIZE, 3), np.uint8) * 60  # up to 125 colours
    few = np.where(own[..., :1] > 100, own[:1, :1], own[1:2, 1:2])
    sketches = [*map(draw_sketch, SKETCHES), few, own]
    encode = (
        "({ encodeSketch }, sketches) => Promise.all(sketches.map((pixels) => encodeSketch(Uint8Array.from(pixels))))"
    )
    texts = in_node(HERE / "engine" / "sketch_link.js", encode, [sketch.ravel().tolist() for sketch in sketches])
    assert texts.pop() == ""
    for text, sketch in zip(texts, sketches, strict=False):
        assert np.array_equal(decode_sketch(text, SKETCH_SIZE), sketch)
