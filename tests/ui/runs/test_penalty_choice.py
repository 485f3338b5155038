"""The penalty of Eq. 3 on the page *Inpainting*: chosen, in the address, in the run and in its file."""

import pytest

from core.runs.file import PGDRun
from core.runs.record import rerun
from tests.ui.runs.test_saved import open_page, run_live, said, toys  # noqa: F401
from tests.ui.toys import ToyClassifier
from ui.runs.settings import PENALTIES

NORM, SQUARE = PENALTIES


@pytest.mark.parametrize(
    ("label", "penalty", "words"), [(NORM, "norm", "norm"), (SQUARE, "mean_square", "mean square")]
)
def test_chosen_penalty_is_the_runs_and_stands_in_its_file_and_origin(label, penalty, words):
    app = open_page("inpainting")
    app.radio(key="inpainting-penalty").set_value(label).run()
    run_live(app, "inpainting")
    assert not app.exception and not app.error
    (run,) = app.session_state["inpainting.result"].runs
    assert run.metadata["objective"] == {"kind": "inpainting", "weight": 10.0, "penalty": penalty}
    assert f"lambda 10 ({words})" in said(app)
    # The file says all that is needed to compute the same run again.
    again = list(rerun(PGDRun.from_bytes(run.to_bytes(), name="run"), ToyClassifier("toy-a")))
    assert [state.loss_terms["penalty"].item() for state in again] == run.terms["penalty"][:, 0].tolist()


def test_penalty_stands_in_the_address_and_a_senseless_one_becomes_the_papers():
    for value, wanted in ((SQUARE, SQUARE), (NORM, NORM), ("l7", NORM), ("", NORM)):
        app = open_page("inpainting", penalty=value)
        assert not app.exception and app.radio(key="inpainting-penalty").value == wanted


def test_generation_has_no_penalty():
    app = open_page("generation")
    assert not app.radio


def test_page_says_that_the_papers_loss_is_out_of_reach_of_the_printed_norm():
    words = said(open_page("inpainting"))
    assert "2 × 10⁻⁴ is not reachable with Eq. 3 as printed" in words and "0.5 at 224 pixels, 0.07 at 32" in words
