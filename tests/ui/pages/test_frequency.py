"""The page *Frequencies* in Streamlit's test runner: what links open, figures, files."""

import html
import re

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from core.classifiers.registry import list_classifiers
from core.data.sample_sets import HEATMAPS, SAMPLE_SETS
from core.fourier.contrasts import ring_errors
from core.shared.files import npz_bytes
from tests.ui import page_runner
from tests.ui.page_runner import bodies, components, page_text, settable_widget
from ui.maps.catalogue import (
    CLIP,
    EFFICIENTNET,
    FIRST_PRESET,
    MINI_CLIP,
    PAPERS_PAIR,
    PHOTOGRAPHS,
    RESNET50,
    RESNET56,
    shipped_maps,
)
from ui.pages.frequency import CELL, DETAILS, OWN, PRESET
from ui.shared.colours import colour_name, model_colour
from ui.shared.page_pictures import Picture
from ui.tools.compute import UPLOADED
from ui.tools.tool_table import OWN_MAP, OWN_SWEEP, OWN_WORDS

FIRST_CELL = "{},{}".format(*FIRST_PRESET.frequency)
# A link, and the state that it opens; what is left out is the first figure's.
LINKS = {
    "whole": (
        {"cell": "2,5", "metric": "Top-5", "maps": [MINI_CLIP, CLIP], "show": "Difference"},
        {"cell": "2,5", "metric": "Top-5", "maps": [MINI_CLIP, CLIP], "show": "Difference"},
    ),
    "what the maps lack": ({"show": "Minus clean", "metric": "Probability"}, {}),
    "too many maps": (
        {"maps": [CLIP, RESNET56, RESNET50, MINI_CLIP, EFFICIENTNET, "mine"]},
        {"maps": [CLIP, RESNET56, RESNET50, MINI_CLIP]},
    ),
    **{cell: ({"cell": cell, "tab": "nonsense"}, {}) for cell in ("999,0", "1,2\n")},
}


def open_page(**parameters) -> AppTest:
    # Without a picture no classifier is loaded: these tests are about the maps.
    return page_runner.open_page("frequency", **({"pictures": "Yours"} | parameters))


@pytest.mark.parametrize("link", LINKS)
def test_link_restores_state_and_ignores_nonsense(link):
    parameters, opened = LINKS[link]
    app = open_page(**{"pictures": "CIFAR-10"} | parameters)
    usual = {"cell": FIRST_CELL, "metric": "Top-1", "maps": [CLIP, RESNET56], "show": "Error"}
    assert len(app.toast) == (link == "too many maps")  # it names those that are missing here
    for _ in range(2 if link == "whole" else 1):  # the second run keeps what the first one opened
        state = {name: settable_widget(app, name).value for name in ("metric", "maps", "show")}
        assert state | {"cell": app.query_params["cell"]} == usual | opened and "tab" not in app.query_params
        assert app.session_state["cell.positions"]["cifar10"] == SAMPLE_SETS["cifar10"].first
        assert link != "whole" or not app.run().exception


def test_presets_are_applied_and_marked():
    app = open_page(pictures="CIFAR-10")

    def marked():
        return app.button_group(key=PRESET).value

    def shown():
        widgets = (settable_widget(app, name).value for name in ("maps", "show", "metric"))
        return *widgets, app.session_state["pictures"], app.session_state[CELL]

    assert app.button_group(key=PRESET).proto.set_value and marked() == PAPERS_PAIR
    app.session_state[CELL] = 3, 4
    app.run()  # the pressed one is left to the browser, which may have a newer press
    assert not app.button_group(key=PRESET).proto.set_value and marked() == PAPERS_PAIR
    settable_widget(app, "show").set_value("Difference").run()
    assert marked() == "Difference"
    settable_widget(app, "metric").set_value("Top-5").run()
    assert marked() is None
    app.button_group(key=PRESET).set_value("Photographs").run()
    second = [RESNET50, EFFICIENTNET], "Error", "Top-1", "Photographs", (0, 9)
    assert shown() == second and marked() == "Photographs"
    app.button_group(key=PRESET).set_value(OWN).run()
    assert app.query_params["tab"] == OWN_SWEEP and marked() == OWN
    app.segmented_control(key="frequency.own").set_value(OWN_WORDS).run()
    assert app.query_params["tab"] == OWN_WORDS and not app.exception
    app.button_group(key=PRESET).set_value(PAPERS_PAIR).run()
    assert "tab" not in app.query_params and marked() == PAPERS_PAIR


def test_mismatched_maps_are_explained():
    app = open_page(maps=[CLIP, RESNET50], show="Difference")
    assert "32 and 224 pixels" in app.warning[0].value and "strengths: 4 and 15.7" in app.warning[0].value
    settable_widget(app, "maps").set_value([]).run()
    assert not app.exception and len(app.info) == 1 and not app.get("bidi_component")
    app = open_page(pictures="CIFAR-10", cell="20,3", maps=[CLIP, RESNET56], **{DETAILS: "true"})
    assert any("fewer pixels" in item.value for item in app.info)
    assert components(app, "picture")[0]["picture"]["size"] == 31, "the browser refuses, too"
    for name in ("CLIP ViT-B/32", "ResNet-56"):
        assert len(bodies(app, f'alt="How often {name} is wrong, by wave"')) == 1
    assert f"**{CLIP}**" in page_text(app) and "log says ResNet-56" in page_text(app)


