"""Stored outcomes at 224 pixels, and what is shown of them."""

import json
from dataclasses import replace

import numpy as np
from PIL import Image

from core.data.datasets import load_samples
from core.data.sample_sets import SAMPLE_SETS, imagenet
from core.data.sketches import SKETCHES
from core.pgd.drawings import (
    GALLERY_FILE,
    OPENING_FILE,
    QUICK_TRIES,
    count,
    drawn_sketches,
    familiar,
    four_squares,
    opening_words,
    stored_gallery,
    tries_by_label,
)
from core.pgd.methods import COMPARED, METHODS
from core.pgd.pictures import stored_outcomes
from core.pgd.settings import defaults
from precomputed.makers.plans import HOLE, SIZE, TRIED, UNSHOWN, drawings, drawn_classes
from tests.core.judged import stored_views

STORED = stored_views()


def test_tuning_class_is_not_reported():
    drawn = [rows for group, rows in STORED["pictures"].items() if group.startswith("draw")]
    assert drawn and all(tuple(row["target"] for row in rows) == drawn_classes() for rows in drawn)
    assert len({*drawn_classes()}) == 100 and not {imagenet().names[label] for label in drawn_classes()} & TRIED


def test_stored_pictures_have_the_present_settings():
    draw, fill = defaults("generation", SIZE, "views"), defaults("inpainting", SIZE, "views", hole_size=HOLE)
    expected = {name.rpartition("-")[0]: plan.config.to_json() for name, plan in drawings()}
    for method in METHODS:
        assert expected[f"draw-{method}"] == replace(draw, method=draw.method.variant(method)).to_json()
        expected[f"hole-{method}"] = replace(fill, method=fill.method.variant(method)).to_json()
    stored = {kind["name"]: kind["config"] for kind in stored_outcomes().metadata["kinds"] if "config" in kind}
    assert stored == expected and {*QUICK_TRIES} < {*stored}
    for path in (OPENING_FILE, GALLERY_FILE):
        assert json.loads(path.read_text())["config"] == draw.to_json(), path


def test_bundled_holes_are_the_judged_ones():
    rows = [row for row in STORED["pictures"]["hole-views"] if row["picture"].startswith("bundled")]
    photographs = SAMPLE_SETS["photographs"]
    assert len(rows) == len(load_samples("photographs"))
    assert photographs.holes.keys() == set(range(len(rows)))
    for index, row in enumerate(rows):
        assert photographs.holes[index] == (row["left"], row["top"], STORED["hole_size"])
        mask = photographs.mask(index)
        assert mask[0, row["top"], row["left"]] and mask.sum() == STORED["hole_size"] ** 2


def test_gallery_has_a_hundred_random_words_as_in_the_tables():
    gallery, names = stored_gallery(), imagenet().names
    order = np.random.default_rng(0).permutation(1000).tolist()
    shown = [label for label in order if names[label] not in TRIED.union(UNSHOWN)]
    assert tuple(word.label for word in gallery.words) == tuple(shown[:100]) == drawn_classes()
    assert gallery.painter == STORED["classifier"]["name"] and list(gallery.judges) == [
        j["name"] for j in STORED["judges"]
    ]
    for method in COMPARED:
        rows = {row["target"]: row for row in STORED["pictures"][f"draw-{method}"]}
        for word in gallery.words:
            drawing = word.drawings[method]
            assert [judgement.ranks[0] for judgement in drawing.judgements] == rows[word.label]["places"]["result"]
            assert drawing.recognised() == (drawing.judgements[0].says[0] == word.word)
            with Image.open(drawing.picture) as picture:
                assert picture.size == (gallery.size, gallery.size)
        recognised = sum(row["places"]["result"][0] == 1 for row in rows.values())
        assert gallery.recognised(method) == count(f"draw-{method}") == recognised
    tries = [STORED["pictures"][kind] for kind in QUICK_TRIES]
    by_word = [sum(row["places"]["result"][0] == 1 for row in rows) for rows in zip(*tries, strict=True)]
    assert [*tries_by_label().values()] == by_word and count("tries") == sum(map(bool, by_word))
    assert sum(path.stat().st_size for path in (GALLERY_FILE, *GALLERY_FILE.parent.glob("gallery*/*"))) < 3_200_000


def test_opening_words_follow_their_rule():
    rows = json.loads(GALLERY_FILE.read_text("utf-8"))["words"]
    assert SAMPLE_SETS["photographs"].drawn == opening_words()[:1]
    surest = [row for row in rows if row["word"] in familiar() and row["paper"]["says"][0] != row["word"]]
    surest = [row["views"]["shares"][0] for row in surest if row["views"]["says"][0] == row["word"]]
    by_word = {row["word"]: row for row in rows}
    assert [by_word[word]["views"]["shares"][0] for word in opening_words()] == sorted(surest)[:-6:-1]
    word, squares = four_squares()
    rows = zip(*(STORED["pictures"][f"draw-{method}"] for method in METHODS), strict=True)
    answers = {row[0]["target"]: tuple(cell["places"]["result"][0] == 1 for cell in row) for row in rows}
    of_words = {name: answers[imagenet().names.index(name)] for name in opening_words()}
    usual = max({*answers.values()}, key=[*answers.values()].count)
    assert word == next(name for name, of_word in of_words.items() if of_word == usual) and [*squares] == [*METHODS]
    assert {sketch: row.word for sketch, row in drawn_sketches().items()} == {
        name: sketch.word for name, sketch in SKETCHES.items()
    }
