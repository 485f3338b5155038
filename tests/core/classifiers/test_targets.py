import pytest
import torch

from core.classifiers.text import choose_target
from core.data.classes import ClassSet


class Named:
    """As much of a classifier as choosing a target touches: names, kind, and a tokenizer of eight words."""

    name, template = "toy", "a photo of a {class}"

    def __init__(self, kind, names=("ant", "Bee", "crane", "crane")):
        self.kind, self.classes = kind, ClassSet("custom", names)

    def for_classes(self, class_set, template=None):
        return Named(self.kind, class_set.names)

    def tokenizer(self, prompts, context_length=8):
        rows = []
        for prompt in prompts:
            words = [sum(map(ord, word)) for word in prompt.split()][: context_length - 1] + [1]
            rows.append(words + [0] * (context_length - len(words)))
        return torch.tensor(rows)


@pytest.mark.parametrize("kind", ["zero-shot", "closed-set"])
@pytest.mark.parametrize(("text", "index"), [("ant", 0), (" bee ", 1), ("CRANE", 2)])
def test_choose_target_finds_a_class_by_name(kind, text, index):
    classifier = Named(kind)
    chosen = choose_target(classifier, text)
    assert chosen.index == index and chosen.classifier is classifier


def test_choose_target_adds_free_text_to_a_zero_shot_classifier():
    classifier = Named("zero-shot")
    chosen = choose_target(classifier, " a blue teapot ")
    assert chosen.index == 4 and chosen.classifier.classes.names[4] == "a blue teapot"
    assert len(classifier.classes) == 4


@pytest.mark.parametrize(
    ("kind", "text", "message"),
    [
        ("closed-set", "bees", "target 'bees' is not among the 4 classes.*did you mean 'Bee'"),
        ("closed-set", "teapot", "or a CLIP for free text"),
        ("closed-set", "  ", "target is empty"),
        ("zero-shot", "", "target is empty"),
        ("zero-shot", "far too many words for it", "text is too long.*reads only 8 tokens"),
    ],
)
def test_choose_target_says_what_is_wrong_in_one_sentence(kind, text, message):
    with pytest.raises(ValueError, match=message) as caught:
        choose_target(Named(kind), text)
    assert "\n" not in str(caught.value)


def test_choose_target_takes_a_text_that_just_fits():
    assert choose_target(Named("zero-shot"), "one two three").index == 4
