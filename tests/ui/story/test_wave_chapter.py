"""The chapter *Wave*: what is said of each number of stripes and of each wave, against the stored answers."""

import re
import threading

import numpy as np
import pytest

from core.classifiers.registry import load_classifier
from core.data.words import everyday_name
from core.fourier.waves import canonical_frequency, half_plane
from core.shared.device import class_probabilities
from core.sweep.answers import column, stored_answers
from core.sweep.predict import wave_on_image
from core.sweep.story_predictions import chosen_pictures
from tests.ui.story.test_page import of, opened
from ui.components.maps.stripes import pack_small, read_stripes
from ui.maps import chosen_wave
from ui.shared.page_pictures import samples
from ui.story.chapters import read_ahead
from ui.story.data import far_from_clip
from ui.story.wave_chapter import FIRST_STRIPES, first_photo, photo_network, small_picture, striped

ANSWERS, PHOTOS = stored_answers()["efficientnet-lite0"], samples("photographs")


def answer(photo: int, stripes: int) -> tuple[str, int, bool]:
    """Return the stored class, its percentage, and whether it is the true one."""
    at = column((0, stripes), ANSWERS.size) if stripes else 0
    label = int(ANSWERS.classes[photo, at])
    return everyday_name(PHOTOS.classes.names[label]), int(ANSWERS.percents[photo, at]), label == PHOTOS.labels[photo]


@pytest.mark.parametrize("photo", range(12))
def test_every_line_is_about_its_stripes(photo):
    shown, right_alone = striped(photo), [k for k in range(12) if answer(k, 0)[2]]
    assert 8 < len(right_alone) < 12 and len(shown.answers) == 32
    for stripes, told in enumerate(shown.answers):
        says, percent, right = answer(photo, stripes)
        assert (told.says, told.wrong) == (says, not right) and told.percent == min(99, max(1, percent))
        assert told.fooled == (photo in right_alone and not right)
        assert bool(re.search(r"\bfools? it\.", told.line)) == told.fooled or "’t fool it." in told.line
        if stripes and photo in right_alone:
            assert told.line.startswith(f"{stripes} stripe{'' if stripes == 1 else 's'} ")
        if stripes:
            many = sum(not answer(k, stripes)[2] for k in right_alone)
            assert told.line.endswith(f"on {many or 'none'} of the {len(right_alone)} photos it otherwise gets right.")
        if photo not in right_alone:
            assert not told.fooled and "wrong even without a wave" in told.line


def test_chapter_begins_with_stripes_that_fool():
    shown = striped(first_photo())
    assert shown.name == "polar bear" and shown.answers[FIRST_STRIPES].fooled and not shown.answers[0].wrong


def test_component_shows_the_chosen_photo_and_stripes():
    app = opened(chapter="wave")
    data = of(app, "answers")
    assert (data["value"], data["name"]) == (FIRST_STRIPES, "polar bear")
    app.session_state["story.stripe-count"], app.session_state["story.wave-photo"] = 4, 3
    data = of(app.run(), "answers")
    assert (data["value"], data["name"], data["strip"]["selected"]) == (4, "macaw", 3)
    assert data["answers"][4]["says"] == answer(3, 4)[0]
    app.session_state["story.cell"] = (-5, 3)
    assert of(app.run(), "template")["value"] == [-5, 3]


def test_invalid_stripes_are_ignored():
    assert [read_stripes(value, 31) for value in (0, 31, 32, -1, True, 1.5, "3", None)] == [0, 31, *[None] * 6]


def test_small_picture_is_a_bright_car_that_becomes_a_ship():
    chosen, data = chosen_pictures(), samples("cifar10")
    car, ship = (data.classes.names.index(name) for name in ("automobile", "ship"))
    turned, kept = (stored_answers()[chosen[name]] for name in ("turned", "kept"))
    under = column(tuple(chosen["wave"]), turned.size)
    seen = np.stack([turned.classes[:, 0], turned.classes[:, under], kept.classes[:, 0], kept.classes[:, under]], 1)
    fooled = np.flatnonzero((seen == (car, ship, car, car)).all(axis=1) & (data.labels == car))
    bright = max(fooled, key=lambda position: data.images[position].mean())
    assert len(fooled) == 2 and chosen["story"]["position"] == bright


def test_fooled_pictures_are_counted_for_every_wave():
    picture, labels = small_picture(), samples("cifar10").labels
    first, second = (stored_answers()[name].classes for name in ("mini-clip", "mini-resnet"))
    both = (first[:, 0] == labels) & (second[:, 0] == labels)
    assert f"the {both.sum()} pictures that both" in picture.template
    for wave in ((0, 1), (3, -2), (-15, 15), (7, 0)):
        at = column(wave, 31)
        wrong = [(rows[:, at] != labels) & both for rows in (first, second)]
        expected = [(wrong[0] & ~wrong[1]).sum(), (wrong[1] & ~wrong[0]).sum()]
        assert picture.fooled[half_plane(31).index(canonical_frequency(*wave))].tolist() == expected
    packed = pack_small(picture)
    assert packed["networks"][0]["cells"][0] == packed["networks"][0]["cells"][-1], "a wave has two cells"


def test_stored_answers_are_the_networks():
    network = load_classifier(photo_network())
    for photo, stripes in ((first_photo(), FIRST_STRIPES), (3, 20)):
        image = PHOTOS.images[photo].astype(np.float32) / 255
        under = wave_on_image(image, (0, stripes), striped(photo).epsilon, seed=0, position=photo)
        probabilities = class_probabilities(network, under[None])[0]
        told = striped(photo).answers[stripes]
        assert everyday_name(PHOTOS.classes.names[int(probabilities.argmax())]) == told.says
        assert 100 * probabilities.max() == pytest.approx(told.percent, abs=1)


def test_sentence_on_the_stand_in_is_read_ahead(monkeypatch):
    read_ahead.cache_clear()
    read_ahead()
    for thread in threading.enumerate():
        if thread.name == "read-ahead":
            thread.join()
    monkeypatch.setattr(chosen_wave, "findings", None)  # would fail if it were called
    assert re.fullmatch(r"\d\.\d points", far_from_clip())
