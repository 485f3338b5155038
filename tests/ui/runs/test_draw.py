"""The bundled networks on *Paint* and *Fill a hole*: words of one's own, starts, links, and how long runs take."""

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import ui.runs.panel
import ui.runs.state
from core.classifiers.registry import classifier_spec
from core.data.canvases import CANVASES, TRIES, paint_canvas
from core.data.datasets import load_samples
from core.data.picture_files import framed_square
from core.data.sample_sets import SAMPLE_SETS
from core.data.sketches import SKETCHES, decode_sketch, draw_sketch, encode_sketch, smooth_sketch
from core.pgd.drawings import opening_words, painter_name, picked_words
from core.pgd.links import from_link, to_link
from core.pgd.methods import COMPARED
from core.pgd.painting import Painting
from core.pgd.plan import RunPlan
from core.pgd.settings import PGDConfig
from tests.core.judged import stored_views
from tests.ui.page_runner import components, open_page, page_text, press_to_the_end, run_to_the_end, settable_widget
from tests.ui.replay_reader import frames_of, replay_data
from tests.ui.toys import noise_file
from ui.pages.drawing_starts import four_tries
from ui.runs import settings as pace
from ui.runs.gallery_pictures import example, stored_word
from ui.runs.state import RunResult
from ui.server.jobs import JobManager
from ui.shared.page_pictures import captions, uploaded_photo

ROBUST, ALONE = "Mini ResNet (robust)", ("paper",)
FROG = encode_sketch(draw_sketch("frog"))


@pytest.fixture(autouse=True)
def queue(monkeypatch):
    """A separate queue for this visitor's runs; torch, which a page waits for, is loaded."""
    import torch  # noqa: F401

    manager = JobManager()
    monkeypatch.setattr(ui.runs.state, "job_manager", lambda: manager)
    monkeypatch.setattr(ui.runs.state, "session_id", lambda: "visitor")
    pace._paces().clear()
    yield
    manager.close()  # else a run's thread may outlive Python's executors
    pace._paces().clear()


def drawing(**address: str) -> AppTest:
    settings = {"generation_set": "CIFAR-10, 32 px", "generation_models_cifar10": ROBUST, "generation_steps": "3"}
    return open_page("generation", **settings | address)


def word_in(app: AppTest) -> str:
    """The word that the page's box shows."""
    (box,) = components(app, "words")
    return box["value"]


def pick(app: AppTest, sketch: str) -> None:
    """Choose a bundled sketch, as the browser reports it."""
    app.session_state["generation.sketch"] = draw_sketch(sketch)
    app.run()


def plan(side=32, steps=60, pictures=1):
    start = np.zeros((pictures, 3, side, side), np.float32)
    return RunPlan(targets=(0,) * pictures, start=start, config=PGDConfig(epsilon=1, step_size=1, steps=steps))


def test_measured_pace_replaces_the_guess():
    names, methods = ("mini-clip", "mini-clip-robust"), ("paper", "views")
    expected = pace.expected_seconds
    assert expected(plan(pictures=4), names, ALONE) < 2 < 12 < expected(plan(side=224), names, ALONE)
    assert expected(plan(side=224, steps=120), ("efficientnet-lite0",), methods) < 12, "the pages' initial settings"
    assert expected(plan(), (), ALONE) is None and expected(plan(), ("mini-clip", "clip-vit-b-32"), ALONE) is None
    for measured, seconds in ((0.1, 6), (None, 6)):
        pace.remember_pace(plan(), names, ALONE, measured)
        assert expected(plan(), names, ALONE) == pytest.approx(seconds)
        assert expected(plan(), names, methods) == pytest.approx(2 * seconds)
    pace.remember_pace(plan(), names, methods, 0.02)
    pace.remember_pace(plan(), names, ALONE, 0.1)
    assert expected(plan(), names, ALONE) == pytest.approx(4 * 0.6), "one slow run counts, but not in full"
    pace.remember_pace(plan(), names, ALONE, 0.02)
    assert expected(plan(), names, ALONE) == pytest.approx(1.2), "the last run counts"


