"""One picture chooser for all pages: links keep their meaning, uploads stay."""

import base64
import gc
import io
import weakref

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import ui.pages.frequency
import ui.pages.inpainting
import ui.shared.pictures
from core.data.sample_sets import SAMPLE_SETS
from tests.ui.page_runner import bodies, components, open_page
from tests.ui.toys import noise_file, put_everywhere
from ui.shared.pictures import sample_picture, uploaded_pixels


@pytest.fixture(autouse=True)
def no_classifiers(monkeypatch):
    put_everywhere(monkeypatch, ready_classifiers=lambda class_set: [])


def upload(app: AppTest, page: str, name: str, data: bytes) -> AppTest:
    """Open the dialog, as its button does, and choose a file."""
    app.session_state[f"{page}.picking"] = True
    app.run()
    app.segmented_control(key=f"{page}.kind").set_value("Yours").run()
    assert not app.file_uploader(key=f"{page}.upload").set_value((name, data, "image/png")).run().exception
    return app


@pytest.mark.parametrize(
    ("parameters", "kind", "position"),
    [
        ({"pictures": "Photographs", "picture": "3"}, "photographs", 3),
        ({"pictures": "CIFAR-10", "picture": "100"}, "cifar10", SAMPLE_SETS["cifar10"].first),
        ({"pictures": "CIFAR-10", "picture": 5000 * "9"}, "cifar10", SAMPLE_SETS["cifar10"].first),
        ({"pictures": "nonsense", "picture": "x"}, "photographs", 0),
    ],
)
def test_a_links_picture_arrives_in_the_browser(parameters, kind, position):
    sent = components(open_page("frequency", **parameters), "picture")[0]["picture"]
    pixels = np.frombuffer(base64.b64decode(sent["pixels"]), np.uint8).reshape(sent["size"], sent["size"], 3)
    np.testing.assert_array_equal(pixels.transpose(2, 0, 1), sample_picture(kind, position).pixels)
    assert sent["strip"]["selected"] == position


@pytest.mark.parametrize(
    ("name", "prefix", "keys", "kind", "size"),
    [("frequency", "", "cell", "CIFAR-10", 32), ("inpainting", "inpainting-", "inpainting", "Photographs", 224)],
)
def test_an_upload_is_decoded_once_and_goes_with_its_session(name, prefix, keys, kind, size, monkeypatch):
    decoded = []
    monkeypatch.setattr(
        ui.shared.pictures, "uploaded_pixels", lambda data: decoded.append(data) or uploaded_pixels(data)
    )
    app = upload(open_page(name, **{f"{prefix}pictures": kind}), keys, "mine.png", noise_file())
    assert app.query_params[f"{prefix}pictures"] == "Yours" and app.session_state[f"{keys}.own"].size == size
    assert not any(widget.label.startswith("Your picture") for widget in app.file_uploader), "the dialog has closed"
    app.session_state[f"{keys}.picking"] = True
    app.run()
    (preview,) = bodies(app, 'alt="mine.png"')
    shown = Image.open(io.BytesIO(base64.b64decode(preview.partition("base64,")[2].partition('"')[0])))
    expected = uploaded_pixels(noise_file())
    assert size != 32 or np.array_equal(shown, expected[32].transpose(1, 2, 0))
    app.radio(key=f"{keys}.upload_size").set_value("224 px, ImageNet classes").run()
    app.button(key=f"{keys}.use").click().run()
    assert app.session_state[f"{keys}.own"].size == 224 and not app.exception and not app.error
    stored_name, pixels = app.session_state[f"{keys}.uploaded"]
    assert stored_name == "mine.png" and pixels.keys() == expected.keys()
    for side, array in pixels.items():
        np.testing.assert_array_equal(array, expected[side])
    assert decoded == [noise_file()]
    kept = weakref.ref(pixels[32])
    del app, pixels, array
    gc.collect()
    assert kept() is None


def test_a_broken_upload_is_refused_and_not_decoded_again(monkeypatch):
    app = upload(open_page("inpainting"), "inpainting", "![](https:evil).png", b"no picture")
    assert app.error[0].value.startswith(r"“\!\[\](https:") and "is no readable JPEG" in app.error[0].value
    monkeypatch.setattr(ui.shared.pictures, "uploaded_pixels", None)
    assert not app.run().exception and app.error
