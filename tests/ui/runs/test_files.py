"""Downloads of a run, and odd runs on the pages *Fill a hole* and *Draw*: text stays text, and nothing crashes."""

import io
import re
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.pgd.run import PGDRun
from tests.ui.replay_reader import replay_data
from tests.ui.run_forge import HOSTILE, hostile_arrays, packed, sound_run
from tests.ui.toys import spec, use_toys
from ui.runs.outcome import run_animation, run_facts, run_picture, run_stem
from ui.runs.state import RunResult

APPS = Path(__file__).parents[1] / "apps"
PAGES = ("inpainting", "generation")


@pytest.fixture(autouse=True)
def toys(monkeypatch):
    """A random classifier in place of the bundled ones, and a separate queue."""
    use_toys(monkeypatch, [spec("toy-a", "Toy A")])


def open_page(page: str, **address: str) -> AppTest:
    app = AppTest.from_file(str(APPS / f"{page}_app.py"), default_timeout=120)
    for name, value in ({"steps": "4"} | address).items():
        app.query_params[f"{page}-{name}"] = value
    return app.run()


def show_run(app: AppTest, page: str, run: PGDRun) -> AppTest:
    """Show a forged run in place of the page's own result."""
    app.session_state[f"{page}.runs"].show(RunResult("forged", (run,), "A forged run."))
    return app.run()


def button(app: AppTest, label: str):
    return next((candidate for candidate in app.button if candidate.label == label), None)


@pytest.mark.parametrize(("page", "text"), list(zip(PAGES * 5, HOSTILE, strict=False)))
def test_text_of_a_file_is_shown_as_plain_text(page, text):
    app = open_page(page)
    show_run(app, page, PGDRun.from_bytes(packed(hostile_arrays(page, text)), name="odd"))
    assert not app.exception and not app.error
    assert not any(re.search(r"<script|<img src=x|\n\n!\[", item.proto.body) for item in app.get("html"))
    # The replay gets the text unchanged, on one line, and sets it as text: the browser test checks that.
    data = replay_data(app)
    for line in (*data["targets"], data["models"][0]["title"]):
        assert not re.search(r"[\n\x00-\x1f\u202e]", line) and len(line) < 400


@pytest.mark.parametrize("text", HOSTILE)
def test_words_are_one_bounded_line(text):
    run = PGDRun.from_bytes(packed(hostile_arrays("inpainting", text)), name="odd")
    for cell in run_facts(run).values():
        assert "\n" not in cell and len(cell) < 1500
        cell.encode("utf-8")


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


@pytest.mark.parametrize("size", [(512, 1), (1, 512), (3, 200)])
def test_animation_of_an_odd_shape_stays_small(size):
    run = sound_run("generation", size=size)
    frame = Image.open(io.BytesIO(run_animation([run], 0)))
    assert max(frame.size) <= 2 * 512 and frame.n_frames == 4
