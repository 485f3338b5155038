"""Chapter *Wave*: a photo under stripes, and the paper's maps with a small picture under the wave of a cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from core.classifiers.registry import classifier_spec, short_title
from core.data.stored import cached_by_files
from core.data.words import everyday_name
from core.fourier.contrasts import LOW
from core.fourier.waves import all_random_signs, half_plane, random_signs
from core.shared.numbers import Frequency
from core.shared.roles import networks_for
from core.shared.text import count_of, with_article
from core.sweep.answers import SIGNS_SEED, WaveAnswers, column, stored_answers
from core.sweep.story_predictions import stored_predictions
from ui.components.maps.maps import draw_maps
from ui.components.maps.stripes import (
    SmallPicture,
    StripedPhoto,
    StripesAnswer,
    WavePredictions,
    picture_under_wave,
    striped_photo,
)
from ui.maps.catalogue import stored_title
from ui.shared import url
from ui.shared.colours import model_colour
from ui.shared.page_pictures import sample_picture, samples, thumbnails
from ui.story import data
from ui.story.data import CHOSEN_PICTURES
from ui.story.figures import PAPERS_MAPS, chosen_wave, keep_wave, maps_of

_PHOTO, _STRIPES = "story.wave-photo", "story.stripe-count"  # keys in the session
_LINKED_PHOTO, _LINKED_STRIPES = "striped", "stripes"  # in the URL
# By eye: its answers are easy to read.
_FIRST_PHOTO, FIRST_STRIPES = "ice bear", 9
_SMALL_SIZE = 31  # of the maps


# ---- a photo under stripes ---------------------------------------------------------------------------------------


def photo_under_stripes() -> None:
    """Draw a photo under stripes, a network's answer, and the other photos."""
    state, photo, stripes = st.session_state, _photo(), _stripes()
    url.put(_LINKED_PHOTO, None if is_first() else str(photo))
    url.put(_LINKED_STRIPES, None if is_first() else str(stripes))
    striped_photo(
        striped(photo),
        stripes=stripes,
        key="story.stripes",
        on_choose=partial(state.__setitem__, _STRIPES),
        on_pick=partial(state.__setitem__, _PHOTO),
    )


def _photo() -> int:
    """Return the index of the chosen photo, at first the URL's."""
    linked = url.number(_LINKED_PHOTO, range(len(samples(data.PHOTOGRAPHS.name).labels)))
    return st.session_state.setdefault(_PHOTO, first_photo() if linked is None else linked)


