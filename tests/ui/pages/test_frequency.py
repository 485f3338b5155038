"""The page *Frequencies* in Streamlit's test runner: every way to show the maps, and invalid URLs."""

import base64
import html
import json
import re
import time
from collections import Counter
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.classifiers.registry import MODELS, classifier_spec
from core.data.sample_sets import HEATMAPS, SAMPLE_SETS
from core.fourier.heatmap import MAX_SIDE, METRICS, Heatmap, heatmap_csv
from core.shared.device import class_probabilities
from core.shared.files import npz_bytes
from core.shared.stand_ins import UNKNOWN
from core.shared.text import TERMS
from core.sweep.predict import wave_on_image
from precomputed.make_default_picture import CHOICE, default_picture
from tests.core.squares import heatmap_of
from tests.ui.page_runner import settable_widget
from ui.maps.catalogue import (
    CLIP,
    EFFICIENTNET,
    FIRST_FIGURE,
    MAP_ONLY,
    MINI_CLIP,
    MINI_RESNET,
    RESNET50,
    RESNET56,
    UPLOADED,
    Entry,
    choose_predictors,
    entries,
    label_of,
    map_note,
    model_colour,
)
from ui.maps.predictions import LOADING
from ui.maps.views import SHOWS
from ui.pages.frequency import CELL, DETAILS, FIGURE, OWN
from ui.server.cache import classifier_for, ready_classifiers
from ui.shared.pictures import samples
from ui.shared.url import one_line
from ui.tools.registry import BY_CLASS, OWN_FILE, OWN_SWEEP, OWN_WORDS

CIFAR, PHOTOGRAPH = (SAMPLE_SETS[name].first for name in ("cifar10", "photographs"))
APP = Path(__file__).parents[1] / "apps" / "frequency_app.py"


def open_page(**parameters) -> AppTest:
    app = AppTest.from_file(str(APP), default_timeout=120)
    # Without a picture no classifier is loaded: these tests are about the maps.
    for name, value in ({"pictures": "Yours"} | parameters).items():
        app.query_params[name] = value
    return app.run()


def text(app: AppTest) -> str:
    """All text of the page, with intervals in brackets."""
    drawn = [element.value for kind in (app.markdown, app.caption, app.info, app.warning) for element in kind]
    bodies = [part.proto.body for part in app.get("html") if 'class="prose' in part.proto.body]
    return "\n".join([*drawn, *(plain(part) for part in bodies)])


def plain(body: str) -> str:
    """HTML as a plain-text sentence: intervals in brackets, without explanations of terms."""
    terms = "|".join(re.escape(html.escape(explanation)) for explanation in TERMS.values())
    body = re.sub(
        f'<span class="tooltip-text" role="tooltip">(?:{terms})</span>|<style>.*?</style>', "", body, flags=re.S
    )
    return html.unescape(re.sub("<[^>]*>", "", body)).replace("95 % interval", "")


@pytest.fixture(scope="module")
def page():
    return open_page()


def test_page_draws_maps_of_different_size_in_every_way(page):
    settable_widget(page, "maps").select("ResNet-50 · ImageNet100 · published")
    drawn = set()
    for maps in ([CLIP, RESNET56, RESNET50], [MINI_CLIP, MINI_RESNET, EFFICIENTNET], [MINI_CLIP]):
        settable_widget(page, "maps").set_value(maps).run()
        for metric in settable_widget(page, "metric").options:
            settable_widget(page, "metric").set_value(metric).run()
            for show in settable_widget(page, "show").options:
                settable_widget(page, "show").set_value(show).run()
                assert not page.exception, (maps, metric, show)
                for packed in json.loads(page.get("bidi_component")[0].proto.json)["maps"]:
                    cells = np.frombuffer(base64.b64decode(packed["cells"]), f"<i{packed['bytes']}")
                    assert (cells != np.iinfo(cells.dtype).min).any(), "no choice leaves a map empty"
                drawn.add((metric, show))
    assert {metric for metric, _ in drawn} == set(METRICS) and {show for _, show in drawn} == set(SHOWS)


def test_a_rerun_leaves_the_pressed_figure_to_the_browser_which_may_have_a_newer_press():
    app = open_page(pictures="CIFAR-10")
    group = app.button_group(key=FIGURE)
    assert group.proto.set_value and group.value == "Figure 1"
    app.session_state[CELL] = 3, 4
    group = app.run().button_group(key=FIGURE)
    assert not group.proto.set_value and group.value == "Figure 1"