def test_estimated_time_grows_with_the_views_of_a_step():
    names, views = ("efficientnet-lite0",), ("views",)
    one = plan(side=224, steps=96).with_method("views")

    method = one.config.method

    def seconds(count, methods=views):
        config = replace(one.config, method=replace(method, views=replace(method.views, count=count)))
        return pace.expected_seconds(replace(one, config=config), names, methods)

    assert [seconds(count) / seconds(1) for count in (1, 3, 64)] == [1, pytest.approx(3), 64]
    assert seconds(3, ("paper", "views")) == pytest.approx(4 * seconds(1)), "the paper's method takes one gradient"
    two = replace(one.config, method=replace(method, views=replace(method.views, count=2)))
    pace.remember_pace(replace(one, config=two), names, views, 0.02)
    assert seconds(1) == pytest.approx(96 * 0.01), "measured with two views a step"


STARTS = {
    "sketch": ({"start_from": "Sketch", "sketch": FROG}, 255 * smooth_sketch(decode_sketch(FROG, 32), 32)),
    "photo": ({"start_from": "Photo", "picture": "3"}, load_samples("cifar10-samples").images[3]),
}


@pytest.mark.parametrize("kind", STARTS)
def test_run_uses_its_start_and_its_link_repeats_it(kind):
    address, start = STARTS[kind]
    app = drawing(**{f"generation_{name}": value for name, value in address.items()})
    settable_widget(app, "generation-classes-cifar10").set_value(["deer"]).run()
    assert app.session_state["generation.runs"].active is None, "nothing is drawn without a click"
    assert "1 s" in replay_data(app)["live"]["text"]
    again = open_page("generation", **dict(app.query_params.items()))
    runs = [run_to_the_end(page, "generation").session_state["generation.runs"].result.runs[0] for page in (app, again)]
    assert np.array_equal(runs[0].frames[-1], runs[1].frames[-1]) and runs[0].config.steps == 3
    run = runs[1]
    assert run.metadata["images"]["start"] == kind and run.metadata["class_names"][run.metadata["targets"][0]] == "deer"
    assert np.allclose(255 * run.start[0], start, atol=1e-3)
    if kind == "photo":
        assert run.metadata["images"]["credit"] == f"Start: {captions('cifar10')[3]}"


def test_last_run_restores_word_and_sketch():
    app = run_to_the_end(
        drawing(generation_start_from="Sketch", generation_sketch=FROG, generation_classes_cifar10="frog"), "generation"
    )
    pick(app, "ship")
    settable_widget(app, "generation-classes-cifar10").set_value(["ship"]).run()
    assert replay_data(app)["live"]["state"] == "new"
    app.button(key="generation.see").click().run()
    assert not app.exception and replay_data(app)["targets"] == ["frog"]
    assert settable_widget(app, "generation-classes-cifar10").value == ["frog"]
    assert np.array_equal(app.session_state["generation.sketch"], draw_sketch("frog"))


def test_example_tile_shows_the_stored_drawing():
    word = opening_words()[0]
    data = replay_data(open_page("generation", generation_classes_imagenet=word))
    (pixels,) = example().values()
    assert [*example()] == [word] and np.array_equal(frames_of(data, -1)[-1, 0], pixels.transpose(2, 0, 1))
    assert data["models"][-1]["recognised"] == [stored_word(word).drawings["views"].recognised()], "its tick"


def test_unknown_word_gets_suggestions():
    word = opening_words()[1]  # its drawings are stored
    app = open_page("generation", generation_classes_imagenet=word)
    drawn = replay_data(app)
    assert drawn["targets"] == [word] and [model["recognised"] for model in drawn["models"]] == [[False], [True]]
    app.session_state["generation.unknown"] = "dragon", [word]  # as the box reports it
    app.run()
    near = [button.label for button in app.button if button.key.startswith("generation.near.")]
    assert near == ["Komodo dragon", "dragon lizard"] and replay_data(app) == drawn
    assert word_in(app) == "dragon", "what was typed is still there"
    app.button(key="generation.near.Komodo dragon").click().run()
    assert app.session_state["generation-classes-imagenet"] == ["Komodo dragon"]
    assert not [button for button in app.button if button.key.startswith("generation.near.")]


