"""The penalty of Eq. 3 on the page *Inpainting*: chosen, in the URL, in the run and in its file."""

import pytest

from tests.ui.page_runner import run_to_the_end, said
from tests.ui.runs.test_saved import open_page, toys  # noqa: F401
from ui.runs.settings import PENALTIES


@pytest.mark.parametrize("label", PENALTIES)
def test_chosen_penalty_is_the_runs_and_stands_in_its_file_and_origin(label):
    app = open_page("inpainting", penalty=label)
    assert app.radio(key="inpainting-penalty").value == label
    run_to_the_end(app, "inpainting")
    assert not app.exception and not app.error
    (run,) = app.session_state["inpainting.result"].runs
    penalty = PENALTIES[label]
    assert run.metadata["objective"] == {"kind": "inpainting", "weight": 10.0, "penalty": penalty}
    words = {"norm": "lambda 10 (norm)", "mean_square": "lambda 10 (mean square)", "frozen": "frozen outside the hole"}
    assert words[penalty] in said(app)
    assert penalty != "frozen" or run.metadata["images"]["change"][0]["outside"] == 0


def test_senseless_penalty_in_the_url_becomes_the_papers():
    app = open_page("inpainting", penalty="l7")
    assert not app.exception and app.radio(key="inpainting-penalty").value == next(iter(PENALTIES))


def test_generation_has_no_penalty():
    app = open_page("generation")
    assert not app.radio


def test_page_says_that_the_papers_loss_is_out_of_reach_of_the_printed_norm():
    words = said(open_page("inpainting"))
    assert "2 × 10⁻⁴ is not reachable with Eq. 3 as printed" in words and "0.5 at 224 pixels, 0.07 at 32" in words
