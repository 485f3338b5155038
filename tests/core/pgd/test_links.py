"""A link holds a painting: every stored picture comes back from its own, and a damaged link is refused by name."""

from dataclasses import replace
from urllib.parse import urlencode

import numpy as np
import pytest

from core.classifiers.registry import load_classifier
from core.data.datasets import load_samples
from core.data.picture_files import decode_image
from core.data.sample_sets import SAMPLE_SETS
from core.data.sketches import draw_sketch
from core.pgd.__main__ import main
from core.pgd.drawings import drawn_photos, drawn_sketches, painter_name, stored_gallery
from core.pgd.links import from_link, to_link
from core.pgd.live import finished_run
from core.pgd.methods import COMPARED, METHODS
from core.pgd.painting import Painting
from core.pgd.record import PGDRun

ROW = SAMPLE_SETS["photographs"]
SKETCH = Painting.default("castle", "sketch", painter=painter_name(), pixels=draw_sketch("horse"), quick=True)
HOLE = Painting.of_hole(
    "hen", load_samples(ROW.dataset).images[ROW.inpainted], ROW.mask(ROW.inpainted), painter=painter_name()
)
STORED = [*stored_gallery().words, *drawn_sketches().values(), *drawn_photos().values()]


@pytest.mark.parametrize(
    "painting",
    [
        SKETCH,
        replace(SKETCH, seed=3),
        replace(SKETCH, config=replace(SKETCH.config, steps=70, epsilon=33.5)),
        Painting.default("jack-o'-lantern", "meadow", painter=painter_name()),
        HOLE,
        replace(HOLE, weight=2.5),
    ],
)
def test_link_gives_the_painting_back(painting):
    assert from_link(f"https://lab.example/page?{urlencode(to_link(painting))}") == painting


@pytest.mark.parametrize("method", METHODS)
def test_link_of_one_method_gives_it_back(method):
    alone = replace(
        SKETCH, config=Painting.default("castle", "grey", method, painter=painter_name(), quick=True).config
    )
    alone = replace(alone, start="grey", pixels=b"")
    assert not {*from_link(to_link(alone, (method,))).changes(alone)} - {"step_decay"}


def test_link_of_each_stored_picture_gives_it_back():
    assert len(STORED) > 100
    for word in STORED:
        painting = word.painting(COMPARED[-1])
        assert from_link(to_link(painting)) == painting


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("generation-start-from", "Marble"),
        ("generation-models-imagenet", "GPT"),
        ("generation-method-224", "magic"),
        ("generation-seed", "-1"),
        ("generation-steps", "many"),
    ],
)
def test_damaged_link_names_its_parameter(name, value):
    with pytest.raises(ValueError, match=f"'{name}' is missing from this link, or has no meaning; copy the whole"):
        from_link(to_link(SKETCH) | {name: value})


@pytest.mark.parametrize(("name", "value"), [("inpainting-picture", "99"), ("inpainting-hole", "224.x")])
def test_damaged_link_to_a_hole_names_its_parameter(name, value):
    with pytest.raises(ValueError, match=f"'{name}' is missing"):
        from_link(to_link(HOLE) | {name: value})


def test_link_needs_a_word_and_a_sketch():
    with pytest.raises(ValueError, match="has no word"):
        from_link("https://lab.example/generation")
    with pytest.raises(ValueError, match="not a sketch"):
        from_link({"generation-classes-imagenet": "castle", "generation-sketch": "!!"})


def test_own_photo_fits_into_no_link():
    pixels = np.full((224, 224, 3), 7, np.uint8)
    with pytest.raises(ValueError, match="no room for your own photo"):
        to_link(Painting.default("castle", "photo", painter=painter_name(), pixels=pixels))


def test_link_omits_what_is_usual():
    link = {"inpainting-target-imagenet": "hen"}
    assert from_link(link).changes(HOLE) == ["steps", "step_size"]  # pages open with fewer, longer steps
    assert from_link(link | {"inpainting-pace": "full"}) == HOLE


def test_script_paints_what_a_link_shows(tmp_path, capsys):
    brief = replace(SKETCH, config=replace(SKETCH.config, steps=4))
    link = f"https://lab.example/generation?{urlencode(to_link(brief))}"
    assert main(["paint", link, "--output", str(tmp_path / "painted")]) == 0
    run = PGDRun.load(tmp_path / "painted" / "castle-many-views.npz")
    assert Painting.of_run(run, "photographs") == brief
    picture = decode_image((tmp_path / "painted" / "castle-many-views.png").read_bytes())
    again = finished_run(brief.plan(), load_classifier(brief.painter))
    assert np.array_equal(picture, np.moveaxis(again.frames[-1, 0], 0, -1))
    assert "EfficientNet-Lite0 is" in capsys.readouterr().out
    assert main(["paint", "https://lab.example/generation", "--output", str(tmp_path / "none")]) == 2
    assert "has no word" in capsys.readouterr().err and not (tmp_path / "none").exists()