def test_no_word_can_be_added_that_the_run_would_refuse():
    (words,) = [box for box in open_page("generation").multiselect if "-classes-" in box.key]
    assert not words.proto.accept_new_options


BEGINS = [
    ({"classes_imagenet": "castle", "steps": "2"}, "Canvas"),
    ({"start_from": "Photo", "classes_imagenet": "castle", "steps": "2"}, "Photo"),
    ({}, "Sketch"),
]


@pytest.mark.parametrize(("address", "beginning"), BEGINS)
def test_a_link_opens_its_beginning_and_begins_by_itself(monkeypatch, address, beginning):
    monkeypatch.setattr(ui.runs.panel, "expected_seconds", lambda *_: 240.0)
    app = open_page("generation", **{f"generation_{name}": value for name, value in address.items()})
    active = app.session_state["generation.runs"].active
    assert app.segmented_control(key="generation.begin").value == beginning
    assert (active is not None) == bool(address), "without a link nothing is drawn until a press"
    if active is not None:
        assert active.job.status == "stopped" or "4 min" in replay_data(app)["live"]["text"]
        active.job.stop()
        assert active.job.wait(60)


def test_no_run_begins_that_this_server_would_end(monkeypatch):
    monkeypatch.setattr(ui.runs.panel, "expected_seconds", lambda *_: 1e9)
    app = open_page("generation", generation_classes_imagenet="castle", generation_steps="2")
    assert app.session_state["generation.runs"].active is None and replay_data(app)["live"]["state"] == "new"


def test_a_link_without_the_visitors_photo_draws_no_other():
    app = open_page("generation", generation_start_from="Photo", generation_pictures="Yours")
    assert app.session_state["generation.runs"].active is None and replay_data(app)["targets"] == ["pizza"]


def begin(app: AppTest, beginning: str) -> AppTest:
    return app.segmented_control(key="generation.begin").set_value(beginning).run()


def test_each_beginning_keeps_its_own_word():
    app, box = open_page("generation"), lambda: word_in(app)
    assert not app.exception and box() == "volcano" and replay_data(app)["live"] is None, "a stored painting"
    app.session_state["generation-classes-imagenet"] = ["castle"]
    app.run()
    assert begin(app, "Photo") and box() == "pizza" and replay_data(app)["live"] is None
    assert begin(app, "Canvas") and box() == picked_words()[0] and replay_data(app)["live"] is None
    app.session_state["generation-classes-imagenet"] = ["horse cart"]
    app.run()
    assert begin(app, "Sketch") and box() == "castle" and begin(app, "Canvas") and box() == "horse cart"
    assert dict(app.query_params)["generation-start-from"] == "Grey"


def test_a_link_to_an_own_word_keeps_the_sketch():
    app = open_page("generation")
    app.session_state["generation-classes-imagenet"] = ["castle"]
    again = open_page("generation", **dict(app.run().query_params.items()))
    assert again.segmented_control(key="generation.begin").value == "Sketch"
    assert replay_data(again)["targets"] == ["castle"]


def test_the_first_stroke_takes_the_stored_painting_away():
    app = open_page("generation")
    sketch = draw_sketch("volcano")
    stored = replay_data(app)
    sketch[0, 0] = 0
    app.session_state["generation.sketch"] = sketch
    data = replay_data(app.run())
    assert stored["models"][1]["judged"] != [""] and stored["live"] is None
    assert data["models"][1]["judged"] == [""] and not data["models"][1]["values"] and data["live"]["state"] == "new"
    start = np.rint(255 * smooth_sketch(sketch, 224)).astype(np.uint8)
    assert all(np.array_equal(frames_of(data, k)[-1, 0], start) for k in (0, 1))


