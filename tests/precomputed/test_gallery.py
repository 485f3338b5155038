"""What the makers store of the pictures that pages show."""

import json

import pytest

from core.classifiers.registry import load_classifier
from core.pgd.drawings import (
    GALLERY_FILE,
    OPENING_FILE,
    SKETCHED_FILE,
    judged_path,
    opening_words,
    painted_path,
    picked_words,
)
from core.pgd.methods import COMPARED
from precomputed.makers.gallery_files import PICKED, said_of
from precomputed.makers.plans import PAINTER
from precomputed.makers.recognition import judge_names


@pytest.mark.parametrize("method", COMPARED)
def test_numbers_beside_a_picture_are_those_of_its_file(method):
    gallery, sketched, opening = (
        json.loads(path.read_text("utf-8")) for path in (GALLERY_FILE, SKETCHED_FILE, OPENING_FILE)
    )
    judges = [judge["name"] for judge in gallery["judges"] if judge["name"] in judge_names()]
    networks = load_classifier(PAINTER), [load_classifier(name) for name in judges]
    word, sketch = gallery["words"][0], sketched["words"][0]
    four = opening["methods"]
    for facts, path, label in (
        (word[method], judged_path(word["label"], method), word["label"]),
        (sketch[method], painted_path("sketch", sketch["sketch"], method), sketch["label"]),
        (four[method], judged_path(four["label"], method), four["label"]),
    ):
        said = said_of(path, label, *networks)
        assert said.pop("confidence") == pytest.approx(facts["confidence"], rel=1e-3, abs=1e-6)
        assert [share[: len(facts["says"])] for share in (said["says"], said["ranks"])] == [
            facts["says"],
            facts["ranks"],
        ]
        assert said["shares"][: len(facts["says"])] == pytest.approx(facts["shares"], rel=1e-3)


def test_the_opening_has_the_makers_words():
    assert picked_words() == PICKED and opening_words() == PICKED[:5]
    assert json.loads(OPENING_FILE.read_text("utf-8"))["methods"]["word"] == PICKED[0]
