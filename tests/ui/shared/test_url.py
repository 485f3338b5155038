"""Untrusted links and text: numbers out of range are ignored with a notice, text is shown without Markdown."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.ui.page_runner import settable_widget
from ui.shared.url import as_markdown, one_line, whole_number

UI = Path(__file__).parents[3] / "ui"
# One of each kind of widget with a number in the URL, and a number that none takes.
LINKS = {
    "inpainting": {"inpainting-steps": 5000 * "9", "inpainting-lambda": "-inf", "inpainting-step-224": "nan"},
    "generation": {"generation-seed": "nan", "generation-steps": 5000 * "9"},
}


def open_page(page: str, **parameters: str) -> AppTest:
    script = f"""
from ui.pages import {page}
from ui.shared.url import drop_invalid_numbers

drop_invalid_numbers()
{page}.page()
"""
    app = AppTest.from_string(script, default_timeout=120)
    app.query_params.update(parameters)
    assert not app.run().exception
    return app


@pytest.mark.parametrize("page", LINKS)
def test_senseless_numbers_in_a_link_are_ignored_with_a_notice(page):
    usual, app = open_page(page), open_page(page, **LINKS[page], **{f"{page}-picture": "9" * 9})
    for name in LINKS[page]:
        assert name not in app.query_params and name in app.toast[0].value
        assert settable_widget(app, name).value == settable_widget(usual, name).value
    assert f"{page}-picture" not in app.toast[0].value and not app.run().toast


def test_no_other_file_reads_or_writes_the_url():
    files = [path for path in UI.rglob("*.py") if "st.query_params" in path.read_text(encoding="utf-8")]
    assert files == [UI / "shared" / "url.py"]


def test_one_line_is_short_and_has_no_control_characters():
    text = one_line("a\n\nb\t c\x00\x1b\u2028d \u202ee\u200b \ud800f")
    assert text == "a b c d e f" and text.encode("utf-8")
    for length in (80, 81, 10**7):
        text = one_line("x" * length, 80)
        assert len(text) == min(length, 80) and text.endswith("…") == (length > 80)
    assert one_line(None) == "None" and one_line(["a"]) == "['a']"


def test_markdown_urls_icons_and_emoji_lose_their_meaning():
    plain = "Target 'cat' is not among the 9 classes of classifier 'toy-a'; did you mean “dog” (50.0 %)?"
    assert as_markdown(plain) == plain
    for special in "\\`*_[]<>$~#|&!":
        assert as_markdown(f"a{special}b") == f"a\\{special}b"
    for text in ("https://evil.example", "www.evil.example", "a@evil.example", ":smile:", ":material/x:"):
        escaped = as_markdown(text)
        assert "\N{WORD JOINER}" in escaped and escaped.replace("\N{WORD JOINER}", "") == text


def test_whole_number_takes_decimal_digits_alone():
    assert [whole_number(text) for text in ("0", "42", "", "-1", "²", "1.0", 5000 * "9")] == [0, 42] + 5 * [None]