def test_recognised_sketches_are_counted_from_stored_judgements():
    text, rows = page_text(open_page("generation")), stored_views()["pictures"]
    assert f"our {len(SKETCHES)} sketches" in text
    for method in COMPARED:
        found = [row["places"]["result"][0] == 1 for row in rows[f"sketch-{method}"]]
        assert f"**{sum(found)} of {len(found)}**" in text


def test_a_sketch_of_one_colour_is_drawn():
    blank = encode_sketch(np.full((32, 32, 3), (132, 192, 253), np.uint8))
    app = drawing(generation_start_from="Sketch", generation_sketch=blank, generation_classes_cifar10="frog")
    run_to_the_end(app, "generation")
    run = app.session_state["generation.runs"].result.runs[0]
    assert not app.exception and not app.error and len(np.unique(run.start)) <= 3
    assert run.curves["perturbation_norm"][-1, 0] > 0 and run.metadata["images"]["sketch"] == blank


def test_a_drawing_from_an_own_photo_starts_from_its_frame():
    app, file = drawing(generation_start_from="Photo"), noise_file(64, 128)
    app.button(key="generation.choice").click().run()
    app.file_uploader(key="generation.upload").set_value(("mine.png", file, "image/png")).run()
    (frame,) = [data for data in components(app, "source") if "width" in data]
    assert (frame["width"], frame["height"], frame["value"]) == (64, 32, 0.5)
    whole = uploaded_photo(file, 32, "mine.png")
    for place in (0.5, 1.0):
        app.session_state["generation.frame-place"] = place
        app.session_state["generation.own"] = whole.framed("cifar10", place)
        run_to_the_end(app, "generation")
        run = app.session_state["generation.runs"].result.runs[0]
        square = framed_square(whole.pixels, place)
        assert not app.exception and np.allclose(255 * run.start[0], square.transpose(2, 0, 1), atol=1e-3)
    assert run.metadata["images"]["credit"] == "Start: mine.png"


def test_every_bundled_sketch_is_a_tile_that_chooses_its_word():
    tiles = {tuple(data["captions"]): data for data in components(open_page("generation"), "captions")}
    empty = [f"Empty sketch: {canvas.title.lower()}" for canvas in CANVASES.values()]
    assert [*tiles] == [(*empty, *(sketch.word for sketch in SKETCHES.values()))]
    assert [data["selected"] for data in tiles.values()] == [len(CANVASES)]


def four_at_once(app: AppTest) -> RunResult:
    return press_to_the_end(app, "generation", "four").session_state["generation.runs"].result


@pytest.mark.parametrize("start", CANVASES)
def test_each_of_four_at_once_is_what_its_link_paints(start):
    row = SAMPLE_SETS["photographs"]
    plan = four_tries(Painting.default("castle", start, painter=painter_name(), quick=True).plan(), row)
    tries = [Painting.of_plan(plan.only(k), painter_name(), row.name) for k in range(TRIES)]
    assert len({(painting.start, painting.seed) for painting in tries}) == TRIES
    for painting in tries:
        assert from_link(to_link(painting)) == painting


