"""Both searches side by side: initial state, titles, equal budgets, run files, links."""

import numpy as np
import pytest

from core.data.holes_and_sketches import fill_hole, hole_text, middle_square
from core.data.sample_sets import SAMPLE_SETS
from core.pgd.run import FILL, Run, changed_settings, inpainting_plan
from core.pgd.settings import quick_settings, usual_settings
from core.pgd.starts import examples, stored_classifier
from tests.core.judged import stored_views
from tests.ui.page_runner import page_text, run_to_the_end
from tests.ui.replay_reader import replay_data
from tests.ui.runs.test_live_pages import open_page, toys  # noqa: F401
from tests.ui.toys import ToyClassifier, toy_plan
from ui.runs.outcome import holes_alone
from ui.runs.replay import ROLES, run_title, stored_example

BOTH = ["Pixels", "Views"]


@pytest.mark.parametrize(("kind", "steps"), [("generation", 96), ("inpainting", 96)])
def test_quick_settings_keep_the_ball_and_the_views(kind, steps):
    full = usual_settings(kind, 224, 98 if kind == "inpainting" else None, "views")
    quick = quick_settings(full)
    assert quick["steps"] == steps and quick["step_size"] == pytest.approx(1.25 * full["step_size"])
    assert {name: quick[name] for name in ("epsilon", "search_settings", "step_decay")} == {
        name: full[name] for name in ("epsilon", "search_settings", "step_decay")
    }
    assert quick_settings(usual_settings(kind, 224)) is None, "by pixels"
    assert quick_settings(usual_settings(kind, 32, search="views")) is None, "small pictures"


def test_full_size_pages_begin_with_both_searches_of_one_start_and_budget():
    pairs = {kind: stored_example(kind, "photographs", ["efficientnet-lite0"], "", ["pixels", "views"], 6) for kind in
             ("generation", "inpainting")}  # fmt: skip
    for kind, result in pairs.items():
        pixels, views = result.runs
        assert (pixels.config.search, views.config.search) == ("pixels", "views"), kind
        assert np.array_equal(pixels.start, views.start)
        assert (pixels.config.steps, pixels.config.epsilon) == (views.config.steps, views.config.epsilon)
        assert [run_title(run, result.runs) for run in result.runs] == [*ROLES.values()]
    hen = pairs["inpainting"].runs[1]
    outside = ~SAMPLE_SETS["photographs"].hole(6)[0]
    assert np.array_equal(hen.frames[-1, 0][:, outside], hen.original[0][:, outside]), "nothing outside moves"


def test_the_koala_has_its_own_stored_pair():
    result = stored_example("inpainting", "photographs", ["efficientnet-lite0"], "eq3", ["pixels", "views"], 7)
    assert {run.metadata["images"]["index"] for run in result.runs} == {7} and len(result.runs) == 2


@pytest.mark.parametrize("row", SAMPLE_SETS.values(), ids=lambda row: row.name)
def test_no_two_examples_share_a_file_and_each_names_its_classifier(row):
    paths = [example.path("mini-clip") for example in examples(row)]
    assert len(set(paths)) == len(paths) and {stored_classifier(path) for path in paths} == {"mini-clip"}


def test_two_networks_by_two_searches_run_side_by_side():
    app = open_page("generation", generation_classes_cifar10="ship", generation_steps="3")
    app.multiselect(key="generation-models-cifar10").set_value(["Toy A", "Toy B"])
    app.pills(key="generation-search-32").set_value(BOTH).run()
    run_to_the_end(app, "generation")
    assert not app.exception and not app.error
    runs = app.session_state["generation.runs"].result.runs
    assert [(run.metadata["classifier"]["name"], run.config.search) for run in runs] == [
        ("toy-a", "pixels"), ("toy-a", "views"), ("toy-b", "pixels"), ("toy-b", "views")]  # fmt: skip
    titles = [f"{name}: {role}" for name in ("toy-a", "toy-b") for role in ROLES.values()]
    assert [model["title"] for model in replay_data(app)["models"]] == titles
    assert all(title in page_text(app) for title in titles)


