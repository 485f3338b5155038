import re

import numpy as np
import open_clip
import pytest

from core.data.sample_sets import CIFAR10
from precomputed.training.data import (
    ATTRIBUTES,
    HELD_OUT_NAMES,
    HELD_OUT_TEMPLATES,
    NAMES,
    TEMPLATES,
    attributes_of,
    captions,
    fill,
)


def flat(red: float, green: float, blue: float) -> np.ndarray:
    """(1, 3, 4, 4) uint8 of one colour."""
    return np.broadcast_to((np.array([red, green, blue]) * 255).astype(np.uint8)[None, :, None, None], (1, 3, 4, 4))


@pytest.mark.parametrize("names", [NAMES, HELD_OUT_NAMES], ids=["train", "held-out"])
def test_every_class_has_names_and_no_two_classes_share_one(names):
    assert tuple(names) == CIFAR10.names
    every = [name for of_class in names.values() for name in of_class]
    assert len(every) == len(set(every))


def test_captions_name_their_own_class_and_no_other():
    for caption in captions():
        named = {label for label, names in enumerate(NAMES.values())
                 if any(re.search(rf"\b{re.escape(name)}\b", caption.text) for name in names)}  # fmt: skip
        assert named == {caption.label}, caption


def test_captions_claim_exactly_their_attribute():
    synonyms = [set(attribute.synonyms) for attribute in ATTRIBUTES]
    for caption in captions():
        claimed = [k for k, of_attribute in enumerate(synonyms) if of_attribute & set(re.findall(r"\w+", caption.text))]
        assert claimed == ([] if caption.attribute == -1 else [caption.attribute]), caption


def test_training_captions_hold_the_prompt_of_the_paper_and_share_nothing_with_the_held_out():
    texts = {(caption.text, caption.label) for caption in captions()}
    assert all((f"a photo of a {name}", label) in texts for label, name in enumerate(CIFAR10.names))
    assert not set(TEMPLATES) & set(HELD_OUT_TEMPLATES)
    assert not {n for names in NAMES.values() for n in names} & {n for names in HELD_OUT_NAMES.values() for n in names}


@pytest.mark.parametrize(
    ("colour", "expected"),
    [((0.1, 0.1, 0.1), {"dark", "grey"}), ((0.9, 0.9, 0.9), {"bright", "grey"}), ((0.4, 0.4, 0.6), {"bluish"}),
     ((0.6, 0.4, 0.4), {"reddish"}), ((0.45, 0.5, 0.45), {"greenish"}), ((0.5, 0.47, 0.47), set())],
)  # fmt: skip
def test_attributes_of_flat_colours(colour, expected):
    (holds,) = attributes_of(flat(*colour))
    assert {attribute.synonyms[0] for attribute, true in zip(ATTRIBUTES, holds, strict=True) if true} == expected


def test_reduced_vocabulary_splits_captions_as_clip_does_and_reads_any_word(tokenizer, architecture):
    whole = open_clip.SimpleTokenizer()
    for caption in captions()[::37]:
        pieces = [[t.decoder[token] for token in t.encode(caption.text)] for t in (tokenizer, whole)]
        assert pieces[0] == pieces[1]
    assert tokenizer.vocab_size == architecture["model_cfg"]["text_cfg"]["vocab_size"]
    assert tokenizer.decode(tokenizer.encode("zyzzyva — naïve")).strip() == "zyzzyva — naïve"


def test_captions_fit_the_context(tokenizer):
    held_out = [fill(t, name) for t in HELD_OUT_TEMPLATES for names in HELD_OUT_NAMES.values() for name in names]
    tokens = tokenizer([caption.text for caption in captions()] + held_out)
    assert (tokens == tokenizer.eot_token_id).any(dim=1).all()
    assert (tokens[:, -1] == 0).all(), "the longest caption should not be cut"
