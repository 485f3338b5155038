"""Opening a saved run on the pages *Fill a hole* and *Draw*: shown like a live one, or refused; never a crash."""

import io
import re
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import ui.pages.generation
import ui.pages.inpainting
import ui.runs.examples
import ui.runs.files
import ui.runs.setup.start
import ui.shared.picture_choice
from core.runs.file import PGDRun, RunFileError, pack_runs, read_runs
from core.runs.stored import RUNS
from tests.ui.page_runner import page_text, run_to_the_end, settable_widget
from tests.ui.replay_reader import frames_of, numbers_of, replay_data
from tests.ui.run_forge import HOSTILE, arrays_of, hostile_arrays, packed, sound_run
from tests.ui.toys import ToyClassifier, spec
from ui.runs.files import read_saved_run, run_animation, run_picture, run_stem
from ui.runs.replays import run_replay
from ui.runs.run_sentences import losses, origin, outcome, saved_note
from ui.server.jobs import JobManager
from ui.server.limits import Limits, limits

APPS = Path(__file__).parents[1] / "apps"
PAGES = ("inpainting", "generation")


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    """A random classifier in place of the bundled ones, and a separate queue."""
    manager = JobManager()
    monkeypatch.setattr(ui.runs.setup.start, "job_manager", lambda: manager)
    monkeypatch.setattr(ui.runs.setup.start, "current_owner", lambda: "visitor")
    monkeypatch.setattr(ui.runs.setup.start, "classifier_for", lambda name, class_set: ToyClassifier(name))
    ready = {"cifar10": [spec("toy-a", "Toy A")]}
    for page in (
        ui.pages.inpainting,
        ui.pages.generation,
        ui.runs.setup.start,
        ui.runs.examples,
        ui.shared.picture_choice,
    ):
        monkeypatch.setattr(page, "ready_classifiers", lambda class_set: ready.get(class_set, []))


def open_page(page: str, **address: str) -> AppTest:
    app = AppTest.from_file(str(APPS / f"{page}_app.py"), default_timeout=120)
    for name, value in ({"steps": "4"} | address).items():
        app.query_params[f"{page}-{name}"] = value
    return app.run()


def upload(app: AppTest, data: bytes, name: str = "run.npz") -> AppTest:
    uploader = next(widget for widget in app.file_uploader if widget.label == "Run file")
    return uploader.set_value((name, data, "application/octet-stream")).run()


def button(app: AppTest, label: str):
    return next((candidate for candidate in app.button if candidate.label == label), None)


@pytest.mark.parametrize("page", PAGES)
def test_downloaded_run_opens_again_with_the_same_words_and_a_note(page):
    app = run_to_the_end(open_page(page), page)
    (run,) = app.session_state[f"{page}.runs"].result.runs
    before = replay_data(app)
    upload(app, run.to_bytes(), "mine.npz")
    assert not app.exception and not app.error
    opened = app.session_state[f"{page}.runs"].result.runs[0]
    assert np.array_equal(opened.frames, run.frames) and opened.metadata == run.metadata
    after = replay_data(app)
    own = ("id", "version", "seek")  # belong to the result, not to its content
    assert {**after, **dict.fromkeys(own)} == {**before, **dict.fromkeys(own)}, "the same view"
    note = next(item.value for item in app.markdown if item.value.startswith("Opened from"))
    assert (
        note.startswith("Opened from “mine.npz”. The file says: toy-a, weights random")
        and "; 4 steps, random seed 0;" in note
    )
    assert run.metadata["source"]["date"][:10] in note


@pytest.mark.parametrize("page", PAGES)
def test_opened_run_is_closed_to_what_was_shown_before_and_gives_way_to_a_new_run(page):
    app = open_page(page)
    upload(app, packed(arrays_of(page)))
    assert "Opened from" in page_text(app) and "A stored example" not in page_text(app)
    button(app, "Close the saved run").click().run()
    assert "A stored example" in page_text(app)
    run_to_the_end(app, page)
    upload(app, packed(arrays_of(page)))
    assert "stranger has changed" in page_text(app) and "Your run, 4 steps" not in page_text(app)
    button(app, "Close the saved run").click().run()
    assert "Your run, 4 steps" in page_text(app), "the visitor's own result is not lost"
    upload(app, packed(arrays_of(page)))
    run_to_the_end(app, page)
    assert "Your run, 4 steps" in page_text(app) and "Opened from" not in page_text(app)


def test_uploader_starts_empty_again_after_a_file_was_opened():
    app = open_page("generation")
    upload(app, packed(arrays_of("generation")))
    assert next(widget for widget in app.file_uploader if widget.label == "Run file").value is None
    other = arrays_of("generation")
    other["metadata"]["seed"] = 77
    upload(app, packed(other), "second.npz")
    assert "random seed 77" in page_text(app) and "second.npz" in page_text(app)