def test_four_at_once_are_single_runs_on_the_canvases():
    views = {"generation_method_32": "views", "generation_seed": "3"}
    app = drawing(generation_start_from="Sea", generation_classes_cifar10="deer", **views)
    result = four_at_once(app)
    assert not app.exception and len(result.tries) == TRIES
    expected = [("meadow", 3), ("sea", 3), ("horizon", 3), ("sea", 4)]
    assert [(run.metadata["images"]["start"], run.metadata["seed"]) for (run,) in result.tries] == expected
    for k, ((name, _), (run,)) in enumerate(zip(expected[:3], result.tries, strict=False)):
        facts = run.metadata["images"]
        assert facts["start"] == name and "origins" not in facts
        np.testing.assert_array_equal(run.start[0], paint_canvas(name, 32))
        app.session_state["generation-start-from"] = CANVASES[name].title  # as its tile chooses it
        app.run()
        (shown,) = components(app, "tries")
        assert shown["tries"]["chosen"] == k, "that try is shown"
        single = open_page("generation", **dict(app.query_params.items()))
        (alone,) = run_to_the_end(single, "generation").session_state["generation.runs"].result.runs
        assert alone.metadata["images"]["start"] == name
        # Small pictures share a batch, in which they are rounded otherwise.
        np.testing.assert_allclose(alone.frames[-1].astype(int), run.frames[-1], atol=1)


def test_four_at_once_from_another_start_have_four_seeds():
    result = four_at_once(drawing(generation_start_from="Pixel noise", generation_classes_cifar10="deer"))
    assert [run.metadata["seed"] for (run,) in result.tries] == [0, 1, 2, 3]
    assert {run.metadata["images"]["start"] for (run,) in result.tries} == {"independent"}


def test_an_unreadable_link_is_told_and_the_rest_of_it_kept():
    words = [
        "hen",
        "cock",
        "tench",
        "goldfish",
        "robin",
        "jay",
        "magpie",
        "kite",
        "bulbul",
        "junco",
        "vulture",
        "axolotl",
    ]
    address = {"sketch": "nonsense", "steps": "many", "classes_imagenet": words, "seed": "7"}
    app = open_page("generation", **{f"generation_{name}": value for name, value in address.items()})
    said = [toast.value for toast in app.toast]
    assert any("“sketch”" in text for text in said) and any("“steps”" in text for text in said)
    assert any("“vulture” and “axolotl”" in text for text in said) and len(said) == 3
    assert app.session_state["generation-classes-imagenet"] == words[:10] and app.session_state["generation-seed"] == 7
    assert not app.run().toast, "once"


def test_a_word_that_is_none_keeps_the_sketch():
    app = open_page("generation", generation_sketch=FROG, generation_classes_imagenet="qwxyz")
    assert "doesn’t know 'qwxyz'" in page_text(app) and word_in(app) == "qwxyz" and not app.exception
    assert np.array_equal(app.session_state["generation.sketch"], draw_sketch("frog"))


def test_word_lists_its_classes():
    app = open_page("generation", generation_classes_imagenet="dog")
    (box,) = components(app, "words")
    assert not app.exception and (box["value"], box["note"]) == ("dog", "118 kinds") and "dog" in box["words"]
    assert replay_data(app)["live"]["state"] in ("new", "running"), "a link begins by itself where it takes seconds"


def test_words_that_share_classes_are_not_drawn_together():
    app = open_page("generation", generation_classes_imagenet=["dog", "poodle"])
    assert "'poodle' overlap" in page_text(app)


def test_own_target_runs_and_too_long_one_is_refused():
    short, long = "a small grey cat", "a horse " + "that stands beside another horse " * 12 + "still"
    app = open_page("inpainting", inpainting_target_cifar10=short, inpainting_steps="2", inpainting_pictures="CIFAR-10",
                    inpainting_models_cifar10=classifier_spec("mini-clip").title)  # fmt: skip
    (run,) = run_to_the_end(app, "inpainting").session_state["inpainting.runs"].result.runs
    assert not app.error and replay_data(app)["targets"] == [short]
    assert run.metadata["class_names"][-1] == short and len(run.metadata["class_names"]) == 11
    app.session_state["inpainting-target-cifar10"] = long
    run_to_the_end(app.run(), "inpainting")
    (error,) = app.error
    assert not app.exception and "'mini-clip'" in error.value
    assert error.value.count(". ") == 0 and len(error.value) < 400
    assert word_in(app) == long, "what was typed is still there"
    assert replay_data(app)["live"]["state"] == "new"
    assert replay_data(app.button(key="inpainting.see").click().run())["targets"] == [short]
