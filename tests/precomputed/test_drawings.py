"""Stored outcomes of both searches at 224 pixels, and their tables in docs/results.md."""

import json

import pytest
from PIL import Image

from core.data.datasets import load_samples
from core.data.sample_sets import SAMPLE_SETS, imagenet
from core.pgd.drawings import OPENING_FILE, WALL_FILE, stored_wall
from core.pgd.pictures import stored_outcomes
from core.pgd.search import COMPARED
from core.pgd.settings import PGDConfig, quick_settings, usual_settings
from precomputed.makers.drawings import HOLE, SIZE, TRIED, UNSHOWN, drawn_classes, wall_classes
from precomputed.makers.tables import DOCUMENT, patch_table, tables
from tests.core.judged import stored_views

STORED = stored_views()


def test_nothing_is_reported_on_classes_that_settings_were_tried_on():
    labels = {row["target"] for group, rows in STORED["pictures"].items() if group.startswith("draw") for row in rows}
    assert labels <= set(drawn_classes()) and not {imagenet().names[label] for label in labels} & TRIED
    assert len(drawn_classes()) == len(set(drawn_classes())) == 100


@pytest.mark.parametrize("written", [tables, pytest.param(patch_table, marks=pytest.mark.slow)])
def test_the_document_has_the_tables_of_the_stored_outcomes(written):
    assert written().strip() in DOCUMENT.read_text("utf-8"), "run python -m precomputed.makers.tables"


def test_stored_pictures_have_the_present_settings():
    draw = usual_settings("generation", SIZE, search="views")
    fill = {
        name: value for name, value in usual_settings("inpainting", SIZE, HOLE, "views").items() if name != "weight"
    }
    expected = {
        "draw-views": draw,
        "draw-quick": quick_settings(draw),
        "draw-pixels": draw | {"search": "pixels"},
        "hole-views": fill,
        "hole-pixels": fill | {"search": "pixels"},
    }
    stored = {kind["name"]: kind["config"] for kind in stored_outcomes().metadata["kinds"]}
    assert stored == {name: PGDConfig(**settings).to_json() for name, settings in expected.items()}
    for path in (OPENING_FILE, WALL_FILE):
        assert json.loads(path.read_text())["config"] == PGDConfig(**draw).to_json(), path


def test_the_bundled_photographs_holes_are_the_judged_ones():
    rows = [row for row in STORED["pictures"]["hole-views"] if row["picture"].startswith("bundled")]
    photographs = SAMPLE_SETS["photographs"]
    assert len(rows) == len(load_samples("photographs"))
    assert photographs.holes.keys() == set(range(len(rows))) - {photographs.by_the_paper}, (
        "the paper's is in the middle"
    )
    for place in photographs.holes:
        row = rows[place]
        assert photographs.holes[place] == (row["left"], row["top"], STORED["hole"])
        mask = photographs.hole(place)
        assert mask[0, row["top"], row["left"]] and mask.sum() == STORED["hole"] ** 2


def test_the_wall_has_a_hundred_random_words_as_they_came():
    wall, names = stored_wall(), imagenet().names
    shown = [label for label in drawn_classes(110) if names[label] not in UNSHOWN]
    assert [word.label for word in wall.words] == shown[:100] == wall_classes()
    assert wall.painter == STORED["classifier"]["name"] and list(wall.judges) == [j["name"] for j in STORED["judges"]]
    for search in COMPARED:
        rows = {row["target"]: row for row in STORED["pictures"][f"draw-{search}"]}
        for word in wall.words:
            drawing = word.drawings[search]
            if word.label in rows:
                assert [judgement.ranks[0] for judgement in drawing.judgements] == rows[word.label]["places"]["result"]
                assert drawing.confidence[0] == rows[word.label]["probability_after"]
            assert drawing.recognised() == (drawing.judgements[0].says[0] == word.word)
            with Image.open(drawing.picture) as picture:
                assert picture.size == (wall.side, wall.side)
        assert wall.recognised(search) == sum(
            word.drawings[search].judgements[0].says[0] == word.word for word in wall.words
        )
    assert sum(path.stat().st_size for path in WALL_FILE.parent.glob("wall*/*")) + WALL_FILE.stat().st_size < 1_500_000