def _stripes() -> int:
    """Return the chosen number of stripes, at first the URL's."""
    linked = url.number(_LINKED_STRIPES, range(stored_answers()[photo_network()].size // 2 + 1))
    return st.session_state.setdefault(_STRIPES, FIRST_STRIPES if linked is None else linked)


def is_first() -> bool:
    """Return True while the photo and the stripes are those to begin with."""
    return (_photo(), _stripes()) == (first_photo(), FIRST_STRIPES)


def first_photo() -> int:
    """Return the index of the photo to begin with."""
    photos = samples(data.PHOTOGRAPHS.name)
    return photos.labels.tolist().index(photos.classes.names.index(_FIRST_PHOTO))


def photo_network() -> str:
    """Return the registry name of the network with stored answers for the photos under every wave."""
    dataset = data.PHOTOGRAPHS.dataset
    return networks_for("painter", [name for name, file in stored_answers().items() if file.about[0] == dataset])[0]


@cached_by_files("waves", entries=12)
def striped(photo: int) -> StripedPhoto:
    """Return a photo with the network's answers under each number of stripes. photo: its index."""
    picture, answers = sample_picture(data.PHOTOGRAPHS.name, photo), stored_answers()[photo_network()]
    most = answers.size // 2
    name = everyday_name(picture.classes.names[int(picture.label or 0)])
    return StripedPhoto(
        pixels=picture.pixels,
        name=name,
        epsilon=answers.metadata["epsilon"],
        signs=np.stack([random_signs(photo + 1, (0, j), seed=SIGNS_SEED)[photo] for j in range(1, most + 1)]),
        network=short_title(classifier_spec(photo_network()).title),
        answers=[_answer(answers, photo, stripes) for stripes in range(most + 1)],
        strip=thumbnails(data.PHOTOGRAPHS.name),
        selected=photo,
    )


def fooled(answers: WaveAnswers, labels: np.ndarray, waves: Sequence[Frequency]) -> np.ndarray:
    """Return (N, W) bool, True for each picture that is right without a wave and wrong with it. labels: (N,)."""
    right = answers.classes == labels[:, None]
    return right[:, :1] & ~right[:, [column(wave, answers.size) or 0 for wave in waves]]


def _answer(answers: WaveAnswers, photo: int, stripes: int) -> StripesAnswer:
    labels, names = samples(data.PHOTOGRAPHS.name).labels, data.PHOTOGRAPHS.classes.names
    under = (column((0, stripes), answers.size) or 0) if stripes else 0  # column 0: without a wave
    now = int(answers.classes[photo, under])
    right_before = answers.classes[:, 0] == labels
    fooled_photos, before = fooled(answers, labels, [(0, stripes)])[:, 0], int(answers.classes[photo, 0])
    was_fooled = bool(stripes and fooled_photos[photo])
    counted = count_of(stripes, "stripe")
    lines = []
    if not right_before[photo]:
        seen = with_article(everyday_name(names[before]))
        lines.append(f"It gets this photo wrong even without a wave: it sees {seen}.")
    elif was_fooled:
        sure = f"{_percent(answers.percents[photo, 0])}%"
        lines.append(f"{counted} {'fools' if stripes == 1 else 'fool'} it. Without a wave it was {sure} sure.")
    elif stripes:
        lines.append(f"{counted} {'doesn’t' if stripes == 1 else 'don’t'} fool it.")
    else:
        lines.append("It is right. Drag the slider to add stripes.")
    if stripes:
        many, known = int(fooled_photos.sum()), int(right_before.sum())
        also = "also " * was_fooled
        lines.append(f"The wave {also}fools it on {many or 'none'} of the {known} photos it otherwise gets right.")
    return StripesAnswer(
        says=everyday_name(names[now]),
        percent=_percent(answers.percents[photo, under]),
        wrong=bool(now != labels[photo]),
        fooled=was_fooled,
        line=" ".join(lines),
    )


def _percent(percent: int) -> int:
    """Return a percentage from 1 to 99: no network is 0% or 100% sure."""
    return min(99, max(1, int(percent)))


# ---- every wave --------------------------------------------------------------------------------------------------


def maps_and_picture() -> None:
    """Draw the paper's maps of CLIP and of a ResNet, and a small picture under the chosen wave."""
    left, right = st.columns([70, 30], gap="medium")
    with left:
        maps = replace(maps_of(*PAPERS_MAPS), outline=LOW.edge, outline_name=LOW.name)
        draw_maps(maps, selected=chosen_wave(), key="story.maps", on_select=keep_wave)
    with right, st.container(key="story-small-picture"):
        picture_under_wave(small_picture(), wave=chosen_wave(), key="story.small")


@cached_by_files("predictions", "waves", "heatmaps")
def small_picture() -> SmallPicture:
    """Return the picture next to the maps, with two networks' predictions under every wave."""
    picture, networks = sample_picture("cifar10", CHOSEN_PICTURES["story"]["position"]), data.on_one_picture()
    signs = all_random_signs(_SMALL_SIZE, picture.position + 1, seed=CHOSEN_PICTURES["seed"])[:, :, picture.position]
    predictions = [
        WavePredictions(stored_title(name), model_colour(name), clean, waves)
        for name in networks
        for clean, *waves in (stored_predictions()[name].top1(),)
    ]
    counts, template = _fooled_alone(networks, [network.title for network in predictions])
    names, label = picture.classes.names, int(picture.label or 0)
    return SmallPicture(picture.pixels, signs, CHOSEN_PICTURES["epsilon"], predictions, names, label, counts, template)


def _fooled_alone(networks: Sequence[str], titles: Sequence[str]) -> tuple[np.ndarray | None, str]:
    """Return in how many bundled pictures each wave fools each network alone, (W, 2), and the sentence that says it."""
    stored, labels = stored_answers(), samples("cifar10").labels
    if any(name not in stored or stored[name].size != _SMALL_SIZE for name in networks):
        return None, ""
    right = np.logical_and.reduce([stored[name].classes[:, 0] == labels for name in networks])
    first, second = (fooled(stored[name], labels, half_plane(_SMALL_SIZE))[right] for name in networks)
    counts = np.stack([(first & ~second).sum(0), (second & ~first).sum(0)], axis=1)
    a, b = titles
    pictures = f"the {right.sum()} pictures that both networks get right"
    return counts, f"Of {pictures}, this wave fools only {a} on {{0}} of them and only {b} on {{1}}."
