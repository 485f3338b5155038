"""Predictions for the visitor's own classes, in Streamlit's test runner: the engine's numbers, and nothing is lost."""

import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import numpy as np
import open_clip
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import ui.maps.predictions
import ui.server.cache
import ui.tools.own_words
from core.classifiers.classifier import ClipModel, Preprocess
from core.classifiers.registry import classifier_spec, load_classifier
from core.classifiers.weights import Identity
from core.data.datasets import load_samples
from core.data.sample_sets import CIFAR10, ClassSet
from core.shared.device import class_probabilities
from core.sweep.predict import wave_on_image
from tests.core.toy import tiny_clip
from tests.ui.toys import spec
from ui.tools.own_words import CLASSES, DEFAULT_CLASSES, MAX_URL_TEXT, PROMPT

ROOT = Path(__file__).parents[3]
MINI = classifier_spec("mini-clip")


def question(kind: str = "cifar10-samples", position: int = 33) -> None:
    """A page with only the form for own classes, with a bundled picture."""
    import streamlit as st

    from core.data.datasets import load_samples
    from ui.maps.wave import PerturbedPicture
    from ui.shared.pictures import Picture
    from ui.tools.own_words import own_classes

    data = load_samples(kind)
    picture = Picture(data.images[position], None, "cifar10", position, "a picture")
    size = 4.0 if picture.size == 32 else 31.4
    if st.session_state.get("elsewhere"):
        st.write("another part of the app")
    else:
        own_classes(PerturbedPicture(picture, (0, 5), size))


@pytest.fixture(autouse=True)
def ready(monkeypatch):
    """Fixture of the ready classifiers, a list that tests may change."""
    specs = [MINI]
    monkeypatch.setattr(ui.tools.own_words, "ready_clips", lambda: specs)
    st.cache_data.clear()
    ui.server.cache.classifier_for.cache_clear()
    return specs


@pytest.fixture(scope="module")
def other_clip():
    """Another CLIP, with random weights and the usual vocabulary and context length."""
    preprocess, tokenizer = Preprocess(32, (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)), open_clip.get_tokenizer("ViT-B-32")
    return ClipModel(Identity("other-clip", "random"), tiny_clip(), tokenizer, preprocess).for_classes(CIFAR10)


@pytest.fixture
def two_clips(ready, other_clip, monkeypatch):
    """Make both classifiers ready, and return them by name."""
    models = {"mini-clip": load_classifier("mini-clip", CIFAR10), "other-clip": other_clip}
    monkeypatch.setattr(ui.server.cache, "_loaded", models.__getitem__)
    ready.append(spec("other-clip", "Other CLIP"))
    return models


def opened(classes: str | None = None, prompt: str | None = None, **place) -> AppTest:
    app = AppTest.from_function(question, default_timeout=120, kwargs=place).run()
    if classes is not None:
        app.text_area(key=CLASSES).set_value(classes)
    if prompt is not None:
        app.text_input(key=PROMPT).set_value(prompt)
    return app.run()


def tables(app: AppTest) -> list[str]:
    return [element.proto.body for element in app.get("html") if "<table" in element.proto.body]


def rows(table: str) -> dict[str, tuple[float, float]]:
    """Class -> probabilities in per cent, clean and with the wave."""
    matches = re.findall(r"<tr[^>]*><td>(.*?)</td>.*?</span>([\d.]+) %</td>.*?</span>([\d.]+) %</td></tr>", table)
    return {unescape(re.sub(r"</?bdi>", "", name)): (float(a), float(b)) for name, a, b in matches}


def page_text(app: AppTest) -> str:
    return "\n".join(item.value for kind in (app.markdown, app.caption, app.info) for item in kind)


def engine(classifier, kind: str = "cifar10-samples", position: int = 33, size: float = 4.0) -> np.ndarray:
    """(2, K) probabilities in per cent, clean and with the wave, from the classifier."""
    image = load_samples(kind).images[position].astype(np.float32) / 255
    wave = wave_on_image(image, (0, 5), size, seed=0, position=position)
    return 100 * class_probabilities(classifier, np.stack([wave.clean, wave.perturbed]))


def expect_numbers(table: str, names: tuple[str, ...], expected: np.ndarray) -> None:
    actual = rows(table)
    assert set(actual) == set(names)
    for column, name in enumerate(names):
        assert actual[name] == pytest.approx(expected[:, column], abs=0.051)


def test_predictions_are_the_engines_also_for_large_pictures():
    names = ("a kitten", "puppy", "speed boat")
    app = opened(" a kitten ,puppy\n\nspeed   boat", "an image of {class}", kind="photographs", position=2)
    assert not app.exception and not app.error
    classifier = load_classifier("mini-clip", ClassSet("custom", names), template="an image of {class}")
    expect_numbers(tables(app)[0], names, engine(classifier, "photographs", 2, 31.4))


def test_page_opens_with_a_list_that_is_answered():
    app = opened()
    assert app.text_area(key=CLASSES).value == DEFAULT_CLASSES
    names = tuple(DEFAULT_CLASSES.split(", "))
    expect_numbers(tables(app)[0], names, engine(load_classifier("mini-clip", ClassSet("custom", names))))


def test_every_ready_clip_predicts_among_exactly_the_same_list(two_clips):
    app = opened("cat; a small dog; ship", "{class}!")
    assert not app.exception and not app.error
    classes = ClassSet("custom", ("cat", "a small dog", "ship"))
    for table, clip, title in zip(tables(app), two_clips.values(), (MINI.title, "Other CLIP"), strict=True):
        assert f"<caption>{title}: " in table
        expect_numbers(table, classes.names, engine(clip.for_classes(classes, "{class}!")))


