"""Stored outcomes at 224 pixels, and what is shown of them."""

import itertools
import json
from dataclasses import replace

import numpy as np
from PIL import Image

from core.data.datasets import load_samples
from core.data.picture_files import decode_image
from core.data.sample_sets import SAMPLE_SETS, imagenet
from core.data.sketches import FIRST_SKETCH, SKETCHES, draw_sketch, smooth_sketch
from core.pgd.drawings import (
    GALLERY_FILE,
    GROWTH,
    GROWTH_FRAMES,
    OPENING_FILE,
    QUICK_CANVASES,
    QUICK_TRIES,
    SKETCHED_FILE,
    count,
    counted,
    drawn_sketches,
    four_squares,
    opening_words,
    picked_words,
    stored_gallery,
    tries_by_label,
)
from core.pgd.methods import COMPARED, METHODS
from core.pgd.picture_outcomes import BEFORE, stored_outcomes
from core.pgd.settings import defaults
from precomputed.makers.gallery_files import PICKED
from precomputed.makers.plans import (
    HOLE,
    QUICK_COUNT,
    SIZE,
    TRIED,
    UNSHOWN,
    WORDS_OF_PHOTO,
    drawings,
    drawn_classes,
    photos,
    sketches,
)
from precomputed.makers.tables import DOCUMENT, eq3_table, small_tables, starts_table, tables
from tests.core.judged import stored_views

STORED = stored_views()


def test_tuning_class_is_not_reported():
    drawn = {group: rows for group, rows in STORED["pictures"].items() if group.startswith("draw")}
    for group, rows in drawn.items():
        quick = group in {*QUICK_TRIES, *QUICK_CANVASES}
        labels = drawn_classes()[: QUICK_COUNT if quick else None]
        assert tuple(row["target"] for row in rows) == labels, group
    assert drawn and len({*drawn_classes()}) == 100
    assert not {imagenet().names[label] for label in drawn_classes()} & TRIED


def test_stored_pictures_have_the_present_settings():
    draw, fill = defaults("generation", SIZE, "views"), defaults("inpainting", SIZE, "views", hole_size=HOLE)
    plans = itertools.chain(drawings(), sketches(), photos())
    expected = {"-".join(name.split("-")[:2]): plan.config.to_json() for name, plan in plans}
    for method in METHODS:
        assert expected[f"draw-{method}"] == replace(draw, method=draw.method.variant(method)).to_json()
        expected[f"hole-{method}"] = replace(fill, method=fill.method.variant(method)).to_json()
    del expected["hole-views_only"]["views"]["inputs"]  # as "strokes" has no small inputs either
    stored = {kind["name"]: kind["config"] for kind in stored_outcomes().metadata["kinds"] if "config" in kind}
    assert stored == expected and {*QUICK_TRIES, *QUICK_CANVASES} < {*stored}
    sketch = defaults("generation", SIZE, "views", start="sketch")
    for path, config in ((OPENING_FILE, draw), (GALLERY_FILE, draw), (SKETCHED_FILE, sketch)):
        assert json.loads(path.read_text())["config"] == config.to_json(), path


def test_sketches_and_photos_are_counted_as_stored():
    for method, seeds in (("paper", 1), ("views", 4)):
        rows = STORED["pictures"][f"sketch-{method}"]
        assert [row["picture"] for row in rows] == [f"{name}-{seed}" for seed in range(seeds) for name in SKETCHES]
        found = sum(row["places"]["result"][0] == 1 for row in rows)
        assert counted(f"sketch-{method}") == f"{found} of {len(rows)}"
        before = sum(row["places"]["start"][0] == 1 for row in rows)
        assert count(f"sketch-{method}", seen=BEFORE) == before
    assert len(STORED["pictures"]["photo-views"]) == len(load_samples("photographs")) * WORDS_OF_PHOTO


def test_words_by_seed_are_counted_as_stored():
    kinds = [f"draw-views{seed}" for seed in ("", "_seed1", "_seed2")]
    found = [[row["places"]["result"][0] == 1 for row in STORED["pictures"][kind]] for kind in kinds]
    by_word = [sum(seeds) for seeds in zip(*found, strict=True)]
    cells = [", ".join(str(sum(seeds)) for seeds in found), *(str(by_word.count(k)) for k in range(4))]
    assert f"| many views | {' | '.join(cells)} |" in tables()
    text = DOCUMENT.read_text("utf-8")
    assert all(made() in text for made in (tables, small_tables, eq3_table, starts_table))


def test_bundled_holes_are_the_judged_ones():
    rows = [row for row in STORED["pictures"]["hole-views"] if row["picture"].startswith("bundled")]
    photographs = SAMPLE_SETS["photographs"]
    assert len(rows) == len(load_samples("photographs"))
    assert photographs.holes.keys() == set(range(len(rows)))
    for index, row in enumerate(rows):
        assert photographs.holes[index] == (row["left"], row["top"], STORED["hole_size"])
        mask = photographs.square(index)
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
        differ = 0
        for word in gallery.words:
            drawing, places = word.drawings[method], rows[word.label]["places"]
            assert [judgement.ranks[0] for judgement in drawing.judgements] == places["file"]
            assert drawing.recognised() == (drawing.judgements[0].says[0] == word.word)
            differ += drawing.recognised() != (places["result"][0] == 1)
            with Image.open(drawing.picture) as picture:
                assert picture.size == (gallery.size, gallery.size)
        assert differ <= 5, "a shown file is judged as the run's picture is"
        assert count(f"draw-{method}") == sum(row["places"]["result"][0] == 1 for row in rows.values())
    tries = [STORED["pictures"][kind] for kind in QUICK_TRIES]
    by_word = [sum(row["places"]["result"][0] == 1 for row in rows) for rows in zip(*tries, strict=True)]
    assert [*tries_by_label().values()] == by_word and count("tries") == sum(map(bool, by_word))
    assert sum(path.stat().st_size for path in (GALLERY_FILE, *GALLERY_FILE.parent.glob("gallery*/*"))) < 9_500_000


def test_picked_words_are_of_the_gallery():
    words = {word.word: word for word in stored_gallery().words}
    assert picked_words() == PICKED and len({*PICKED}) == 12
    assert all(words[word].drawings["views"].recognised() for word in picked_words())
    assert opening_words() == picked_words()[:5] and SAMPLE_SETS["photographs"].drawn == opening_words()[:1]
    word, squares = four_squares()
    assert word == opening_words()[0] and [*squares] == [*METHODS]
    assert {sketch: row.word for sketch, row in drawn_sketches().items()} == {
        name: sketch.word for name, sketch in SKETCHES.items()
    }


def test_growth_leads_from_the_first_sketch_to_its_painting():
    frames = decode_image(GROWTH.read_bytes()).reshape(-1, SIZE, SIZE, 3).astype(np.float32)
    start = 255 * smooth_sketch(draw_sketch(FIRST_SKETCH), SIZE).transpose(1, 2, 0)
    far = {name: np.abs(frames[-1] - row.drawings["views"].pixels()).mean() for name, row in drawn_sketches().items()}
    assert len(frames) == GROWTH_FRAMES
    assert np.abs(frames[0] - start).mean() < 3, "1.1 of 255: the file is lossy; from another sketch 38 at least"
    assert far.pop(FIRST_SKETCH) < 6 and min(far.values()) > 30, "3.5 of 255; from another painting 54 at least"
