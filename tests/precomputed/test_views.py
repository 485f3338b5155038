"""Stored outcomes of both searches at 224 pixels, and their tables in docs/views.md."""

import json
import re

import numpy as np
import pytest
from scipy.stats import binomtest

from core.data.classes import PRECOMPUTED, imagenet
from core.reconstruct.search_outcomes import TRIED, stored_outcomes
from precomputed.make_views import drawn_classes
from precomputed.make_views_tables import DOCUMENT, tables

STORED = json.loads((PRECOMPUTED / "views.json").read_text())

MODES = sorted({group.partition("-")[0] for group in STORED["pictures"]})


def test_nothing_is_reported_on_classes_that_settings_were_tried_on():
    labels = {row["target"] for group, rows in STORED["pictures"].items() if group.startswith("draw") for row in rows}
    assert labels <= set(drawn_classes()) and not {imagenet().names[label] for label in labels} & TRIED
    assert len(drawn_classes()) == len(set(drawn_classes())) == 100


def test_both_searches_took_the_same_steps_within_the_same_ball():
    for mode in MODES:
        pixels, views = (STORED["configs"][f"{mode}-{search}"] for search in ("pixels", "views"))
        assert {**pixels, "search": "views"} == views


def test_the_document_has_the_tables_of_the_stored_outcomes():
    text = DOCUMENT.read_text("utf-8")
    assert tables().strip() in text, "run python -m precomputed.make_views_tables"


@pytest.mark.parametrize("group", STORED["pictures"])
def test_outcomes_are_counted_as_they_stand(group):
    rows, outcomes = STORED["pictures"][group], stored_outcomes().groups[group]
    for judge in range(len(STORED["judges"])):
        for top in (1, 5):
            count = sum(row["places"][judge] <= top for row in rows)
            assert outcomes.recognised(judge, top).sum() == count
            low, high = binomtest(count, len(rows)).proportion_ci(method="wilson")
            assert outcomes.share(judge, top)[1:] == pytest.approx((low, high))
            assert f"{count} ({100 * low:.0f} to {100 * high:.0f} %)" in DOCUMENT.read_text("utf-8")
    assert outcomes.mean("norm").value == pytest.approx(np.mean([row["norm"] for row in rows]))
    assert sum(outcomes.energy) == pytest.approx(1, abs=1e-3) and outcomes.energy[0] == 0


def test_pairs_are_of_the_same_pictures():
    for mode in MODES:
        pixels, views = stored_outcomes().pair(mode)
        assert pixels.pictures == views.pictures and pixels.targets == views.targets
        by_name = {row["picture"]: row for row in STORED["pictures"][f"{mode}-pixels"]}
        assert pixels.places[:, 0].tolist() == [by_name[name]["places"][0] for name in views.pictures]


def test_every_number_of_the_text_is_that_of_the_settings():
    from core.pgd.view_settings import LARGE, SMALL

    text = DOCUMENT.read_text("utf-8")
    for row in (*LARGE.values(), *SMALL.values()):
        assert re.search(rf"\b{row.steps} of {row.step_size:g}\b", text)
    assert f"side {LARGE['generation'].views.min_side:g} to 1, noise {LARGE['generation'].views.noise:g}" in text