def test_the_page_opens_with_the_first_figure_and_keeps_its_url():
    app = AppTest.from_file(str(APP), default_timeout=120)
    for _ in range(2):  # the second run keeps what the first one opened
        app.run()
        state, maps = app.session_state, [CLIP, RESNET56]
        assert not app.exception and settable_widget(app, "maps").value == maps
        assert (state[CELL], state["pictures"], state["cell.places"]["cifar10"]) == ((0, 1), "CIFAR-10", CIFAR)
        widgets = {key: settable_widget(app, key).value for key in ("show", "metric")}
        assert widgets == {"show": "Error", "metric": "Top-1"}
        assert app.query_params == {"cell": "0,1"}


def test_a_link_opens_its_state():
    app = open_page(cell="2,5", show="Error", metric="Top-5", maps=[MINI_CLIP])
    assert app.query_params["cell"] == "2,5" and settable_widget(app, "show").value == "Error"
    assert settable_widget(app, "metric").value == "Top-5" and settable_widget(app, "maps").value == [MINI_CLIP]
    assert app.session_state["pictures"] == "Yours"


def test_default_picture_is_what_the_rule_gives():
    assert json.loads(CHOICE.read_text()) == default_picture()


def test_models_predict_for_the_maps_shown_and_robust_ones_for_robust_ones():
    ready, known = ready_classifiers("cifar10"), entries()

    def who(*labels):
        chosen = [known[label] for label in labels]
        return {predictor.spec.name: predictor.instead_of for predictor in choose_predictors(chosen, ready, "cifar10")}

    assert who(CLIP, RESNET56) == {"mini-clip": "CLIP ViT-B/32", "mini-resnet": "ResNet-56"}
    robust = "Mini ResNet (robust) · CIFAR-10 · computed"
    assert who(CLIP, MINI_CLIP, robust) == {"mini-clip": "", "mini-resnet-robust": ""}
    assert who() == {spec.name: "" for spec in ready}
    photographs = choose_predictors([known[CLIP], known[RESNET56]], ready_classifiers("imagenet"), "imagenet")
    assert {predictor.note for predictor in photographs} == {""}, "no ImageNet network stands in for maps of CIFAR-10"
    predictors = choose_predictors([known[CLIP], known[RESNET50], known[MINI_CLIP]], ready, "cifar10")
    assert [(predictor.title, predictor.note) for predictor in predictors] == [("Mini CLIP", "")]
    predictors = choose_predictors([known[CLIP], known[RESNET50]], ready, "cifar10")
    assert [row.title for row in predictors] == ["CLIP ViT-B/32"]
    assert map_note(known[CLIP], predictors) == predictors[0].note == "answered by Mini CLIP, in miniature"
    assert map_note(known[RESNET50], predictors) == MAP_ONLY and not map_note(known[MINI_RESNET], predictors)
    assert len({model_colour(name) for name in ("clip-vit-b-32", "mini-clip", "mini-clip-robust")}) == 3


def test_page_warns_when_maps_were_not_measured_alike():
    app = open_page()
    settable_widget(app, "maps").set_value(
        ["CLIP ViT-B/32 · CIFAR-10 · published", "ResNet-50 · ImageNet100 · published"]
    )
    settable_widget(app, "show").set_value("Difference")
    app.run()
    assert "32 and 224 pixels" in text(app) and "size v: 4 and 15.7" in text(app)


def test_figures_of_the_paper_are_a_click_away_and_marked_only_while_they_are_shown():
    app = open_page(pictures="CIFAR-10")
    assert app.button_group(key=FIGURE).value == "Figure 1"
    settable_widget(app, "show").set_value("Difference").run()
    assert app.button_group(key=FIGURE).value is None
    app.button_group(key=FIGURE).set_value("Figure 2").run()
    assert (
        settable_widget(app, "maps").value == [RESNET50, EFFICIENTNET]
        and app.session_state["pictures"] == "Photographs"
    )
    assert settable_widget(app, "show").value == "Error" and app.button_group(key=FIGURE).value == "Figure 2"
    settable_widget(app, "maps").set_value([CLIP]).run()
    assert "measured on 32-pixel pictures of other classes" in text(app) and app.button_group(key=FIGURE).value is None
    app.button(key="frequency.offered").click().run()
    assert settable_widget(app, "maps").value == [RESNET50, EFFICIENTNET] and "not about" not in text(app)


