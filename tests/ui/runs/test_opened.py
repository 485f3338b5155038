"""*Open in Paint*: the page shows the very picture of the gallery, of a sketch, or of the visitor's own run."""

from dataclasses import replace
from urllib.parse import parse_qsl

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import ui.runs.second_opinion
from core.data.sample_sets import SAMPLE_SETS
from core.data.sketches import draw_sketch, encode_sketch
from core.pgd.drawings import drawn_photos, drawn_sketches, opening_words, painter_name, stored_gallery
from core.pgd.examples import stored_path
from core.pgd.links import to_link
from core.pgd.methods import COMPARED
from core.pgd.painting import Painting
from core.pgd.record import PGDRun
from core.pgd.settings import defaults
from core.pgd.starts import sketch_start
from tests.ui.page_runner import components, open_page, settable_widget
from tests.ui.replay_reader import frames_of, replay_data
from ui.runs.gallery_pictures import stored_word
from ui.runs.opened import Opened, link_to, of_result, of_word
from ui.runs.state import RunResult, RunState
from ui.shared.page_pictures import sample_picture
from ui.story.story_start import bundled_photo

ROW = SAMPLE_SETS["photographs"]


def _page() -> None:
    """Show a picture once, then draw the page, as *Open in Paint* does."""
    import streamlit as st

    from ui.pages import generation
    from ui.runs.opened import show

    if (opened := st.session_state.pop("to-open", None)) is not None:
        show(opened, begins=st.session_state.pop("begins", False))
    generation.page()


def draw(opened: Opened, result: RunResult | None = None, begins: bool = False) -> AppTest:
    app = AppTest.from_function(_page, default_timeout=120)
    app.session_state["to-open"], app.session_state["begins"] = opened, begins
    app.session_state["generation.runs"] = RunState(result=result)
    assert not app.run().exception and not app.error
    return app


def chosen(app: AppTest, name: str) -> object:
    return settable_widget(app, f"generation-{name}").value


@pytest.mark.parametrize(
    "word",
    [stored_gallery().words[7], stored_word(opening_words()[0]), drawn_sketches()["castle"]],
    ids=["gallery", "gallery, also an example", "sketch"],
)
def test_stored_picture_stands_there_at_once(word):
    app = draw(of_word(word))
    data = replay_data(app)
    assert data["targets"] == [word.word] and data["live"] is None
    for k, method in enumerate(COMPARED):
        assert np.array_equal(frames_of(data, k)[-1, 0], word.drawings[method].pixels().transpose(2, 0, 1))
    assert (chosen(app, "steps"), chosen(app, "seed")) == (word.config.steps, word.seed)
    assert chosen(app, "step-224") == pytest.approx(word.config.step_size)
    assert chosen(app, "start-from") == ("Sketch" if word.sketch else "Grey")
    assert app.session_state["generation.runs"].active is None


def test_stored_picture_replaces_ones_own_of_the_same_word(monkeypatch):
    monkeypatch.setattr(ui.runs.second_opinion, "choose_judge", lambda *_: None)
    word, runs = stored_word(opening_words()[0]), []
    for method in COMPARED:
        run = PGDRun.load(stored_path("generation", "imagenet", "efficientnet-lite0", method=method))
        runs.append(replace(run, metadata={**run.metadata, "config": run.metadata["config"] | {"steps": 7}}))
    app = draw(of_word(word), RunResult("mine", tuple(runs), "Your run."))
    assert replay_data(app)["id"] == word.word and "Settings changed" not in str(app.markdown)
    assert any(button.label == "Show the last run" for button in app.button)


def own_run(start: str, method: str = "views", **facts) -> PGDRun:
    """A stored drawing as if a visitor had made it from another start, in their own settings."""
    run = PGDRun.load(stored_path("generation", "imagenet", "efficientnet-lite0", method=method))
    images = {"dataset": start, "start": start, "credit": "Start: mine.png", **facts}
    planes = np.full_like(run.start, 0.25)
    if start == "sketch":
        picture, images = sketch_start(own_sketch(), 224)
        planes = picture[None]
    elif start == "photo":
        planes = (np.arange(run.start.size) % 251).reshape(run.start.shape).astype(np.float32) / np.float32(255)
    config = defaults("generation", 224, "views", start=start).to_json() | {"steps": 7, "epsilon": 33.0}
    config = config if method == "views" else config | {"method": "paper", "views": None, "preconditioner": None}
    frames = np.concatenate([np.rint(255 * planes).astype(np.uint8)[None], run.frames[1:]])
    metadata = {**run.metadata, "images": {**run.metadata["images"], **images}, "config": config, "seed": 5}
    return replace(run, start=planes, frames=frames, metadata=metadata)


