"""The penalty of Eq. 3 on the page *Fill a hole*: chosen, in the URL, in the run and in its file."""

import re

import pytest

from tests.core.judged import stored_kinds
from tests.ui.page_runner import page_text, run_to_the_end, settable_widget
from tests.ui.runs.test_saved import open_page, toys  # noqa: F401
from ui.runs.setup.settings import OFFERED


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


def test_page_says_what_plain_steps_leave_in_the_stored_numbers():
    text = page_text(open_page("inpainting"))
    plain, solved = (
        [sum(row["loss_after"][:50]) / 50 for row in stored_kinds()[penalty].values()] for penalty in ("norm", "eq3")
    )
    assert all(loss > 5 * other for loss, other in zip(plain, solved, strict=True))
    low, high = re.search(
        rf"{min(plain):.2g} to {max(plain):.2g}\. Minimised, it is (0\.0+\d) to (0\.0+\d)\.", text
    ).groups()
    assert [float(low), float(high)] == pytest.approx([min(solved), max(solved)], rel=0.5)
    assert "a hole of 16 × 16" in text and "Both are means over 50 pictures" in text and "not reachable" not in text
    assert "does not say which steps led to its 0.0002" in text