def test_what_is_the_visitors_own_opens_beside_the_figures_and_closes_with_them():
    app = open_page(pictures="CIFAR-10")
    app.button_group(key=FIGURE).set_value(OWN).run()
    assert app.query_params["tab"] == OWN_SWEEP and app.button_group(key=FIGURE).value == OWN
    app.segmented_control(key="frequency.own").set_value(OWN_WORDS).run()
    assert app.query_params["tab"] == OWN_WORDS and not app.exception
    app.button_group(key=FIGURE).set_value("Figure 1").run()
    assert "tab" not in app.query_params and app.button_group(key=FIGURE).value == "Figure 1"


def test_a_link_to_what_the_maps_lack_opens_what_they_have():
    app = open_page(show="Minus clean", metric="Probability")
    assert (settable_widget(app, "metric").value, settable_widget(app, "show").value) == ("Top-1", "Error")


@pytest.mark.parametrize(
    "metric, colour", [("Top-1", "how often it misleads."), ("Probability", "the probability of the true class.")]
)
def test_introduction_tells_what_the_colour_shows(metric, colour):
    app = open_page(maps=[MINI_CLIP], metric=metric, show="Error")
    assert settable_widget(app, "metric").value == metric
    assert f"Each cell is a wave on pictures. Its colour shows {colour}" in text(app)


def test_page_without_maps_asks_for_one():
    app = open_page()
    settable_widget(app, "maps").set_value([]).run()
    assert not app.exception and "Choose at least one map" in text(app)


@pytest.mark.parametrize("cell", ["1,2,3", "9999,0", "1.5,2", "1,2\n"])
def test_page_takes_a_senseless_url_for_the_first_story(cell):
    app = open_page(cell=cell)
    assert not app.exception
    assert app.query_params["cell"] == "{},{}".format(*FIRST_FIGURE.frequency)


def test_page_shows_the_first_maps_of_a_link_with_too_many_and_says_so(page):
    labels = settable_widget(page, "maps").options
    app = open_page(maps=[*labels, "A map of mine · computed here 1"])
    assert "maps that are missing here: A map of mine" in " ".join(toast.value for toast in app.toast)
    assert not app.exception and settable_widget(app, "maps").value == labels[:4]
    assert "the first 4" in app.toast[1].value and not open_page(maps=labels[:4]).toast


def test_chart_of_rings_has_a_row_for_each_ring_of_each_map():
    app = open_page(maps=[CLIP, RESNET56], **{DETAILS: "true"})
    *layers, _ = json.loads(app.get("vega_lite_chart")[0].proto.spec)["layer"]
    for layer in layers:
        rows = layer["data"]["values"]
        assert [(row["network"], row["radius"]) for row in rows] == [
            (m, r) for m in (CLIP, RESNET56) for r in range(22)
        ]


def test_page_says_when_a_picture_is_too_small_for_the_wave():
    app = open_page(pictures="CIFAR-10", cell="20,3")
    assert not app.exception
    assert "This picture is too small for this wave" in text(app)
    assert json.loads(app.get("bidi_component")[0].proto.json)["picture"]["side"] == 31, "the browser refuses, too"


def uploaded(side: int, name: str = "toy", **facts) -> Heatmap:
    """A heat map that a visitor might upload: printed rates, which compress to a few kilobytes."""
    unknown = np.full((side, side), -1, dtype=np.int64)
    metadata = {
        "classifier": {"name": name},
        "dataset": {"name": "dots", "n": 10},
        "image_size": 1024,
        "epsilon": 1.0,
        "class_names": ["a", "b"],
        "source": {"type": "computed"},
    }
    rates = np.full((2, side, side), 0.5)
    return heatmap_of(unknown, unknown, 0 * unknown, np.full(3, -1), metadata | facts, printed_rates=rates)


def upload(app: AppTest, heatmap: Heatmap) -> AppTest:
    app.file_uploader(key=UPLOADED).set_value(("map.npz", heatmap.to_bytes(), "")).run()
    assert not app.exception and not app.error
    return app


