"""What the makers store of the pictures that pages show."""

import json

import pytest

from core.classifiers.registry import load_classifier
from core.data.sample_sets import imagenet
from core.pgd.drawings import (
    GALLERY_FILE,
    OPENING_FILE,
    SKETCHED_FILE,
    judged_path,
    opening_words,
    painted_path,
    strip_path,
)
from core.pgd.methods import COMPARED
from precomputed.makers.drawings import PAINTER, judge_names
from precomputed.makers.gallery import FOUR, FRAMES, OPENING_WORDS, said_of


@pytest.mark.parametrize("method", COMPARED)
def test_numbers_beside_a_picture_are_those_of_its_file(method):
    gallery, sketched, opening = (
        json.loads(path.read_text("utf-8")) for path in (GALLERY_FILE, SKETCHED_FILE, OPENING_FILE)
    )
    judges = [judge["name"] for judge in gallery["judges"] if judge["name"] in judge_names()]
    networks = load_classifier(PAINTER), [load_classifier(name) for name in judges]
    word, sketch = gallery["words"][0], sketched["words"][0]
    strip = opening["words"][FOUR][method]
    for facts, path, label, frames in (
        (word[method], judged_path(word["label"], method), word["label"], 1),
        (sketch[method], painted_path("sketch", sketch["sketch"], method), sketch["label"], 1),
        (strip, strip_path(FOUR, method), imagenet().names.index(FOUR), FRAMES),
    ):
        said = said_of(path, frames, label, *networks)
        assert said.pop("confidence") == pytest.approx(facts["confidence"], rel=1e-3, abs=1e-6)
        assert [share[: len(facts["says"])] for share in (said["says"], said["ranks"])] == [
            facts["says"],
            facts["ranks"],
        ]
        assert said["shares"][: len(facts["says"])] == pytest.approx(facts["shares"], rel=1e-3)


def test_the_opening_has_the_makers_words():
    assert opening_words() == OPENING_WORDS
    assert json.loads(OPENING_FILE.read_text("utf-8"))["methods"]["word"] == FOUR
