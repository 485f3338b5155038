"""A painting: its plan, what tells two apart, and whether what is stored is what we would paint today."""

from dataclasses import replace

import numpy as np
import pytest

from core.classifiers.registry import load_classifier
from core.data.sample_sets import SAMPLE_SETS
from core.data.sketches import draw_sketch, smooth_sketch
from core.data.start_photos import photo_square, photo_start
from core.pgd import settings
from core.pgd.drawings import drawn_photos, drawn_sketches, painter_name, stored_gallery
from core.pgd.examples import RUNS, examples, stored_classifier
from core.pgd.live import finished_run
from core.pgd.methods import COMPARED, METHODS
from core.pgd.painting import Painting
from core.pgd.plan import class_name
from core.pgd.preconditioner import Preconditioner
from core.pgd.record import PGDRun, differences
from core.pgd.starts import draw_starts

STORED = [*stored_gallery().words, *drawn_sketches().values(), *drawn_photos().values()]
CASTLE = Painting.default("castle", "sketch", painter="efficientnet-lite0", pixels=draw_sketch("castle"))


def outdated():
    """Word, start and differences of each stored painting that we would not paint so today."""
    found = []
    for word in STORED:
        for method in COMPARED:
            today = Painting.default(word.word, word.start, method, painter=painter_name(), pixels=word.picture)
            stored = word.painting(method)
            digest = word.drawings[method].digest
            differ = stored.changes(today) + ["digest"] * (digest != today.digest)
            found += [(word.word, word.start, differ)] if differ else []
    return found


def outdated_runs():
    """File and differences of each stored run that we would not make so today, and the number of files."""
    found, count = [], 0
    every = [(row, example) for row in SAMPLE_SETS.values() for example in examples(row)]
    for row, example in every:
        known = {example.path(stored_classifier(path)) for path in RUNS.glob(example.path("*").name)}
        for path in sorted(known):
            plan, run = example.plan, PGDRun.load(path)
            names = tuple(class_name(target, row.classes) for target in plan.targets)
            differ = differences(replace(plan, targets=names), [stored_classifier(path)], [run])
            found, count = found + ([(path.name, differ)] if differ else []), count + 1
    return found, count


def test_every_stored_picture_is_what_we_would_paint_now():
    assert len(STORED) > 100 and outdated() == []
    found, count = outdated_runs()
    assert count > 30 and found == []


def test_changed_steps_of_a_hole_are_noticed(monkeypatch):
    usual = settings.DEFAULTS["inpainting", "large"]
    monkeypatch.setitem(settings.DEFAULTS, ("inpainting", "large"), replace(usual, steps=usual.steps + 5))
    found, _ = outdated_runs()
    assert len(found) > 20 and {tuple(differ) for _, differ in found} == {("steps",)}, found


@pytest.mark.parametrize("path", sorted(RUNS.glob("inpainting_photographs-*")), ids=lambda path: path.stem)
def test_stored_hole_is_a_painting(path):
    run = PGDRun.load(path)
    painting = Painting.of_run(run, "photographs")
    hole = Painting.of_hole(painting.word, run.original[0], run.mask, painter=painter_name())
    assert set(painting.changes(hole)) <= {"steps", "step_size", "method"}
    assert (painting.method, painting.task) == (run.config.method.name, "inpainting")
    plan = painting.plan()
    assert np.array_equal(plan.original, run.original) and np.array_equal(plan.mask, run.mask[0])


@pytest.mark.parametrize(("start", "count"), [("sketch", len(drawn_sketches())), ("photo", len(drawn_photos()))])
def test_changed_steps_of_a_start_are_noticed(start, count, monkeypatch):
    usual = settings.DEFAULTS.get(("generation", start), settings.DEFAULTS["generation", "large"])
    monkeypatch.setitem(settings.DEFAULTS, ("generation", start), replace(usual, steps=usual.steps + 1))
    found = outdated()
    assert len(found) == count * len(COMPARED)
    assert {name for name, *_ in found} == {word.word for word in STORED if word.start == start}
    assert all(differ == ["steps", "digest"] for *_, differ in found)


def test_changed_start_is_noticed(monkeypatch):
    """A photo's crop that moved once went unseen: the stored picture had other pixels to begin with."""
    moved = photo_square("frying_pan")[:, ::-1].copy()
    monkeypatch.setattr(
        "core.pgd.drawings.photo_square", lambda name: moved if name == "frying_pan" else photo_square(name)
    )
    assert {(word, tuple(differ)) for word, _, differ in outdated()} == {("pizza", ("digest",))}


@pytest.mark.parametrize(
    ("painting", "start"),
    [
        (CASTLE, smooth_sketch(draw_sketch("castle"), 224)),
        (next(iter(drawn_photos().values())).painting("views"), photo_start(next(iter(drawn_photos())))),
        (
            Painting.default("hen", "grey", painter="efficientnet-lite0"),
            draw_starts(["hen"], 1, "photographs", 0, "grey")[0],
        ),
    ],
)
def test_plan_begins_with_the_start(painting, start):
    plan = painting.plan()
    np.testing.assert_array_equal(plan.start[0], start)
    assert plan.targets == (painting.word,) and plan.config == painting.config and plan.seed == painting.seed
    assert plan.images["start"] == painting.start


@pytest.mark.parametrize("name", METHODS)
def test_methods_share_steps_and_ball(name):
    other = CASTLE.by(name)
    assert other.method == name and other.changes(CASTLE) == ["method"] * (name != "views")
    assert (other.config.epsilon, other.config.steps) == (CASTLE.config.epsilon, CASTLE.config.steps)


def test_any_change_is_another_painting():
    strokes = Preconditioner(spectrum=2, colors=0.6, last_spectrum=1)
    falling = replace(CASTLE.config, method=replace(CASTLE.config.method, preconditioner=strokes))
    others = {
        "word": replace(CASTLE, word="palace"),
        "seed": replace(CASTLE, seed=1),
        "painter": replace(CASTLE, painter="efficientnet-lite2"),
        "pixels": replace(CASTLE, pixels=draw_sketch("barn").tobytes()),
        "steps": replace(CASTLE, config=replace(CASTLE.config, steps=7)),
        "method": replace(CASTLE, config=falling),
    }
    for name, other in others.items():
        assert other != CASTLE and other.changes(CASTLE) == [name] and other.digest != CASTLE.digest
    assert replace(CASTLE) == CASTLE and replace(CASTLE).digest == CASTLE.digest


def test_pixels_must_fit_the_start():
    with pytest.raises(ValueError, match=r"from a sketch takes 32 x 32 pixels; got 0 bytes"):
        Painting.default("castle", "sketch", painter="efficientnet-lite0")
    with pytest.raises(ValueError, match="from grey takes no pixels"):
        replace(CASTLE, start="grey")


def test_run_of_a_painting_names_its_machine():
    painting = replace(CASTLE, config=replace(CASTLE.config, steps=1))
    run = finished_run(painting.plan(), load_classifier("efficientnet-lite0"))
    assert {"library", "torch", "processor"} < run.metadata["source"].keys()
    assert run.metadata["images"]["sketch"] and run.config == painting.config