def test_without_any_search_nothing_runs():
    app = open_page("generation", generation_classes_cifar10="ship")
    app.pills(key="generation-search-32").set_value([]).run()
    app.button(key="generation.start").click().run()
    assert not app.exception and "no search is chosen" in app.error[0].value.lower()


@pytest.mark.parametrize(("widget", "reason"), [("search-32", "no search is chosen"), ("models-cifar10", "no classi")])
def test_settings_that_cannot_run_say_why_beside_the_example_and_do_not_offer_run(widget, reason):
    app = open_page("inpainting", inpainting_pictures="CIFAR-10")
    kind = app.pills if "search" in widget else app.multiselect
    kind(key=f"inpainting-{widget}").set_value([]).run()
    assert f"**These settings cannot run**: {reason}" in page_text(app) and "A stored example" in page_text(app)
    assert "Settings changed" not in page_text(app) and replay_data(app)["live"] is None
    app.button(key="inpainting.back").click().run()
    assert "cannot run" not in page_text(app) and not app.exception


def test_a_cleared_hole_cannot_run():
    app = open_page("inpainting", inpainting_pictures="CIFAR-10")
    app.session_state["inpainting.holes"][32] = np.zeros((1, 32, 32), bool)
    app.run()
    assert "**These settings cannot run**: the mask is empty; paint a hole first." in page_text(app)


def test_links_open_the_small_pictures_that_they_name():
    app = open_page("generation", generation_classes_cifar10="ship")
    assert app.session_state["generation-set"] == SAMPLE_SETS["cifar10"].drawn_title
    app = open_page("inpainting", inpainting_hole=hole_text(middle_square(32, 10)))
    assert not app.exception and app.session_state["inpainting-pictures"] == SAMPLE_SETS["cifar10"].title
    assert app.session_state["inpainting.holes"][32].sum() == 100


def test_what_fills_the_hole_is_a_fact_of_the_run_and_another_one_a_change():
    other = toy_plan()
    plan = inpainting_plan(other.original, other.mask, ["cat"], other.config, fill="rim")
    assert plan.images["fill"] == "rim"
    assert np.array_equal(plan.start, fill_hole(other.original.astype(np.float32) / 255, other.mask, "rim"))
    run = Run(plan, lambda: [ToyClassifier("toy-a")])
    for _ in run.states():
        pass
    assert changed_settings(plan, ["toy-a"], run.so_far()) == []
    assert changed_settings(other, ["toy-a"], run.so_far()) == [FILL]


def test_the_likeliest_classes_of_a_run_in_progress_are_of_the_states_so_far():
    run = Run(toy_plan(), lambda: [ToyClassifier("toy-a")])
    states = run.states()
    for _ in range(3):
        next(states)
    so_far = run.so_far()[0]
    for last in (False, True):
        assert run.top_classes(0, last=last) == [so_far.top_classes(row, last=last) for row in range(len(so_far.start))]
    states.close()


def test_the_link_of_an_own_run_is_one_of_its_settings():
    app = open_page("generation", generation_classes_cifar10="ship", generation_steps="3")
    assert "url.less" not in app.session_state, "the stored example"
    run_to_the_end(app, "generation")
    assert [*app.session_state["url.less"]] == ["The run is computed again there; *Details* saves this one."]


def test_the_rate_of_the_hole_alone_is_that_of_the_stored_pictures():
    rows = stored_views()["pictures"]
    counts = [
        sum(row["places"][seen][0] == 1 for row in rows[f"hole-{search}"])
        for search, seen in (
            ("views", "alone"),
            ("pixels", "alone"),
            ("views", "alone_start"),
            ("views", "alone_original"),
        )
    ]
    assert [number.text for number in holes_alone().values()] == [f"{n} of {len(rows['hole-views'])}" for n in counts]