def test_files_that_cannot_be_shown_get_one_sentence_and_nothing_is_lost():
    app = run_to_the_end(open_page("generation"), "generation")
    for data, reason in (
        (b"", "not a saved run, or a damaged one"),
        (b"these are notes", "not a saved run, or a damaged one"),
        (packed(arrays_of("generation"))[:-300], "not a saved run, or a damaged one"),
        (packed(arrays_of("inpainting")), "a run of the page Fill a hole; open it there, not on Draw."),
        (
            packed(arrays_of("generation", size=(1, 1), frames=1001)),
            "too large to show, with 1 image of 1 × 1 pixels in 1,001 frames.",
        ),
        (
            packed(arrays_of("generation", size=(1, 600))),
            "too large to show, with 1 image of 600 × 1 pixels in 4 frames.",
        ),
        (packed(arrays_of("generation", size=(2, 2), batch=129)), "129 images"),
    ):
        upload(app, data, "odd.npz")
        assert not app.exception
        (error,) = app.error
        assert error.value.startswith("“odd.npz”: ") and reason in error.value and "\n" not in error.value
        assert "Your run, 4 steps" in page_text(app) and not app.session_state["generation.runs"].result.opened
        assert settable_widget(app, "generation-steps").value == 4
    app.run()
    assert len(app.error) == 1, "the sentence stays until another file is chosen"
    upload(app, packed(arrays_of("generation")))
    assert not app.error and "Opened from" in page_text(app)


@pytest.mark.parametrize(("size", "batch", "frames"), [((32, 32), 128, 400), ((90, 90), 128, 50), ((1, 1), 128, 1000)])
def test_any_saved_run_costs_less_than_two_seconds_of_one_core(size, batch, frames):
    arrays = arrays_of("generation", size=size, batch=batch, frames=frames)
    arrays["frame_deltas"][:] = 0  # otherwise too long to be uploaded
    data = packed(arrays)
    began = time.process_time()
    result = read_saved_run(data, "large.npz", "generation")
    run_replay(result.runs, id=result.id)
    assert time.process_time() - began < 2


def test_refused_file_is_not_read_again_at_every_click(monkeypatch):
    app = open_page("generation")
    upload(app, b"these are notes")
    monkeypatch.setattr(ui.runs.files, "read_saved_run", lambda *_: pytest.fail("read again"))
    settable_widget(app, "generation-seed").set_value(3).run()
    assert len(app.error) == 1


def test_larger_files_are_refused_unread(monkeypatch):
    monkeypatch.setattr(ui.runs.files, "limits", lambda: Limits(run_file_mb=1))
    with pytest.raises(RunFileError, match="larger than the 1 MB"):
        read_saved_run(bytes(2**20 + 1), "run.npz", "generation")


def test_uploader_names_its_limit_and_the_server_lets_it_through():
    app = open_page("generation")
    uploader = next(widget for widget in app.file_uploader if widget.label == "Run file")
    assert uploader.proto.max_upload_size_mb == limits().run_file_mb
    config = (Path(ui.runs.files.__file__).parents[2] / ".streamlit" / "config.toml").read_text("utf-8")
    assert int(re.search(r"maxUploadSize = (\d+)", config)[1]) >= limits().run_file_mb


@pytest.mark.parametrize(("page", "text"), list(zip(PAGES * 5, HOSTILE, strict=False)))
def test_text_of_a_file_is_shown_as_plain_text(page, text):
    app = open_page(page)
    # Streamlit refuses names with a NUL byte, and its test runner those with a lone surrogate.
    name = text.replace("\0", "").encode("ascii", "replace").decode()
    upload(app, packed(hostile_arrays(page, text)), f"{name}.npz")
    assert not app.exception and not app.error
    notes = [item.value for item in app.markdown if re.search("Opened from|has changed|Computed ", item.value)]
    assert len(notes) == 3
    for line in "\n\n".join(notes).split("\n\n"):
        line = re.sub(r"^\*\*|\.\*\* (Loss)?|\*\*(?=[\d.]+ of 255\*\*)|(?<= of 255)\*\*", "", line)  # our own emphasis
        assert not re.search(r"(?<!\\)[<>`$*\[\]_]|:\w|\n", line), line
    assert not any(re.search(r"<script|<img src=x|\n\n!\[", item.proto.body) for item in app.get("html"))
    # The replay gets the text unchanged, on one line, and sets it as text: the browser test checks that.
    (model,) = replay_data(app)["models"]
    for line in (model["title"], *(name for name, _ in model["after"][0])):
        assert not re.search(r"[\n\x00-\x1f\u202e]", line) and len(line) < 400


@pytest.mark.parametrize("text", HOSTILE)
def test_words_are_one_bounded_line(text):
    run = PGDRun.from_bytes(packed(hostile_arrays("inpainting", text)), name="odd")
    for sentence in (outcome([run])[0], losses(run, 0), origin(run), saved_note([run], text)):
        assert "\n" not in sentence and len(sentence) < 1500
        sentence.encode("utf-8")