@pytest.mark.slow
def test_the_largest_maps_cost_less_than_two_seconds_of_one_core_a_redraw():
    app = open_page(tab=OWN_FILE)
    for number in range(1, 5):
        upload(app, uploaded(MAX_SIDE, epsilon=float(number)))
    assert len(settable_widget(app, "maps").value) == 4
    for show in settable_widget(app, "show").options:
        began = time.process_time()
        settable_widget(app, "show").set_value(show).run()
        assert time.process_time() - began < 2 and not app.exception
    heatmap = uploaded(MAX_SIDE)
    for make in (heatmap.to_bytes, partial(heatmap_csv, heatmap)):
        began = time.process_time()
        make()
        assert time.process_time() - began < 2


@pytest.mark.parametrize(
    "data, why",
    [
        (b"these are notes", "it is cut short or another kind of file"),
        ((HEATMAPS / "mini-clip_cifar10.npz").read_bytes()[:5000], "it is cut short or another kind of file"),
        (npz_bytes(images=np.zeros(3)), "it lacks counts, hits, metadata"),
    ],
)
def test_a_file_that_is_no_map_is_refused_in_plain_words(data, why):
    app = open_page(tab=OWN_FILE)
    app.file_uploader(key=UPLOADED).set_value(("map.npz", data, "")).run()
    (error,) = app.error
    message = error.value.replace("\N{WORD JOINER}", "")
    assert f"not a heat map file, or a damaged one ({why})" in message and "core.sweep" in message


def test_the_name_in_an_uploaded_map_leads_to_no_folder_of_the_server():
    name = f"open_clip:local-dir:{MODELS / 'mini-clip'}"
    assert classifier_spec(name).title == "CLIP from mini-clip", "looking up the name finds a model"
    heatmap = uploaded(3, name)
    assert label_of(heatmap).split(" · ")[0] == one_line(name)
    entry = Entry(label_of(heatmap), heatmap)
    assert not map_note(entry, []) and model_colour(name) == UNKNOWN
    assert {
        predictor.spec.name for predictor in choose_predictors([entry], ready_classifiers("cifar10"), "cifar10")
    } == {spec.name for spec in ready_classifiers("cifar10")}


def test_every_shipped_map_says_where_it_comes_from(page):
    app = open_page(**{DETAILS: "true"})
    labels = settable_widget(app, "maps").options
    assert len(labels) == len(set(labels)) < 10
    assert not [label for label in labels if re.match("[a-z]", label)], "labels are display names"
    for chosen in np.array_split(labels, -(-len(labels) // 4)):
        settable_widget(app, "maps").set_value(chosen.tolist()).run()
        assert not app.exception
        visible = text(app)
        for label in chosen:
            assert f"**{label}**" in visible
    assert "the run's log says ResNet-56" in text(settable_widget(app, "maps").set_value(list(FIRST_FIGURE.maps)).run())


def test_classes_list_the_confusions_of_the_samples_under_the_wave():
    app = open_page(pictures="CIFAR-10", tab=BY_CLASS, **{DETAILS: "true"})
    app.session_state[LOADING] = True  # as if the browser had painted
    app.run()
    assert not app.exception and not app.error
    bodies = [element.proto.body for element in app.get("html")]
    flips = re.findall(r"(\d+) of 100<", next(body for body in bodies if "Flips, of 100 samples" in body))
    (table,) = [body for body in bodies if "Most frequent confusions" in body]
    rows = [re.findall("<td>(.*?)</td>", row) for row in table.split("<tr>")[2:]]
    data, images = samples("cifar10"), samples("cifar10").images.astype("f4") / 255
    for flipped, title, name in zip(flips, ("Mini CLIP", "Mini ResNet"), ("mini-clip", "mini-resnet"), strict=True):
        classifier, names = classifier_for(name, "cifar10"), data.classes.names
        waves = [wave_on_image(image, (0, 1), 4.0, seed=0, position=k).perturbed for k, image in enumerate(images)]
        before, after = (class_probabilities(classifier, some).argmax(1) for some in (images, np.stack(waves)))
        assert int(flipped) == (before != after).sum()
        listed = [row for row in rows if row[0] == title]
        pairs = Counter((names[a], names[b]) for a, b in zip(data.labels, after, strict=True) if a != b)
        assert [row[3] for row in listed] == [f"{count} of 10" for _, count in pairs.most_common(6)]
        for _, label, prediction, count, without in listed:
            assert pairs[label, prediction] == int(count.split()[0])
            mistaken = (data.labels == names.index(label)) & (before == names.index(prediction))
            assert int(without) == mistaken.sum()
    unknown = open_page(pictures="CIFAR-10", tab="Low and high pass")
    assert not unknown.exception and "tab" not in unknown.query_params
