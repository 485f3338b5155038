"""Sentences with numbers and terms as HTML."""

import re

from streamlit.testing.v1 import AppTest

from core.shared import numbers
from core.shared.numbers import Interval
from core.shared.text import TERMS, Number
from ui.shared.tables import cell_html

TOOLTIP = re.compile(
    '<span class="tooltip" tabindex="0">(.*?)<span class="tooltip-text" role="tooltip">(.*?)</span></span>'
)


def test_interval_is_a_tooltip_and_names_are_escaped():
    numbers_of = {
        Number("−8.7 points", "−10.1 to −7.5"): "(−10.1 to −7.5)",
        Number("0.4", "0.3; p < 0.001"): "(0.3; p &lt; 0.001)",
    }
    for number, interval in numbers_of.items():
        assert TOOLTIP.findall(cell_html(number)) == [(number.text, f"95% interval {interval}")]
        assert str(number) == f"{number.text} ({number.interval})", "plain text has it in brackets"
    assert cell_html(numbers.small_with_interval(Interval.exact(2.0))) == "2"
    assert cell_html("<b>x</b> & (0, 1) (a to b)") == "&lt;b&gt;x&lt;/b&gt; &amp; (0, 1) (a to b)"
    assert "<i>" not in cell_html(Number("<i>5%", "1 to <i>2"))


def test_terms_are_explained_once_per_visit():
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
