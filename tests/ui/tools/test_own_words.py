"""Predictions for the visitor's own classes, in Streamlit's test runner: the engine's numbers, and nothing is lost."""

import re
from html import unescape
from pathlib import Path

import numpy as np
import open_clip
import pytest
from streamlit.testing.v1 import AppTest

import ui.maps.predictions
import ui.server.cache
import ui.shared.page_pictures
import ui.tools.own_words
from core.classifiers.classifier import Preprocess
from core.classifiers.registry import classifier_spec, load_classifier
from core.classifiers.weights import Identity
from core.classifiers.zero_shot import ClipModel
from core.data.datasets import load_samples
from core.data.sample_sets import CIFAR10, ClassSet
from core.shared.device import class_probabilities
from core.sweep.predict import wave_on_image
from tests.core.toy import tiny_clip
from tests.ui.page_runner import bodies
from tests.ui.toys import spec
from ui.tools.own_words import DEFAULT_CLASSES, OWN_CLASSES, PROMPT

ROOT = Path(__file__).parents[3]
MINI = classifier_spec("mini-clip")


def question() -> None:
    """A page with only the form for own classes, with a bundled picture."""
    from types import SimpleNamespace

    from core.data.datasets import load_samples
    from ui.maps.chosen_wave import PerturbedPicture
    from ui.shared.page_pictures import Picture
    from ui.tools.own_words import own_classes

    picture = Picture(load_samples("cifar10-samples").images[33], None, "cifar10", 33, "a picture")
    own_classes(SimpleNamespace(perturbed=PerturbedPicture(picture, (0, 5), 4.0)))


@pytest.fixture(autouse=True)
def ready(monkeypatch):
    """Fixture of the ready classifiers, a list that tests may change."""
    specs = [MINI]
    monkeypatch.setattr(ui.tools.own_words, "ready_clips", lambda: specs)
    for cached in (
        ui.server.cache.classifier_for,
        ui.maps.predictions.predictions_of,
        ui.shared.page_pictures.predicted,
    ):
        cached.cache_clear()
    return specs


def opened(classes: str | None = None, prompt: str | None = None) -> AppTest:
    app = AppTest.from_function(question, default_timeout=120).run()
    if classes is not None:
        app.text_area(key=OWN_CLASSES).set_value(classes)
    if prompt is not None:
        app.text_input(key=PROMPT).set_value(prompt)
    assert not app.run().exception
    return app


def tables(app: AppTest) -> list[str]:
    return bodies(app, "<table")


def rows(table: str) -> dict[str, tuple[float, float]]:
    """Class -> probabilities in per cent, clean and with the wave."""
    matches = re.findall(r"<tr[^>]*><td>(.*?)</td>.*?</span>([\d.]+)%</td>.*?</span>([\d.]+)%</td></tr>", table)
    return {unescape(re.sub(r"</?bdi>", "", name)): (float(a), float(b)) for name, a, b in matches}


def engine(classifier) -> np.ndarray:
    """(2, K) probabilities in per cent, clean and with the wave, from the classifier."""
    image = load_samples("cifar10-samples").images[33].astype(np.float32) / 255
    perturbed = wave_on_image(image, (0, 5), 4.0, seed=0, position=33)
    return 100 * class_probabilities(classifier, np.stack([image, perturbed]))


def expect_numbers(table: str, names: tuple[str, ...], expected: np.ndarray) -> None:
    columns = {name: pytest.approx(expected[:, column], abs=0.051) for column, name in enumerate(names)}
    assert rows(table) == columns


def test_own_words_show_the_classifiers_probabilities():
    names = tuple(DEFAULT_CLASSES.split(", "))
    expect_numbers(tables(opened())[0], names, engine(load_classifier("mini-clip", ClassSet("custom", names))))
    names = ("a kitten", "puppy", "speed boat")
    app = opened(" a kitten ,puppy\n\nspeed   boat", "an image of {class}")
    classifier = load_classifier("mini-clip", ClassSet("custom", names), template="an image of {class}")
    expect_numbers(tables(app)[0], names, engine(classifier))


def test_every_clip_predicts_the_same_words(ready, monkeypatch):
    preprocess, tokenizer = Preprocess(32, (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)), open_clip.get_tokenizer("ViT-B-32")
    other = ClipModel(Identity("other-clip", "random"), tiny_clip(), tokenizer, preprocess).for_classes(CIFAR10)
    clips = {"mini-clip": load_classifier("mini-clip", CIFAR10), "other-clip": other}
    monkeypatch.setattr(ui.server.cache, "_loaded", clips.__getitem__)
    ready.append(spec("other-clip", "Other CLIP"))
    first, second = tables(opened("cat; ship", "{class}!"))
    assert f"<caption>{MINI.title} " in first and "<caption>Other CLIP " in second
    expect_numbers(second, ("cat", "ship"), engine(other.for_classes(ClassSet("custom", ("cat", "ship")), "{class}!")))
    app = opened(f"dog, {' '.join(['cat'] * 30)}")
    (error,), (table,) = app.error, tables(app)
    assert error.value.startswith(f"{MINI.title}: ") and "Other CLIP" in table


@pytest.mark.parametrize(
    ("classes", "prompt", "reason"),
    [
        ("cat", "a {class}", "needs 2 to 100 classes and has 1"),
        ("![p](http://x.y/z.png), dog, ![p](http://x.y/z.png)", "{class}", r"\!\[p\](http:"),
    ],
)
def test_invalid_words_are_explained_and_kept(classes, prompt, reason):
    app = opened(classes, prompt)
    (error,) = app.error
    assert reason in (error.value if "!" in classes else error.value.replace("\\", "")) and not tables(app)
    assert (app.text_area(key=OWN_CLASSES).value, app.text_input(key=PROMPT).value) == (classes, prompt)
    app.text_area(key=OWN_CLASSES).set_value("cat, dog")
    app.text_input(key=PROMPT).set_value("a {class}").run()
    assert not app.error and len(tables(app)) == 1


def test_without_clip_the_page_links_to_models(ready):
    ready.remove(MINI)
    app = opened()
    assert "on the page **Models**" in app.markdown[0].value
    assert not app.text_area and not app.text_input and not app.button
