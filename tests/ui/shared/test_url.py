"""Untrusted links: invalid numbers are ignored with a notice, and never cause a traceback."""

import functools
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.page_runner import settable_widget

UI = Path(__file__).parents[3] / "ui"
# One of each kind of widget with a number in the URL.
LINKS = {
    "inpainting": ("inpainting-steps", "inpainting-lambda", "inpainting-step-224"),
    "generation": ("generation-seed", "generation-seeds"),
}


def open_page(page: str, **parameters: str) -> AppTest:
    script = f"""
from ui.pages import {page}
from ui.shared.url import drop_invalid_numbers

drop_invalid_numbers()
{page}.page()
"""
    app = AppTest.from_string(script, default_timeout=120)
    for name, value in parameters.items():
        app.query_params[name] = value
    return app.run()


@functools.cache
def usual(page: str) -> AppTest:
    return open_page(page)


@pytest.mark.parametrize("number", ["9" * 5000, "-inf", "1e400", "nan"])
@pytest.mark.parametrize("page", LINKS)
def test_senseless_numbers_in_a_link_are_ignored_with_a_notice(page, number):
    app = open_page(page, **dict.fromkeys(LINKS[page], number))
    assert not app.exception
    for name in LINKS[page]:
        assert name not in app.query_params and name in app.toast[0].value
        assert settable_widget(app, name).value == settable_widget(usual(page), name).value
    assert not app.run().toast


def test_other_numbers_in_a_link_stay():
    app = open_page("inpainting", **{"inpainting-steps": "40", "inpainting-picture": "9" * 9})
    assert not app.exception and not app.toast and settable_widget(app, "inpainting-steps").value == 40


def test_no_other_file_reads_or_writes_the_url():
    files = [path for path in UI.rglob("*.py") if "st.query_params" in path.read_text(encoding="utf-8")]
    assert files == [UI / "shared" / "url.py"]
