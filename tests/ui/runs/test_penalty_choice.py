"""The penalty of Eq. 3 on the page *Fill a hole*: chosen, in the URL, in the run and in its file."""

import pytest

from tests.ui.page_runner import page_text, run_to_the_end, settable_widget
from tests.ui.runs.test_files import open_page, toys  # noqa: F401
from ui.runs.settings import OFFERED


@pytest.mark.parametrize("label", OFFERED)
def test_chosen_penalty_is_the_runs_and_stands_in_its_file_and_origin(label):
    app = open_page("inpainting", penalty=label)
    assert settable_widget(app, "inpainting-penalty").value == label
    run_to_the_end(app, "inpainting")
    assert not app.exception and not app.error
    (run,) = app.session_state["inpainting.runs"].result.runs
    penalty = OFFERED[label]
    assert run.metadata["objective"] == {"kind": "inpainting", "weight": 10.0, "penalty": penalty}
    phrases = {
        "eq3": "lambda 10: Eq. 3, minimised by forward-backward steps",
        "mean_square": "lambda 10: the mean square of the notebook of Santurkar et al.",
    }
    assert phrases[penalty] in page_text(app).replace("\\", "")


def test_senseless_penalty_in_the_url_becomes_the_papers():
    app = open_page("inpainting", penalty="l7")
    assert not app.exception and settable_widget(app, "inpainting-penalty").value == next(iter(OFFERED))


def test_generation_has_no_penalty():
    app = open_page("generation")
    assert not app.radio
