"""Classes, prompt patterns and targets as users type them, from ordinary to hostile."""

import pytest
import torch

from core.classifiers.text import MAX_CLASSES, MAX_NAME_LENGTH, choose_target, parse_class_list, parse_template
from core.data.sample_sets import ClassSet


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cat, dog; polar bear", ("cat", "dog", "polar bear")),
        ("  cat ,\r\n\r\n, dog;;\n", ("cat", "dog")),
        ("polar \t  bear\x00,cat", ("polar bear", "cat")),
        ("قطة، كلب؛ طائر", ("قطة", "كلب", "طائر")),
        ("猫、犬，鳥；魚", ("猫", "犬", "鳥", "魚")),
        ("👩‍🚀, 🐈\N{VARIATION SELECTOR-16}, dog", ("👩‍🚀", "🐈\N{VARIATION SELECTOR-16}", "dog")),
        ("cafe\N{COMBINING ACUTE ACCENT}, \N{ZERO WIDTH SPACE}, tea", ("café", "tea")),
        ("<img src=x onerror=alert(1)>, **bold**, {class}", ("<img src=x onerror=alert(1)>", "**bold**", "{class}")),
        (f"cat, {'x' * MAX_NAME_LENGTH}", ("cat", "x" * MAX_NAME_LENGTH)),
        (",".join(map(str, range(MAX_CLASSES))), tuple(map(str, range(MAX_CLASSES)))),
    ],
)
def test_parse_class_list_finds_the_names_in_order(text, names):
    assert parse_class_list(text) == ClassSet("custom", names)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" ,;\n \N{ZERO WIDTH SPACE}\x07", "needs 2 to 100 classes and has 0; add some, separated by commas"),
        ("cat", "has 1; add some"),
        (",".join(map(str, range(MAX_CLASSES + 1))), "has 101; leave some out"),
        ("polar  bear, dog, polar bear", "only once, and 'polar bear' comes twice; keep one"),
        ("straße, STRASSE", "'STRASSE' repeats 'straße'; keep one"),
        ("caf\N{LATIN SMALL LETTER E WITH ACUTE}, cafe\N{COMBINING ACUTE ACCENT}", "comes twice"),
        (f"cat, {'x' * (MAX_NAME_LENGTH + 1)}", "has at most 200 characters, and 'x{39}…' has 201; shorten it"),
    ],
)
def test_parse_class_list_says_in_one_sentence_what_is_wrong(text, message):
    with pytest.raises(ValueError, match=message) as caught:
        parse_class_list(text)
    assert "\n" not in str(caught.value) and ". " not in str(caught.value) and len(str(caught.value)) < 250


def test_parse_template_drops_blanks_and_says_when_there_is_too_much():
    assert parse_template("  a   photo\nof a {class} ") == "a photo of a {class}"
    with pytest.raises(ValueError, match="may have 200 characters and has 2,000; shorten it"):
        parse_template("y" * 2000)


class Named:
    """The parts of a classifier that a target choice needs: names, kind, and a tokenizer with eight words."""

    name, template, embedded = "toy", "a photo of a {class}", {}

    def __init__(self, kind, names=("ant", "Bee", "crane", "crane")):
        self.kind, self.classes = kind, ClassSet("custom", names)

    def for_classes(self, class_set, template=None):
        return Named(self.kind, class_set.names)

    def tokenizer(self, prompts, context_length=8):
        rows = []
        for prompt in prompts:
            tokens = [sum(map(ord, word)) for word in prompt.split()][: context_length - 1] + [1]
            rows.append(tokens + [0] * (context_length - len(tokens)))
        return torch.tensor(rows)


@pytest.mark.parametrize("kind", ["zero-shot", "closed-set"])
@pytest.mark.parametrize(("text", "index"), [(" bee ", 1), ("CRANE", 2)])
def test_choose_target_finds_a_class_by_name(kind, text, index):
    classifier = Named(kind)
    chosen, place = choose_target(classifier, text)
    assert place == index and chosen is classifier


@pytest.mark.parametrize("text", ["a blue teapot", "one two three"])  # the second barely fits
def test_choose_target_adds_free_text_to_a_zero_shot_classifier(text):
    classifier = Named("zero-shot")
    chosen, place = choose_target(classifier, f" {text} ")
    assert place == 4 and chosen.classes.names[4] == text
    assert len(classifier.classes) == 4


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("closed-set", "bees", "target 'bees' is not among the 4 classes.*did you mean 'Bee'"),
        ("closed-set", "teapot", "or a CLIP for free text"),
        ("closed-set", "  ", "target is empty"),
        ("zero-shot", "far too many words for it", "text is too long.*reads only 8 tokens"),
    ],
)
def test_choose_target_says_what_is_wrong_in_one_sentence(kind, text, message):
    with pytest.raises(ValueError, match=message) as caught:
        choose_target(Named(kind), text)
    assert "\n" not in str(caught.value)
