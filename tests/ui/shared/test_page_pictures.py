"""One picture chooser for all pages: links keep their meaning, uploads stay."""

import base64
import gc
import weakref

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.data.sample_sets import SAMPLE_SETS
from tests.ui.page_runner import components, open_page
from tests.ui.toys import noise_file, put_everywhere
from ui.shared.page_pictures import sample_picture, uploaded_photo


@pytest.fixture(autouse=True)
def no_classifiers(monkeypatch):
    put_everywhere(monkeypatch, ready_classifiers=lambda class_set: [])


def upload(app: AppTest, page: str, name: str, data: bytes) -> AppTest:
    """Open the dialog, as its button does, and choose a file."""
    app.session_state[f"{page}.picking"] = app.session_state[f"{page}.uploads"] = 1
    app.run()
    assert not app.file_uploader(key=f"{page}.upload").set_value((name, data, "image/png")).run().exception
    return app


@pytest.mark.parametrize(
    ("parameters", "kind", "position"),
    [
        ({"pictures": "Photographs", "picture": "3"}, "photographs", 3),
        ({"pictures": "CIFAR-10", "picture": "100"}, "cifar10", SAMPLE_SETS["cifar10"].first),
        ({"pictures": "CIFAR-10", "picture": 5000 * "9"}, "cifar10", SAMPLE_SETS["cifar10"].first),
        ({"pictures": "nonsense", "picture": "x"}, "cifar10", SAMPLE_SETS["cifar10"].first),
    ],
)
def test_picture_of_a_link_is_sent_to_the_browser(parameters, kind, position):
    sent = components(open_page("frequency", **parameters), "picture")[0]["picture"]
    pixels = np.frombuffer(base64.b64decode(sent["pixels"]), np.uint8).reshape(*2 * [sent["image_size"]], 3)
    np.testing.assert_array_equal(pixels.transpose(2, 0, 1), sample_picture(kind, position).pixels)
    assert sent["strip"]["selected"] == position


@pytest.mark.parametrize(
    ("name", "prefix", "keys", "kind", "size"),
    [("frequency", "", "cell", "CIFAR-10", 224), ("inpainting", "inpainting-", "inpainting", "Photographs", 224)],
)
def test_upload_is_selected_and_freed(name, prefix, keys, kind, size):
    app = upload(open_page(name, **{f"{prefix}pictures": kind}), keys, "mine.png", noise_file())
    own = app.session_state[f"{keys}.own"]
    np.testing.assert_array_equal(own.pixels, uploaded_photo(noise_file(), size, "").framed(kind).pixels)
    assert app.query_params[f"{prefix}pictures"] == "Yours" and own.caption == "mine.png" and own.label is None
    assert not app.file_uploader, "the dialog has closed"
    kept = weakref.ref(own.pixels)
    del app, own
    gc.collect()
    assert kept() is None


@pytest.mark.parametrize(("name", "page"), [("inpainting", "inpainting"), ("frequency", "cell")])
def test_the_middle_of_a_photo_is_first_and_its_frame_in_place(name, page):
    file = noise_file(300, 224)
    app = upload(open_page(name), page, "mine.png", file)
    whole = uploaded_photo(file, 224, "")
    np.testing.assert_array_equal(app.session_state[f"{page}.own"].pixels, whole.pixels[38:262].transpose(2, 0, 1))
    assert not app.file_uploader and not app.exception
    (frame,) = [data for data in components(app, "source") if "width" in data]
    assert (frame["width"], frame["height"], frame["value"]) == (224, 300, 0.5)
    app.session_state["pictures" if name == "frequency" else f"{page}-pictures"] = "Photographs"  # a bundled one
    assert not [data for data in components(app.run(), "source") if "width" in data]


def test_a_broken_upload_is_refused():
    app = upload(open_page("inpainting"), "inpainting", "![](https:evil).png", b"no picture")
    assert app.error[0].value.startswith(r"“\!\[\](https:") and "is not a readable JPEG" in app.error[0].value
