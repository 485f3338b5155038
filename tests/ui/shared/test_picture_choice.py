"""One picture chooser for all pages: old URLs keep their meaning, uploads stay."""

import base64
import gc
import io
import json
import weakref
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import ui.maps.predictions
import ui.pages.frequency
import ui.pages.inpainting
import ui.runs.settings
import ui.shared.pictures
import ui.tools.compute
from core.data.sample_sets import SAMPLE_SETS
from ui.shared.pictures import sample_picture, uploaded_pixels

APPS = Path(__file__).parents[1] / "apps"


@pytest.fixture(autouse=True)
def no_classifiers(monkeypatch):
    for page in (
        ui.maps.predictions,
        ui.pages.frequency,
        ui.pages.inpainting,
        ui.runs.settings,
        ui.shared.pictures,
        ui.tools.compute,
    ):
        monkeypatch.setattr(page, "ready_classifiers", lambda class_set: [])


def open_page(name: str, **parameters: str) -> AppTest:
    app = AppTest.from_file(str(APPS / f"{name}_app.py"), default_timeout=120)
    for key, value in parameters.items():
        app.query_params[key.replace("_", "-")] = value
    return app.run()


def open_library(app: AppTest, page: str) -> AppTest:
    """Open the dialog for uploads, as its button does."""
    app.session_state[f"{page}.picking"] = True
    app.run()
    return app.segmented_control(key=f"{page}.kind").set_value("Yours").run()


def uploader(app: AppTest):
    return next(widget for widget in app.file_uploader if widget.label.startswith("Your picture"))


def picture_file(side: int = 64) -> bytes:
    data = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)).save(data, "PNG")
    return data.getvalue()


@pytest.mark.parametrize(
    ("parameters", "kind", "position"),
    [
        ({"pictures": "Photographs", "picture": "3"}, "photographs", 3),
        ({"pictures": "CIFAR-10", "picture": "100"}, "cifar10", SAMPLE_SETS["cifar10"].first),
        ({"pictures": "CIFAR-10", "picture": 5000 * "9"}, "cifar10", SAMPLE_SETS["cifar10"].first),
        ({"pictures": "nonsense", "picture": "x"}, "photographs", 0),
    ],
)
def test_old_links_to_the_frequency_page_show_the_same_picture(parameters, kind, position):
    app = open_page("frequency", **parameters)
    assert not app.exception
    assert app.session_state["cell.places"][kind] == position
    sent = json.loads(app.get("bidi_component")[0].proto.json)["picture"]
    pixels = np.frombuffer(base64.b64decode(sent["pixels"]), np.uint8).reshape(sent["size"], sent["size"], 3)
    np.testing.assert_array_equal(pixels.transpose(2, 0, 1), sample_picture(kind, position).pixels)
    assert sent["strip"]["selected"] == position


def test_old_links_to_inpainting_show_the_same_picture():
    app = open_page("inpainting", inpainting_pictures="CIFAR-10", inpainting_picture="33")
    assert not app.exception and app.session_state["inpainting.places"]["cifar10"] == 33
    app = open_page("inpainting", inpainting_pictures="CIFAR-10", inpainting_picture="²")
    assert not app.exception and app.session_state["inpainting.places"]["cifar10"] == 5


@pytest.mark.parametrize(
    ("name", "prefix", "keys"), [("frequency", "", "cell"), ("inpainting", "inpainting-", "inpainting")]
)
def test_upload_is_kept_when_its_widget_is_gone(name, prefix, keys):
    app = open_page(name, **{f"{prefix}pictures": "Photographs"})
    uploader(open_library(app, keys)).set_value(("mine.png", picture_file(), "image/png")).run()
    app.radio(key=f"{keys}.upload_size").set_value("32 px, CIFAR-10 classes").run()
    assert app.query_params[f"{prefix}pictures"] == "Photographs", "unchanged until the upload is used"
    app.button(key=f"{keys}.use").click().run()
    assert app.session_state[f"{prefix}pictures"] == "Yours" and app.query_params[f"{prefix}pictures"] == "Yours"
    assert app.session_state[f"{keys}.own"].size == 32
    assert not any(widget.label.startswith("Your picture") for widget in app.file_uploader), "the dialog has closed"
    open_library(app, keys)
    assert not app.exception and not app.error
    stored_name, pixels = app.session_state[f"{keys}.uploaded"]
    assert stored_name == "mine.png" and {size: array.shape for size, array in pixels.items()} == {
        32: (3, 32, 32),
        224: (3, 224, 224),
    }
    assert app.radio(key=f"{keys}.upload_size").value == "32 px, CIFAR-10 classes"


@pytest.mark.parametrize(("beside", "size"), [("CIFAR-10", 32), ("Photographs", 224)])
def test_an_upload_is_shown_at_the_size_of_the_pictures_beside_it(beside, size):
    app = open_library(open_page("frequency", pictures=beside), "cell")
    uploader(app).set_value(("mine.png", picture_file(), "image/png")).run()
    assert app.radio(key="cell.upload_size").value.startswith(f"{size} px")
    (preview,) = [item.proto.body for item in app.get("html") if 'alt="mine.png"' in item.proto.body]
    data = io.BytesIO(base64.b64decode(preview.partition("base64,")[2].partition('"')[0]))
    np.testing.assert_array_equal(
        np.asarray(Image.open(data)), uploaded_pixels(picture_file())[size].transpose(1, 2, 0)
    )


def test_an_upload_is_decoded_once_and_goes_with_its_session(monkeypatch):
    decoded = []
    monkeypatch.setattr(
        ui.shared.pictures, "uploaded_pixels", lambda data: decoded.append(data) or uploaded_pixels(data)
    )
    app = open_library(open_page("inpainting"), "inpainting")
    uploader(app).set_value(("mine.png", picture_file(), "image/png")).run().run()
    pixels = weakref.ref(app.session_state["inpainting.uploaded"][1][32])
    assert pixels() is not None and decoded == [picture_file()]
    del app
    gc.collect()
    assert pixels() is None


def test_a_broken_upload_is_refused_without_being_decoded_again(monkeypatch):
    app = open_library(open_page("inpainting"), "inpainting")
    uploader(app).set_value(("mine.png", b"no picture", "image/png")).run()
    monkeypatch.setattr(ui.shared.pictures, "uploaded_pixels", None)
    app.run()
    assert not app.exception and "this file is text" in app.error[0].value


def test_name_of_a_broken_upload_is_shown_as_letters():
    app = open_library(open_page("frequency"), "cell")
    uploader(app).set_value(("![](https:evil).png", b"no picture", "image/png")).run()
    assert not app.exception and app.error[0].value.startswith(r"“\!\[\](https:")