def test_a_name_too_long_for_one_text_tower_is_refused_by_that_one_alone(two_clips):
    typed = f"dog, {' '.join(['cat'] * 30)}"
    app = opened(typed)
    (error,) = app.error
    assert error.value.startswith(f"{MINI.title}: the class name is too long: classifier 'mini-clip' reads only 24")
    assert error.value.endswith("shorten it.")
    (table,) = tables(app)
    assert "Other CLIP" in table and app.text_area(key=CLASSES).value == typed


@pytest.mark.parametrize(
    ("classes", "prompt", "sentence"),
    [
        ("cat", None, "The list needs 2 to 100 classes and has 1; add some, separated by commas."),
        (None, "a photo", "A prompt template holds {class} exactly once, got 'a photo'"),
        (None, "x" * 300, "The prompt pattern may have 200 characters and has 300; shorten it."),
    ],
)
def test_what_cannot_be_asked_gets_one_sentence_and_stays_in_its_field(classes, prompt, sentence):
    app = opened(classes, prompt)
    assert not app.exception and not tables(app)
    (error,) = app.error
    assert error.value.replace("\\", "").startswith(sentence)
    assert app.text_area(key=CLASSES).value == (DEFAULT_CLASSES if classes is None else classes)
    assert app.text_input(key=PROMPT).value == ("a photo of a {class}" if prompt is None else prompt)
    app.text_area(key=CLASSES).set_value("cat, dog")
    app.text_input(key=PROMPT).set_value("a {class}").run()
    assert not app.error and len(tables(app)) == 1


def test_typed_text_is_never_taken_for_markup():
    names = ("<img src=x onerror=alert(1)>", "**bold**", "🐈", "قطة", "a\N{RIGHT-TO-LEFT OVERRIDE}b")
    app = opened("\n".join(names), "{class}")
    assert not app.exception and not app.error
    (table,) = tables(app)
    assert "<img" not in table and "<bdi>&lt;img src=x onerror=alert(1)&gt;</bdi>" in table
    expect_numbers(table, names, engine(load_classifier("mini-clip", ClassSet("custom", names), template="{class}")))
    app = opened("![p](http://x.y/z.png), dog, ![p](http://x.y/z.png)")
    (error,) = app.error
    assert r"\!\[p\](http:" in error.value


def test_a_long_list_shows_the_leading_classes_and_what_the_others_share():
    names = tuple(f"cat number {k}" for k in range(100))
    app = opened("\n".join(names))
    expected = engine(load_classifier("mini-clip", ClassSet("custom", names)))
    actual = rows(tables(app)[0])
    (rest,) = (name for name in actual if name.endswith("more classes"))
    leading = [names.index(name) for name in actual if name != rest]
    assert rest == f"{100 - len(leading)} more classes" and set(expected.argmax(1)) <= set(leading)
    assert actual[rest] == pytest.approx(100 - expected[:, leading].sum(1), abs=0.06)


def test_a_list_is_embedded_once_and_a_question_answered_once(monkeypatch):
    calls = []
    real = ClipModel.embed_prompts
    monkeypatch.setattr(
        ClipModel, "embed_prompts", lambda self, prompts, **_: calls.append(prompts) or real(self, prompts)
    )
    app = opened("cat, dog, {class}", "the {class}")
    app.text_area(key=CLASSES).set_value("cat,dog\n\n{class}").run()
    monkeypatch.setattr(ui.maps.predictions, "predict_under_waves", lambda *_, **__: pytest.fail("asked again"))
    app.button(key="own.ask").click().run()
    assert not app.exception and calls.count(["the cat", "the dog", "the {class}"]) == 1


def test_url_brings_the_question_back():
    app = AppTest.from_function(question, default_timeout=120)
    app.query_params[CLASSES], app.query_params[PROMPT] = "ship\ncat", "a {class}, dark"
    app.run()
    assert app.text_area(key=CLASSES).value == "ship\ncat" and app.text_input(key=PROMPT).value == "a {class}, dark"
    assert set(rows(tables(app)[0])) == {"ship", "cat"}


@pytest.mark.parametrize("typed", [", ".join(f"dog number {k}" for k in range(99)), "one"])
def test_question_is_kept_while_the_visitor_is_elsewhere(typed):
    app = opened(typed, "a nice {class}")
    assert ("too long for the URL" in page_text(app)) == (len(typed) > MAX_URL_TEXT / 2)
    app.session_state["elsewhere"] = True
    app.run()
    assert "another part" in page_text(app) and not app.text_area
    app.session_state["elsewhere"] = False
    app.run()
    assert app.text_area(key=CLASSES).value == typed and app.text_input(key=PROMPT).value == "a nice {class}"


def test_without_a_clip_one_sentence_says_what_it_is_and_where_to_get_one(ready):
    ready.remove(MINI)
    app = opened()
    assert not app.exception
    assert "any classes that you type" in page_text(app) and "**Models** offers some" in page_text(app)
    assert not app.text_area and not app.text_input and not app.button


def test_first_run_of_the_page_draws_the_question_without_torch():
    script = (
        "import sys\n"
        "from streamlit.testing.v1 import AppTest\n"
        "app = AppTest.from_file('tests/ui/apps/frequency_app.py', default_timeout=120)\n"
        "app.query_params['pictures'] = 'CIFAR-10'\n"
        f"app.query_params['{CLASSES}'] = 'cat, <b>, cat'\n"
        "app.run()\n"
        "assert not app.exception, app.exception\n"
        f"assert app.text_area(key='{CLASSES}').value == 'cat, <b>, cat' and len(app.error) == 1\n"
        "assert 'Loading the classifiers …' in [one.value for one in app.markdown]\n"
        "assert 'torch' not in sys.modules"
    )
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