@pytest.mark.parametrize("text", [*HOSTILE, "馬", 'a/b\\c:d*e?f"g<h>i|j\r\nSet-Cookie: x'])
@pytest.mark.parametrize("kind", PAGES)
def test_file_names_are_short_and_safe_on_every_system(text, kind):
    run = PGDRun.from_bytes(packed(hostile_arrays(kind, text)), name="odd")
    assert re.fullmatch(rf"{kind}(-[a-z0-9]+)*", run_stem([run], 0)) and len(run_stem([run], 0)) < 110


def test_file_names_say_kind_classifier_target_and_picture():
    run = sound_run("generation", batch=2)
    assert run_stem([run], 1) == "generation-stranger-class-3-2"


@pytest.mark.parametrize("text", HOSTILE)
def test_downloads_of_a_hostile_file_work(text):
    run = PGDRun.from_bytes(packed(hostile_arrays("inpainting", text)), name="odd")
    assert run_animation([run], 0) and run_picture([run], 0)
    again = PGDRun.from_bytes(run.to_bytes(), name="again")
    assert again.metadata["class_names"][0] == text


def test_a_pair_is_one_file_that_opens_as_a_pair_and_brings_picture_hole_and_target():
    runs = [PGDRun.load(RUNS / f"inpainting_cifar10-5__{name}.npz") for name in ("mini-resnet", "mini-resnet-robust")]
    app = open_page("inpainting", picture="7")
    upload(app, pack_runs(runs))
    assert not app.exception and not app.error and "Not run yet" not in page_text(app)
    assert "Mini ResNet, weights" in page_text(app) and "and Mini ResNet (robust), weights" in page_text(app)
    replay = replay_data(app)
    for k, run in enumerate(runs):
        assert np.array_equal(frames_of(replay, k)[-1], run.frames[-1])
    assert app.session_state["inpainting.places"]["cifar10"] == 5
    assert np.array_equal(app.session_state["inpainting.holes"][32], runs[0].mask[0])
    assert app.selectbox(key="inpainting-target-cifar10").value == "dog"
    app.selectbox(key="inpainting-target-cifar10").set_value("cat").run()
    assert "Not run yet" in page_text(app) and button(app, "Show the last run") is not None
    app.button(key="inpainting.back").click().run()
    assert (
        not app.exception
        and "A stored example" in page_text(app)
        and app.session_state["inpainting.runs"].result is None
    )


def test_files_that_are_no_pair_are_refused_in_one_sentence():
    first = sound_run("inpainting")
    other = replace(first, start=1 - first.start)
    for data, reason in (
        (pack_runs([first, other]), "differ in pictures or steps"),
        (pack_runs(5 * [first]), "at most 4"),
    ):
        with pytest.raises(RunFileError, match=reason):
            read_runs(data, name="it")
    assert [run.frames.tolist() for run in read_runs(pack_runs([first, first]), name="it")] == 2 * [
        first.frames.tolist()
    ]


@pytest.mark.parametrize("size", [(512, 1), (1, 512), (3, 200)])
def test_animation_of_an_odd_shape_stays_small(size):
    run = sound_run("generation", size=size)
    frame = Image.open(io.BytesIO(run_animation([run], 0)))
    assert max(frame.size) <= 2 * 512 and frame.n_frames == 4


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("options", [{"frames": 1, "size": (1, 1)}, {"size": (512, 2)}, {"batch": 3, "frames": 1000}])
def test_odd_but_sound_files_are_shown(page, options):
    app = open_page(page)
    upload(app, packed(arrays_of(page, **options)))
    outcome_begins = "stranger is **" if options.get("batch") else "stranger has changed"
    assert not app.exception and not app.error and outcome_begins in page_text(app)


def test_as_many_classes_as_are_allowed_are_shown():
    arrays = arrays_of("generation")
    arrays["metadata"]["class_names"] = [f"class {k}" for k in range(50_000)]
    arrays["logits"] = np.random.default_rng(0).standard_normal((2, 1, 50_000)).astype(np.float32)
    app = open_page("generation")
    upload(app, packed(arrays))
    assert not app.exception and "stranger has changed" in page_text(app)


@pytest.mark.parametrize("value", [0.0, -5.0, 1e-30, 3e38, -3e38])
def test_extreme_losses_and_logits_are_drawn(value):
    arrays = arrays_of("inpainting")
    arrays["curves"][[0, 3]] = value
    arrays["curves"][2] = abs(value)
    arrays["terms"][:] = value
    arrays["logits"][0] = value
    arrays["logits"][1, 0, ::2] = -value
    app = open_page("inpainting")
    upload(app, packed(arrays))
    assert not app.exception and not app.error
    data = replay_data(app)
    assert np.isfinite(numbers_of(data, 0)).all() and len(frames_of(data, 0)) == 4


def test_extreme_config_is_shown():
    arrays = arrays_of("inpainting")
    arrays["metadata"]["config"] |= {"epsilon": 1e308, "step_size": 1e-308, "steps": 100_000}
    arrays["metadata"]["objective"]["weight"] = 1e12
    arrays["metadata"]["seed"] = 2**64 - 1
    app = open_page("inpainting")
    upload(app, packed(arrays))
    assert not app.exception and "3 of 100,000 steps" in page_text(app)
