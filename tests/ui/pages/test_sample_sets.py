"""A sample set with a new picture size and its own classes: a row in two tables, and a folder."""

import json
from dataclasses import replace

import numpy as np
import pytest

import ui.maps.predictions
import ui.pages.frequency
from core.data.sample_sets import CLASS_SETS, SAMPLE_SETS, ClassSet, SampleSet
from tests.ui.page_runner import components, open_page, run_to_the_end, settable_widget
from tests.ui.toys import noise_file, spec, use_toys
from ui.shared.page_pictures import samples
from ui.tools.tool_table import HYBRIDS_TOOL, OWN_SWEEP

SIDE = 96
SHAPES = ClassSet("shapes", ("dot", "ring", "bar"))


@pytest.fixture(autouse=True)
def shapes(monkeypatch, tmp_path) -> SampleSet:
    """Six pictures of three classes."""
    images = np.random.default_rng(0).integers(0, 256, (6, SIDE, SIDE, 3), dtype=np.uint8)
    np.savez(tmp_path / "images.npz", images=images, labels=np.arange(6) % 3, classes=np.array(SHAPES.names))
    known = {"author": "Nobody", "source": "https://example.org", "licence": "CC0 1.0"}
    listed = [{"class": SHAPES.names[k % 3], "index": k} for k in range(6)]
    (tmp_path / "provenance.json").write_text(json.dumps({"title": "Shapes", **known, "images": listed}))
    row = SampleSet(
        name="shapes",
        title="Shapes",
        dataset="shapes-samples",
        image_size=SIDE,
        epsilon=8.0,
        class_set="shapes",
        drawn_title="Shapes, 96 px",
        folder=tmp_path,
        inpainted=4,
        drawn=("ring",),
        maps={"shapes-samples": "shapes"},
    )
    monkeypatch.setitem(SAMPLE_SETS, row.name, row)
    monkeypatch.setitem(CLASS_SETS, row.class_set, lambda: SHAPES)
    return row


@pytest.fixture(autouse=True)
def one_classifier(monkeypatch):
    """A random classifier with only these classes."""
    use_toys(monkeypatch, [spec("toy-a", "Toy A")], "shapes", size=SIDE, classes=SHAPES)
    for page in (ui.maps.predictions, ui.pages.frequency):
        monkeypatch.setattr(page, "ready_classifiers", lambda class_set: [])


@pytest.mark.parametrize("tool", [HYBRIDS_TOOL, OWN_SWEEP])
def test_frequencies_shows_pictures_of_a_new_set(tool):
    app = open_page("frequency", pictures="Shapes", picture="5", tab=tool)
    assert not app.exception and app.session_state["cell.positions"]["shapes"] == 5
    picked = components(app, "picture")[0]["picture"]
    facts = [picked[name] for name in ("image_size", "usual", "source")]
    assert picked["strip"]["selected"] == 5 and facts == [SIDE, 8, "usual"]
    if tool == OWN_SWEEP:
        assert "Shapes" in app.selectbox(key="sweep.images").options
        assert app.selectbox(key="sweep.name").options == ["Toy A"]


def test_inpainting_runs_on_a_new_set():
    app = open_page("inpainting", inpainting_pictures="Shapes", inpainting_steps="3")
    (box,) = components(app, "words")
    assert box["words"] == list(SHAPES.names)
    run_to_the_end(app, "inpainting")
    assert not app.exception and not app.error
    run, by_views = app.session_state["inpainting.runs"].result.runs
    assert (run.config.method.name, by_views.config.method.name) == ("paper", "views")
    assert np.array_equal(run.original[0], samples("shapes").images[4]) and run.metadata["targets"] == [1]
    credit = {"dataset": "shapes-samples", "index": 4, "credit": "Shapes test image of class ring"}
    assert credit.items() <= run.metadata["images"].items()


def test_sets_of_same_size_and_classes_stay_apart(monkeypatch, shapes):
    twin = replace(shapes, name="more", title="More shapes", dataset="more-samples", drawn=("bar",), maps={})
    monkeypatch.setitem(SAMPLE_SETS, twin.name, twin)
    app = open_page("inpainting", inpainting_pictures="More shapes")
    app.button(key="inpainting.choice").click().run()
    app.file_uploader(key="inpainting.upload").set_value(("mine.png", noise_file(), "image/png")).run()
    assert not app.exception and app.session_state["inpainting.own"].sample_set == "more"
    drawn = open_page("generation", generation_set="Shapes, 96 px")
    assert settable_widget(drawn, "generation-classes-shapes").value == ["ring"], "the first set's"
