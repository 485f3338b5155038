"""Classes, prompt patterns and targets as users type them, from ordinary to hostile."""

import pytest
import torch

from core.classifiers.classifier import ClosedSetClassifier, Preprocess
from core.classifiers.text import MAX_CLASSES, MAX_NAME_LENGTH, choose_targets, parse_class_list, parse_template
from core.classifiers.weights import Identity
from core.data.sample_sets import ClassSet, imagenet


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cat, dog; polar bear", ("cat", "dog", "polar bear")),
        ("polar \t  bear\x00,cat", ("polar bear", "cat")),
        ("قطة، كلب؛ طائر", ("قطة", "كلب", "طائر")),
        ("猫、犬，鳥；魚", ("猫", "犬", "鳥", "魚")),
        ("👩‍🚀, 🐈\N{VARIATION SELECTOR-16}, dog", ("👩‍🚀", "🐈\N{VARIATION SELECTOR-16}", "dog")),
        ("cafe\N{COMBINING ACUTE ACCENT}, \N{ZERO WIDTH SPACE}, tea", ("café", "tea")),
        ("<img src=x onerror=alert(1)>, **bold**, {class}", ("<img src=x onerror=alert(1)>", "**bold**", "{class}")),
        (f"cat, {'x' * MAX_NAME_LENGTH}", ("cat", "x" * MAX_NAME_LENGTH)),
    ],
)
def test_parse_class_list_finds_the_names_in_order(text, names):
    assert parse_class_list(text) == ClassSet("custom", names)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" ,;\n \N{ZERO WIDTH SPACE}\x07", "needs 2 to 100 classes and has 0; add some, separated by commas"),
        (",".join(map(str, range(MAX_CLASSES + 1))), "has 101; leave some out"),
        ("polar  bear, dog, polar bear", "only once, and 'polar bear' comes twice; keep one"),
        ("straße, STRASSE", "'STRASSE' comes twice; keep one"),
        (f"cat, {'x' * (MAX_NAME_LENGTH + 1)}", "has at most 200 characters, and 'x{39}…' has 201; shorten it"),
    ],
)
def test_parse_class_list_says_in_one_sentence_what_is_wrong(text, message):
    with pytest.raises(ValueError, match=message) as caught:
        parse_class_list(text)
    assert "\n" not in str(caught.value) and ". " not in str(caught.value) and len(str(caught.value)) < 250


def test_parse_template_drops_blanks_and_has_a_limit():
    assert parse_template("  a   photo\nof a {class} ") == "a photo of a {class}"
    with pytest.raises(ValueError, match="200 characters .* 2,000"):
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
def test_choose_targets_finds_classes_by_name_and_index(kind):
    classifier = Named(kind)
    chosen, places = choose_targets(classifier, [" bee ", "CRANE", 3])
    assert places == [1, 2, 3] and chosen is classifier


@pytest.mark.parametrize("text", ["a blue teapot", "one two three"])  # the second barely fits
def test_choose_targets_adds_free_text_to_a_zero_shot_classifier(text):
    classifier = Named("zero-shot")
    chosen, places = choose_targets(classifier, [f" {text} ", "ant", text])
    assert places == [4, 0, 4] and chosen.classes.names[4] == text
    assert len(classifier.classes) == 4


@pytest.mark.parametrize(
    ("kind", "texts", "message"),
    [
        ("closed-set", ["bees"], "target 'bees' is not among the 4 classes.*nearest: bee"),
        ("closed-set", ["teapot"], "or a CLIP for free text"),
        ("closed-set", ["  "], "target is empty"),
        ("zero-shot", ["far too many words for it"], "text is longer than the 8 tokens that"),
    ],
)
def test_choose_targets_says_what_is_wrong_in_one_sentence(kind, texts, message):
    with pytest.raises(ValueError, match=message) as caught:
        choose_targets(Named(kind), texts)
    assert "\n" not in str(caught.value)


def linear(classes):
    """A closed-set classifier of 8 x 8 pictures, linear in the pixels."""
    generator = torch.Generator().manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, len(classes), bias=False)).double()
    with torch.no_grad():
        network[1].weight.copy_(torch.randn(network[1].weight.shape, generator=generator))
    identity = Identity("linear", "random", None)
    return ClosedSetClassifier(identity, network, Preprocess(8, (0.5,) * 3, (0.5,) * 3), classes)


def test_word_is_the_union_of_its_classes():
    plain, images = linear(imagenet()), torch.rand(2, 3, 8, 8, generator=torch.Generator().manual_seed(1)).double()
    merged, (elephant, beacon, hen) = choose_targets(plain, ["elephants", "lighthouse", 8])
    names = plain.classes.names
    members = [names.index(name) for name in ("Indian elephant", "African elephant")]
    assert merged.classes.names[elephant] == "elephants" and len(merged.classes) == 999
    assert merged.classes.names[beacon] == "beacon" and merged.classes.names[hen] == names[8]

    variable = images.clone().requires_grad_()
    expected = -plain(variable).softmax(dim=1)[:, members].sum(dim=1).log()
    (expected_gradient,) = torch.autograd.grad(expected.sum(), variable)
    again = images.clone().requires_grad_()
    loss = torch.nn.functional.cross_entropy(merged(again), torch.tensor([elephant, elephant]), reduction="none")
    (gradient,) = torch.autograd.grad(loss.sum(), again)
    assert torch.allclose(loss, expected, rtol=0, atol=1e-10) and torch.allclose(
        gradient, expected_gradient, rtol=0, atol=1e-10
    )

    whole, parts = merged(images).softmax(dim=1), plain(images).softmax(dim=1)
    assert torch.allclose(whole[:, [beacon, hen]], parts[:, [names.index("beacon"), 8]], atol=1e-12)


def test_a_word_of_one_class_is_that_class_bit_for_bit():
    plain = linear(imagenet())
    assert choose_targets(plain, ["lighthouse"]) == (plain, [imagenet().names.index("beacon")])


@pytest.mark.parametrize("words", [("dog", "poodle"), ("dog", "dalmatian"), ("elephant", 385)])
def test_words_that_share_classes_are_refused(words):
    with pytest.raises(ValueError, match="share a class"):
        choose_targets(linear(imagenet()), words)
