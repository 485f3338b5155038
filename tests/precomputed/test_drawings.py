"""Stored outcomes at 224 pixels, and what is shown of them."""

import json
from dataclasses import replace

import numpy as np
from PIL import Image

from core.data.datasets import load_samples
from core.data.sample_sets import SAMPLE_SETS, imagenet
from core.data.sketches import SKETCH_WORDS
from core.pgd.drawings import (
    OPENING_FILE,
    QUICK_TRIES,
    WALL_FILE,
    count,
    drawn_sketches,
    familiar,
    four_squares,
    opening_words,
    stored_wall,
    tries_by_label,
)
from core.pgd.pictures import stored_outcomes
from core.pgd.search import CELLS, COMPARED, Views, cell_settings
from core.pgd.settings import PGDConfig, usual_settings
from precomputed.makers.drawings import HOLE, SIZE, TRIED, UNSHOWN, drawings, drawn_classes
from tests.core.judged import stored_views

STORED = stored_views()


def test_no_class_that_settings_were_tried_on_is_reported():
    drawn = [rows for group, rows in STORED["pictures"].items() if group.startswith("draw")]
    assert drawn and all(tuple(row["target"] for row in rows) == drawn_classes() for rows in drawn)
    assert len({*drawn_classes()}) == 100 and not {imagenet().names[label] for label in drawn_classes()} & TRIED


def test_stored_pictures_have_the_present_settings():
    draw, fill = usual_settings("generation", SIZE, search="views"), usual_settings("inpainting", SIZE, HOLE, "views")
    del fill["weight"]
    plain, own = replace(draw["views"], spectrum=0, colors=0), {"count": 0, "inputs": ()}
    assert plain == Views(min_side=0.35, noise=0.08)
    expected = {name.rpartition("-")[0]: plan.config.to_json() for name, plan in drawings()}
    assert expected["draw-plainviews"] == PGDConfig(**draw | {"views": plain}).to_json()
    assert expected["draw-natural"] == PGDConfig(**draw | {"views": replace(draw["views"], **own)}).to_json()
    expected |= {f"hole-{cell}": PGDConfig(**cell_settings(fill, cell)).to_json() for cell in CELLS}
    stored = {kind["name"]: kind["config"] for kind in stored_outcomes().metadata["kinds"] if "config" in kind}
    assert stored == expected and {*QUICK_TRIES} < {*stored}
    for path in (OPENING_FILE, WALL_FILE):
        assert json.loads(path.read_text())["config"] == PGDConfig(**draw).to_json(), path


def test_the_bundled_photographs_holes_are_the_judged_ones():
    rows = [row for row in STORED["pictures"]["hole-views"] if row["picture"].startswith("bundled")]
    photographs = SAMPLE_SETS["photographs"]
    assert len(rows) == len(load_samples("photographs"))
    assert photographs.holes.keys() == set(range(len(rows)))
    for place, row in enumerate(rows):
        assert photographs.holes[place] == (row["left"], row["top"], STORED["hole"])
        mask = photographs.mask(place)
        assert mask[0, row["top"], row["left"]] and mask.sum() == STORED["hole"] ** 2


def test_the_wall_has_a_hundred_random_words_as_the_tables_say():
    wall, names = stored_wall(), imagenet().names
    order = np.random.default_rng(0).permutation(1000).tolist()
    shown = [label for label in order if names[label] not in TRIED.union(UNSHOWN)]
    assert tuple(word.label for word in wall.words) == tuple(shown[:100]) == drawn_classes()
    assert wall.painter == STORED["classifier"]["name"] and list(wall.judges) == [j["name"] for j in STORED["judges"]]
    for search in COMPARED:
        rows = {row["target"]: row for row in STORED["pictures"][f"draw-{search}"]}
        for word in wall.words:
            drawing = word.drawings[search]
            assert [judgement.ranks[0] for judgement in drawing.judgements] == rows[word.label]["places"]["result"]
            assert drawing.recognised() == (drawing.judgements[0].says[0] == word.word)
            with Image.open(drawing.picture) as picture:
                assert picture.size == (wall.side, wall.side)
        assert (
            wall.recognised(search)
            == count(f"draw-{search}")
            == sum(row["places"]["result"][0] == 1 for row in rows.values())
        )
    tries = [STORED["pictures"][kind] for kind in QUICK_TRIES]
    by_word = [sum(row["places"]["result"][0] == 1 for row in rows) for rows in zip(*tries, strict=True)]
    assert [*tries_by_label().values()] == by_word and count("tries") == sum(map(bool, by_word))
    assert sum(path.stat().st_size for path in WALL_FILE.parent.glob("wall*/*")) + WALL_FILE.stat().st_size < 3_200_000


def test_a_rule_chose_the_opening():
    rows = json.loads(WALL_FILE.read_text("utf-8"))["words"]
    assert SAMPLE_SETS["photographs"].drawn == opening_words()[:1]
    surest = [row for row in rows if row["word"] in familiar() and row["pixels"]["says"][0] != row["word"]]
    surest = [row["views"]["shares"][0] for row in surest if row["views"]["says"][0] == row["word"]]
    by_word = {row["word"]: row for row in rows}
    assert [by_word[word]["views"]["shares"][0] for word in opening_words()] == sorted(surest)[:-6:-1]
    word, squares = four_squares()
    rows = zip(*(STORED["pictures"][f"draw-{cell}"] for cell in CELLS), strict=True)
    answers = {row[0]["target"]: tuple(cell["places"]["result"][0] == 1 for cell in row) for row in rows}
    of_words = {name: answers[imagenet().names.index(name)] for name in opening_words()}
    usual = max({*answers.values()}, key=[*answers.values()].count)
    assert word == next(name for name, of_word in of_words.items() if of_word == usual) and [*squares] == [*CELLS]
    assert {sketch: row.word for sketch, row in drawn_sketches().items()} == SKETCH_WORDS
