"""Sentences with numbers and terms as HTML."""

import html
import re

import pytest
from streamlit.testing.v1 import AppTest

from core.shared import numbers
from core.shared.numbers import Interval
from core.shared.text import TERMS, Number, Paragraph, Sentence, join_parts
from ui.shared.page import sentence_html

TOOLTIP = re.compile(
    '<span class="tooltip" tabindex="0">(.*?)<span class="tooltip-text" role="tooltip">(.*?)</span></span>'
)
ERROR, LOWER = Interval(0.639, 0.629, 0.648), Interval(-0.087, -0.101, -0.075)


@pytest.mark.parametrize(
    ("number", "value", "interval"),
    [
        (numbers.signed_points(LOWER), "−8.7 points", "(−10.1 to −7.5)"),
        (Number("0.42", "0.30 to 0.50; p < 0.001"), "0.42", "(0.30 to 0.50; p &lt; 0.001)"),
    ],
)
def test_an_interval_goes_behind_its_number(number, value, interval):
    for text in (number, Sentence("It is ", number, " of all."), Paragraph("Two.", Sentence(number, "."))):
        assert TOOLTIP.findall(sentence_html(text)) == [(f"<b>{value}</b>", f"95 % interval {interval}")]
        assert html.escape(number) in html.escape(text), "plain text has it in brackets"


def test_parts_survive_joining_and_one_number_is_bold():
    assert sentence_html(Sentence("It is ", numbers.small_with_interval(Interval.exact(2.0)), ".")) == "It is 2."
    errors = join_parts([Sentence(f"{name} ", numbers.measured_percent(ERROR)) for name in "ABC"], ", ", " and ")
    lower = Sentence("By ", numbers.points(LOWER))
    whole = Paragraph(Sentence("Errors: ", errors, "."), "", Paragraph("One more.", lower))
    share = "63.9 % (62.9 to 64.8)"
    assert whole == f"Errors: A {share}, B {share} and C {share}. One more. By 8.7 points lower (7.5 to 10.1)"
    assert len(whole.sentences) == 3 and sum(isinstance(part, Number) for part in whole.sentences[0].parts) == 3
    assert len(TOOLTIP.findall(sentence_html(whole))) == 4
    assert re.findall("<b>(.*?)</b>", sentence_html(whole)) == ["8.7 points lower"]


def test_what_a_visitor_named_stays_text():
    assert sentence_html("<b>x</b> & (0, 1) (a to b)") == "&lt;b&gt;x&lt;/b&gt; &amp; (0, 1) (a to b)"
    assert "<i>" not in sentence_html(Sentence("<i>", Number("<i>5 %", "1 to <i>2"), "</i> of CLIP"), *TERMS)


def test_a_term_is_explained_at_its_first_place_of_a_visit():
    def script():
        import streamlit as st

        from ui.shared.page import begin_page, explain_on_page

        visit = (
            ("one", "above", "CLIP and CLIP’s twin"),
            ("one", "below", "CLIP, wave"),
            ("two", "above", "CLIP, v"),
            ("one", "above", "CLIP"),
        )
        for page, place, text in visit:
            if st.session_state.get("terms.page") != page:
                begin_page(page)
            st.text(explain_on_page(text, place, "CLIP", "wave", "v"))

    shown = [text.value for text in AppTest.from_function(script, default_timeout=120).run().text]
    assert [[term for term, _ in TOOLTIP.findall(text)] for text in shown] == [["CLIP"], ["wave"], ["v"], ["CLIP"]]
    assert all(len(explanation.split()) <= 12 for explanation in TERMS.values())