def own_sketch() -> np.ndarray:
    sketch = draw_sketch("horse").copy()
    sketch[:4] = 200
    return sketch


@pytest.mark.parametrize(("start", "methods"), [("sketch", COMPARED), ("photo", ("views",))])
def test_own_painting_stands_there_with_its_settings(monkeypatch, start, methods):
    monkeypatch.setattr(ui.runs.second_opinion, "choose_judge", lambda *_: None)
    result = RunResult("mine", tuple(own_run(start, method) for method in methods), "Your run.")
    app = draw(of_result(result), result)
    data = replay_data(app)
    assert (
        data["id"] == "mine" and data["targets"] == [opening_words()[0]] and "Settings changed" not in str(app.markdown)
    )
    assert (chosen(app, "steps"), chosen(app, "epsilon-224"), chosen(app, "seed")) == (7, 33.0, 5)
    assert chosen(app, "method-224") == list(methods) and chosen(app, "start-from") == start.capitalize()
    if start == "sketch":
        assert encode_sketch(app.session_state["generation.sketch"]) == encode_sketch(own_sketch())
    assert app.session_state["generation.runs"].active is None


def test_bundled_photo_is_found_again():
    run, picture = own_run("photo"), sample_picture(ROW.name, 3)
    planes = picture.pixels[None].astype(np.float32) / np.float32(255)
    run = replace(run, start=planes, frames=np.concatenate([picture.pixels[None, None], run.frames[1:]]))
    photo = of_result(RunResult("mine", (run,), "")).photo
    assert photo.position == 3 and not photo.own and of_result(RunResult("x", (own_run("photo"),), "")).photo.own


def test_moved_frame_keeps_the_name_of_a_bundled_photo():
    name = "A cup of coffee"
    photo = bundled_photo("espresso", 0.2).photo.framed(ROW.name, 0.2)
    painting = Painting.default("castle", "photo", painter=painter_name(), pixels=photo.pixels.transpose(1, 2, 0))
    opened = Opened(painting=painting, photo=photo, position=0.2)
    app = draw(opened, begins=True)
    active = app.session_state["generation.runs"].active
    active.job.stop()
    images = active.run.plan.images
    assert images["credit"] == f"Start: {name}" and "own" not in images
    assert [caption.value for caption in app.caption if name in caption.value]


@pytest.mark.parametrize("word", [drawn_sketches()["castle"], stored_gallery().words[7], *drawn_photos().values()])
def test_link_opens_the_stored_drawing(word):
    app = open_page("generation", **dict(parse_qsl(link_to(word).partition("?")[2])))
    data = replay_data(app)
    assert data["targets"] == [word.word] and data["live"] is None and not app.exception
    assert np.array_equal(frames_of(data, 1)[-1, 0], word.drawings["views"].pixels().transpose(2, 0, 1))
    assert (chosen(app, "steps"), chosen(app, "seed")) == (word.config.steps, word.seed)
    assert app.session_state["generation.runs"].active is None


def test_what_nobody_painted_begins_at_once():
    opened = Opened(painting=Painting.default("castle", "sketch", painter=painter_name(), pixels=own_sketch()))
    app = draw(opened, begins=True)
    active = app.session_state["generation.runs"].active
    active.job.stop()
    assert active.run.plan.targets == ("castle",) and np.array_equal(
        active.run.plan.start[0], sketch_start(own_sketch(), 224)[0]
    )
    (painter,) = components(app, "palette")
    assert painter["value"] and draw(opened).session_state["generation.runs"].active is None


def test_link_of_a_picked_try_paints_it():
    """*Four at once* from a stored sketch, another try picked: whoever opens the link gets that try."""
    word = drawn_sketches()["castle"]
    link = dict(to_link(replace(word.painting(COMPARED[-1]), seed=2)))
    app = open_page("generation", **link)
    active = app.session_state["generation.runs"].active
    active.job.stop()
    assert (active.run.plan.seed, active.run.plan.targets) == (2, ("castle",))