def test_invalid_map_file_is_refused():
    app, whole = open_page(tab=OWN_MAP, **{DETAILS: "true"}), (HEATMAPS / "mini-clip_cifar10.npz").read_bytes()
    cut = "it is cut short or another kind of file"
    for data, why in (
        (b"these are notes", cut),
        (whole[:5000], cut),
        (npz_bytes(images=np.zeros(3)), "it lacks counts"),
    ):
        app.file_uploader(key=UPLOADED).set_value(("map.npz", data, "")).run()
        message = app.error[0].value.replace("\N{WORD JOINER}", "")
        assert f"not a heat map file, or a damaged one ({why}" in message and "core.sweep" in message
    mine = core.classifier(lambda images: images.mean((2, 3)), ["red", "green", "blue"], size=32, name="mine")
    images = np.random.default_rng(0).integers(0, 256, (9, 32, 32, 3), dtype=np.uint8)
    heatmap = core.heatmap(mine, images, np.arange(9) % 3, size=5, progress=False)
    app.file_uploader(key=UPLOADED).set_value(("map.npz", heatmap.to_bytes(), "")).run()
    assert not app.error and not app.exception
    assert settable_widget(app, "maps").value == [CLIP, RESNET56, "mine · own images · uploaded 1"]
    assert "weights unknown, sha256 unknown; seed 0" in page_text(app)


def introduction(app) -> str:
    (text,) = bodies(app, "Each cell is one ")
    return html.unescape(re.sub(r"<span class=\"tooltip-text.*?</span>|<[^>]*>", "", text))


def with_own_photo(app, size=224) -> AppTest:
    photo = np.random.default_rng(1).integers(0, 256, (3, size, size), dtype=np.uint8)
    take = Picture(photo, None, "photographs", 0, "mine.png", own=True)
    app.session_state["cell.own"], app.session_state["pictures"] = take, "Yours"
    return app.run()


def test_introduction_says_what_a_colour_means():
    app = open_page(pictures="CIFAR-10")
    assert "the network is wrong when that wave is added" in introduction(app)
    assert "two small stand-ins, Mini CLIP and Mini ResNet" in introduction(app)
    settable_widget(app, "show").set_value("Difference").run()
    assert "which network is wrong more often" in introduction(app)
    settable_widget(app, "metric").set_value("Top-5").run()
    settable_widget(app, "show").set_value("Error").run()
    assert "the right class is not among the network’s first five" in introduction(app)


def test_own_photo_opens_where_a_real_network_answers():
    app = open_page(pictures="CIFAR-10")
    app.session_state["cell.picking"] = app.session_state["cell.uploads"] = 1  # as the button does
    assert "pictures of 32 × 32 pixels, so your photo opens under *Photographs*." in app.run().file_uploader[0].label
    app.session_state["cell.picking"] = False
    app = with_own_photo(app)
    assert [toast.value for toast in app.toast] == ["Your photo is under *Photographs* now."]
    assert app.button_group(key=PRESET).value == PHOTOGRAPHS and app.query_params["pictures"] == "Yours"
    assert components(app, "picture")[0]["picture"]["image_size"] == 224
    assert "can only choose" not in introduction(app)
    app.button_group(key=PRESET).set_value(PAPERS_PAIR).run()  # the photo stays, and small networks answer
    seen = components(app, "picture")[0]["picture"]
    assert seen["image_size"] == 32 and seen["strip"]["selected"] == 0
    says = "Mini CLIP and Mini ResNet see your photo at 32 × 32 pixels and can only choose among 10 classes."
    assert says in introduction(app) and "sees your photo at 224 × 224 pixels and knows 1,000 classes" in introduction(
        app
    )
    app.button_group(key=PRESET).set_value(PHOTOGRAPHS).run()
    assert components(app, "picture")[0]["picture"]["image_size"] == 224 and not app.exception
    app.session_state["cell.picking"] = True
    assert "photo opens" not in app.run().file_uploader[0].label and not app.toast


def test_difference_names_its_colours():
    app = open_page(show="Difference")
    (view,) = components(app, "maps")[0]["maps"]
    assert view["subtitle"] == "Blue: CLIP ViT-B/32 is wrong more often. Orange: ResNet-56 is wrong more often."
    assert model_colour("clip-vit-b-32") == "#0072B2" and model_colour("resnet-56") == "#D55E00"
    for name in (spec.name for spec in list_classifiers()):
        assert colour_name(model_colour(name))


def test_maps_that_cannot_be_subtracted_have_a_chart_each():
    app = open_page(maps=[RESNET50, EFFICIENTNET])
    (body,) = bodies(app, "wrong most often")
    for name, label in (("ResNet-50", RESNET50), ("EfficientNet-Lite0", EFFICIENTNET)):
        errors = {r: e.measured.value for r, e in ring_errors(shipped_maps()[label].heatmap.crop(63)).items()}
        radius = max(errors, key=errors.get)
        peak = f"{radius} cycles per image" if name == "ResNet-50" else f"{name} at {radius}"
        assert f"{peak} ({100 * errors[radius]:.1f}%)" in body and f'alt="How often {name} is wrong, by wave"' in body


def test_own_tools_show_no_difference_and_stand_above():
    app = open_page(pictures="CIFAR-10", show="Difference")
    app.button_group(key=PRESET).set_value(OWN).run()
    assert settable_widget(app, "show").value == "Error" and app.query_params["tab"] == OWN_SWEEP
    scrolled = [data["part"] for data in components(app, "part")]
    assert not [part for part in scrolled if "tools" in part or "sweep" in part]
