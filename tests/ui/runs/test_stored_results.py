"""The table of results on many pictures: its numbers by plain sums, and the pages that show it."""

import math
import re
from statistics import NormalDist, mean, stdev

import pytest
from scipy import stats

from core.pgd.pictures import picture_outcomes
from core.pgd.starts import STARTS
from tests.core.judged import stored_kinds
from tests.ui.runs.test_files import open_page, toys  # noqa: F401
from ui.runs.outcome import many_columns, many_row
from ui.shared.page import sentence_html

Z = NormalDist().inv_cdf(0.975)
KINDS = ["blur", "independent", "eq3", "mean_square"]


def wilson(count, n):
    centre = (count / n + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z * math.sqrt(count / n * (1 - count / n) / n + Z * Z / (4 * n * n)) / (1 + Z * Z / n)
    return f"{count} of {n} ({100 * (centre - half):.0f} to {100 * (centre + half):.0f} %)"


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_is_counted_from_the_stored_pictures(kind):
    for name, row in picture_outcomes(kind).items():
        rows = stored_kinds()[kind][name]
        _, n, _, own, at_start, recognised = many_row(name, row)
        before, after = mean(math.exp(-loss) for loss in rows["loss_before"]), rows["probability_after"]
        half = stats.t.ppf(0.975, len(after) - 1) * stdev(after) / math.sqrt(len(after))
        start, end, low, high = map(float, re.findall(r"[\d.]+", own.replace("over ", "")))
        assert start == pytest.approx(100 * before, abs=0.051) and end == pytest.approx(100 * mean(after), abs=0.1)
        assert low == pytest.approx(100 * (mean(after) - half), abs=0.051)
        assert high == pytest.approx(min(100, 100 * (mean(after) + half)), abs=0.051)
        assert recognised == wilson(int(sum(rows["judge_share_after"])), len(after))
        assert at_start == wilson(int(sum(rows["judge_share_before"])), len(after)) and n == f"{len(after):,}"
    assert many_columns(kind)[-1] == "Recognised by ResNet-56 (CIFAR-10)"


def recognised(kind):
    """The last cell of every row, as HTML."""
    return [sentence_html(many_row(name, row)[-1], bold=False) for name, row in picture_outcomes(kind).items()]


def tables(app):
    return [item.proto.body for item in app.get("html") if "Many pictures" in item.proto.body]


def test_pages_show_it_beside_small_pictures_only():
    for label, kind in ((STARTS["blur"].label, "blur"), (STARTS["independent"].label, "independent")):
        app = open_page("generation", **{"start-from": label})
        (table,) = tables(app)
        assert all(
            sentence_html(many_row(name, row)[-1], bold=False) in table for name, row in picture_outcomes(kind).items()
        )
    (table,) = tables(open_page("inpainting"))
    assert all(
        sentence_html(many_row(name, row)[-1], bold=False) in table for name, row in picture_outcomes("eq3").items()
    )
    app = open_page("generation", set="ImageNet, 224 px")
    assert not app.exception and not tables(app)
