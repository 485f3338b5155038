"""Python's half of the image picker: what is sent, when, and how a choice is taken."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from core.data.samples import load_samples
from ui.components import image_picker as picker
from ui.components.image_picker import PickerImage, image_picker

RANDOM = np.random.default_rng(0)


def noise(height, width=None):
    return RANDOM.integers(0, 256, (height, width or height, 3), dtype=np.uint8)


def sheet_of(pictures):
    """The sheet as the browser reads it: its tiles in order, and what kind of picture it is."""
    sheet = picker._sheet(picker._digest([PickerImage(p, "x") for p in pictures]), list(pictures))
    head, _, body = sheet.uri.partition(";base64,")
    image = np.asarray(Image.open(io.BytesIO(base64.b64decode(body))).convert("RGB"))
    tiles = [
        image[row : row + sheet.tile, column : column + sheet.tile]
        for row in range(0, image.shape[0], sheet.tile)
        for column in range(0, image.shape[1], sheet.tile)
    ]
    return sheet, head, tiles[: len(pictures)]


@pytest.mark.parametrize("count", [1, 2, 10, 100])
def test_small_pictures_arrive_pixel_for_pixel(count):
    pictures = [noise(32) for _ in range(count)]
    sheet, head, tiles = sheet_of(pictures)
    assert head == "data:image/png" and sheet.tile == 32 and sheet.lossless
    for picture, tile in zip(pictures, tiles, strict=True):
        assert np.array_equal(tile, picture)


def test_bundled_cifar10_samples_arrive_pixel_for_pixel():
    pictures = list(load_samples("cifar10-samples").images.transpose(0, 2, 3, 1))
    sheet, _, tiles = sheet_of(pictures)
    assert np.array_equal(np.stack(tiles), np.stack(pictures))
    assert len(sheet.uri) < 340_000


def test_photographs_become_small_thumbnails():
    pictures = list(load_samples("photographs").images.transpose(0, 2, 3, 1))
    sheet, head, tiles = sheet_of(pictures)
    assert head == "data:image/jpeg" and sheet.tile == 96 and not sheet.lossless
    assert len(sheet.uri) < 100_000
    for picture, tile in zip(pictures, tiles, strict=True):
        wanted = np.asarray(Image.fromarray(picture).resize((96, 96), Image.Resampling.BILINEAR), dtype=float)
        assert np.abs(tile - wanted).mean() < 6, "the right picture in the right place"


def test_oblong_picture_shows_its_centre():
    picture = noise(20, 50)
    _, _, tiles = sheet_of([picture])
    assert np.array_equal(tiles[0], picture[:, 15:35])


def test_smaller_picture_among_larger_ones_is_enlarged_whole():
    small, large = noise(16), noise(64)
    _, _, tiles = sheet_of([small, large])
    assert np.array_equal(tiles[0], small.repeat(4, 0).repeat(4, 1)) and np.array_equal(tiles[1], large)


def test_pictures_are_encoded_once(monkeypatch):
    pictures = [noise(32) for _ in range(3)]
    first = sheet_of(pictures)[0]
    monkeypatch.setattr(picker.Image, "fromarray", None)  # encoding again would fail
    assert picker._sheet(picker._digest([PickerImage(p.copy(), "y") for p in pictures]), pictures) is first


def test_digest_tells_pictures_their_order_and_their_shape_apart():
    a, b = PickerImage(noise(8), "a"), PickerImage(noise(8), "b")
    flat = PickerImage(a.picture.reshape(4, 16, 3), "a")
    digests = [picker._digest(images) for images in ([a], [b], [a, b], [b, a], [flat])]
    assert len(set(digests)) == len(digests)


def nobody(index):
    raise AssertionError("nothing was picked")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": []}, "at least one image"),
        ({"selected": 2}, "index from 0 to 1, got 2"),
        ({"selected": -1}, "index from 0 to 1, got -1"),
        ({"label": " "}, "wants a label"),
        ({"thumbnail": 8}, "wanted 24 to 192, got 8"),
    ],
)
def test_wrong_arguments_are_named(change, message):
    images = [PickerImage(noise(8), "a"), PickerImage(noise(8), "b")]
    arguments = {"images": images, "selected": 0, "key": "k", "label": "Image", "on_pick": nobody} | change
    with pytest.raises(ValueError, match=message):
        image_picker(arguments.pop("images"), **arguments)


def test_wrong_picture_is_named():
    with pytest.raises(ValueError, match=r"'cat': wanted uint8 \(H, W, 3\), got float64 \(8, 8, 3\)"):
        PickerImage(np.zeros((8, 8, 3)), "cat")
    with pytest.raises(ValueError, match="wants a caption"):
        PickerImage(noise(8), "  ")


def page():
    import numpy as np
    import streamlit as st

    from ui.components.image_picker import PickerImage, image_picker

    st.session_state.setdefault("picked", 1)
    shade = st.session_state.setdefault("shade", 0)
    images = [PickerImage(np.full((4, 4, 3), shade + k, np.uint8), f"picture {k}") for k in range(5)]

    def pick(index):
        st.session_state.picked = index

    image_picker(images, selected=st.session_state.picked, key="demo", label="Image", on_pick=pick)


def sent(app):
    """The data that the component got in the last run."""
    assert not app.exception
    message = app.get("bidi_component")[0].proto
    return json.loads(message.json)


def test_data_stay_the_same_until_python_moves_the_selection():
    app = AppTest.from_function(page, default_timeout=30).run()
    first = sent(app)
    assert first["selected"] == 1 and first["captions"][4] == "picture 4" and first["crisp"]
    assert sent(app.run()) == first

    app.session_state["picked"] = 3  # a preset
    moved = sent(app.run())
    assert moved["selected"] == 3 and moved["token"] != first["token"] and moved["sheet"] == first["sheet"]


def test_other_pictures_take_the_selection_back_to_pythons():
    app = AppTest.from_function(page, default_timeout=30).run()
    first = sent(app)
    app.session_state["shade"] = 100
    other = sent(app.run())
    assert other["token"] != first["token"] and other["digest"] != first["digest"] and other["selected"] == 1


class Session(dict):
    """Stands for `st.session_state`, without a running script."""


@pytest.fixture
def session(monkeypatch):
    state = Session()
    monkeypatch.setattr(picker.st, "session_state", state)
    return state


def choose(session, **choice):
    picked = []
    session["demo"] = {"choice": choice}
    picker._chosen("demo", 5, picked.append)
    return picked


def test_choice_is_taken_and_keeps_the_data_as_they_were(session):
    shown = picker._synchronise("demo", "pictures", 1)
    assert choose(session, index=4, token=shown.token, digest="pictures") == [4]
    assert picker._synchronise("demo", "pictures", 4) is shown and shown.pushed == 1


def test_choice_made_before_the_last_move_of_python_goes_out_again(session):
    old = picker._synchronise("demo", "pictures", 1)
    new = picker._synchronise("demo", "pictures", 2)
    assert choose(session, index=4, token=old.token, digest="pictures") == [4]
    assert picker._synchronise("demo", "pictures", 4).token not in (old.token, new.token)


@pytest.mark.parametrize(
    "change",
    [{"index": 5}, {"index": -1}, {"index": "2"}, {"index": None}, {"token": 3}, {"digest": "others"}],
)
def test_choice_that_makes_no_sense_is_ignored(session, change):
    shown = picker._synchronise("demo", "pictures", 1)
    assert choose(session, **({"index": 2, "token": shown.token, "digest": "pictures"} | change)) == []
    assert shown.index == 1
