"""Sentences with intervals and terms behind a dotted underline."""

import html
import re

import pytest
from streamlit.testing.v1 import AppTest

from core.shared import numbers
from core.shared.numbers import Interval
from core.shared.text import TERMS, Number, Paragraph, Sentence, join_parts
from ui.shared.page import sentence_html

INTERVAL = re.compile(
    '<span class="tooltip" tabindex="0">(.*?)<span class="tooltip-text" role="tooltip">(.*?)</span></span>'
)
ERROR, LOWER = Interval(0.639, 0.629, 0.648), Interval(-0.087, -0.101, -0.075)


@pytest.mark.parametrize(
    ("number", "number_html", "interval"),
    [
        (numbers.measured_percent(ERROR), "63.9 %", "(62.9 to 64.8)"),
        (numbers.points(LOWER), "8.7 points lower", "(7.5 to 10.1)"),
        (numbers.signed_points(LOWER), "−8.7 points", "(−10.1 to −7.5)"),
        (numbers.small_with_interval(Interval(3.8, 3.1, 4.5)), "3.8", "(3.1 to 4.5)"),
        (Number("0.42", "0.30 to 0.50; p < 0.001"), "0.42", "(0.30 to 0.50; p &lt; 0.001)"),
    ],
)
def test_an_interval_goes_behind_its_number(number, number_html, interval):
    for text in (
        number,
        Sentence("Under the wave it is ", number, " of all."),
        Paragraph("Two.", Sentence(number, ".")),
    ):
        assert INTERVAL.findall(sentence_html(text)) == [(f"<b>{number_html}</b>", f"95 % interval {interval}")]
        assert html.escape(number) in html.escape(text), "plain text has it in brackets"


def test_a_number_without_an_interval_is_text():
    for number in (numbers.small_with_interval(Interval.exact(2.0)), Number("<5")):
        assert sentence_html(Sentence("It is ", number, ".")) == f"It is {html.escape(number)}."


def test_parts_survive_being_put_together():
    pair = join_parts([Sentence(f"{name} ", numbers.measured_percent(ERROR)) for name in "ABC"], ", ", " and ")
    whole = Paragraph(Sentence("Errors: ", pair, "."), "", Paragraph("One more.", "Two more."))
    assert (
        whole
        == "Errors: A 63.9 % (62.9 to 64.8), B 63.9 % (62.9 to 64.8) and C 63.9 % (62.9 to 64.8). One more. Two more."
    )
    assert len(whole.sentences) == 3 and sum(isinstance(part, Number) for part in whole.sentences[0].parts) == 3
    assert len(INTERVAL.findall(sentence_html(whole))) == 3


def test_one_number_a_sentence_is_bold_and_only_where_it_is_the_only_one():
    first, second = (Number(f"{k}.0 %", f"{k}.0 to {k}.1") for k in (1, 2))
    paired, more = (
        Sentence("A ", first, ", B ", second, "."),
        Sentence("B’s is ", Number("1.0 points higher", "0.8 to 1.2")),
    )
    html_text = sentence_html(Paragraph(paired, more))
    assert re.findall("<b>(.*?)</b>", html_text) == ["1.0 points higher"]


def test_a_term_is_explained_where_it_first_stands_in_at_most_twelve_words():
    html_text = sentence_html(Paragraph("CLIP and CLIP’s twin.", "CLIP again, under a wave."), "CLIP", "wave")
    assert [term for term, _ in INTERVAL.findall(html_text)] == ["CLIP", "wave"]
    assert re.sub("<.*?>", "", html_text.replace(TERMS["CLIP"], "").replace(TERMS["wave"], "")) == (
        "CLIP and CLIP’s twin. CLIP again, under a wave."
    )
    assert all(len(explanation.split()) <= 12 for explanation in TERMS.values())


def test_what_a_visitor_named_stays_text():
    assert sentence_html("<b>x</b> & (0, 1) (a to b)") == "&lt;b&gt;x&lt;/b&gt; &amp; (0, 1) (a to b)"
    assert "<i>" not in sentence_html(Sentence("<i>", Number("<i>5 %", "1 to <i>2"), "</i> of CLIP"), *TERMS)


def test_a_term_is_explained_at_its_first_place_of_a_visit_and_there_again():
    def script():
        import streamlit as st

        from ui.shared.page import begin_page, explain_on_page

        visit = (
            ("one", "above", "CLIP"),
            ("one", "below", "CLIP, wave"),
            ("two", "above", "CLIP, v"),
            ("one", "above", "CLIP"),
        )
        for page, place, text in visit:
            if st.session_state.get("terms.page") != page:
                begin_page(page)
            st.text(explain_on_page(text, place, "CLIP", "wave", "v"))

    above, below, other, again = (text.value for text in AppTest.from_function(script).run().text)
    assert TERMS["CLIP"] in above and TERMS["CLIP"] in again
    assert TERMS["CLIP"] not in below + other and TERMS["wave"] in below and TERMS["v"] in other
