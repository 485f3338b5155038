"""Sentences with intervals and terms behind a dotted underline."""

import re

import pytest

from core import numbers
from core.fourier.intervals import Measured
from ui.shared.told import TERMS, told

INTERVAL = re.compile('<span class="asked" tabindex="0">(.*?)<span class="interval" role="tooltip">(.*?)</span></span>')
ERROR, LOWER = Measured(0.639, 0.629, 0.648), Measured(-0.087, -0.101, -0.075)


@pytest.mark.parametrize(
    ("written", "number", "interval"),
    [
        (f"{numbers.percent(0.639)} ({numbers.interval(ERROR)})", "63.9 %", "(62.9 to 64.8)"),
        (numbers.points(LOWER), "8.7 points lower", "(7.5 to 10.1)"),
        (f"within the noise ({numbers.interval(Measured(0, -0.01, 0.02))})", "the noise", "(−1.0 to +2.0)"),
        ("takes 7 of 10 (40 to 89 %) pictures", "7 of 10", "(40 to 89 %)"),
        ("0.42 (0.30 to 0.50; p < 0.001) over 481 waves", "0.42", "(0.30 to 0.50; p &lt; 0.001)"),
        ("77.80 % (95 % interval 76.97 % to 78.60 %, n = 10,000)", "77.80 %", "(76.97 % to 78.60 %, n = 10,000)"),
    ],
)
def test_an_interval_goes_behind_its_number(written, number, interval):
    ((shown, tooltip),) = INTERVAL.findall(told(written))
    assert (shown, tooltip) == (f"<b>{number}</b>", f"95 % interval {interval}")


def test_one_number_a_sentence_is_bold_and_only_where_it_is_the_only_one():
    found = told("A 1.0 % (0.9 to 1.1), B 2.0 % (1.9 to 2.1). B’s is 1.0 points higher (0.8 to 1.2).")
    assert re.findall("<b>(.*?)</b>", found) == ["1.0 points higher"]


def test_a_term_is_explained_where_it_first_stands_in_at_most_twelve_words():
    found = told("CLIP and CLIP’s twin. CLIP again, under a wave.", "CLIP", "wave")
    assert [shown for shown, _ in INTERVAL.findall(found)] == ["CLIP", "wave"]
    assert re.sub("<.*?>", "", found.replace(TERMS["CLIP"], "").replace(TERMS["wave"], "")) == (
        "CLIP and CLIP’s twin. CLIP again, under a wave."
    )
    assert all(len(words.split()) <= 12 for words in TERMS.values())


def test_what_a_visitor_named_stays_text():
    assert told("<b>x</b> & (0, 1) (a to b)") == "&lt;b&gt;x&lt;/b&gt; &amp; (0, 1) (a to b)"
    assert "<i>" not in told("<i>5 % (1 to 2)</i>", *TERMS)
