"""mini-clip: its loss, its training captions, and the folder, which open_clip can read."""

import dataclasses
import gzip
import hashlib

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from core.classifiers.classifier import fill_template
from core.data.sample_sets import CIFAR10, CIFAR10_MEAN, CIFAR10_STD, PRECOMPUTED, ClassSet
from precomputed.training.data import HELD_OUT_NAMES, HELD_OUT_TEMPLATES, captions
from precomputed.training.loop import Accuracy, ClipRecipe, Outcome, clean_accuracy, recipe_from_args, training_parser
from precomputed.training.mini_clip import (
    ORDINARY,
    ROBUST,
    VOCABULARY,
    ClipTraining,
    caption_targets,
    contrastive_loss,
    held_out_accuracy,
    write_model,
    write_tokenizer,
)
from precomputed.training.report import clip_card


@pytest.mark.slow
def test_adversarial_fine_tuning_changes_the_image_tower_alone(make_training):
    training = make_training("clip", attack_steps=1, epochs=1)
    before = {name: tensor.clone() for name, tensor in training.network.state_dict().items()}
    list(training.steps())
    after = training.network.state_dict()
    assert {name.partition(".")[0] for name in after if not torch.equal(after[name], before[name])} == {"visual"}


def test_caption_targets_by_hand():
    probabilities = torch.tensor([[1.0, 0.0], [0.25, 0.75]])
    attributes = torch.tensor([[True, False], [False, True]])
    targets = caption_targets(probabilities, attributes, torch.tensor([0, 0, 1, 1]), torch.tensor([-1, 0, 1, 0]))
    assert targets.tolist() == [[1.0, 1.0, 0.0, 0.0], [0.25, 0.0, 0.75, 0.0]]


def test_contrastive_loss_agrees_with_a_slow_twin_and_with_clips_own_when_captions_are_unique():
    """Captions true of several images to different degrees; the last one, true of none, is only a negative."""
    torch.manual_seed(0)
    images, texts = F.normalize(torch.randn(4, 8), dim=1), F.normalize(torch.randn(5, 8), dim=1)
    truth = torch.rand(4, 5)
    truth[:, 4] = 0
    logits = 7 * images @ texts.T
    rows = [-(row / row.sum() * logits[k].log_softmax(0)).sum() for k, row in enumerate(truth)]
    columns = [-(truth[:, k] / truth[:, k].sum() * logits[:, k].log_softmax(0)).sum() for k in range(4)]
    expected = (torch.stack(rows).mean() + torch.stack(columns).mean()) / 2
    assert torch.allclose(contrastive_loss(images, texts, torch.tensor(7.0), truth), expected, atol=1e-6)
    clips = open_clip.ClipLoss()(images, texts[:4], torch.tensor(7.0))
    assert torch.allclose(contrastive_loss(images, texts[:4], torch.tensor(7.0), torch.eye(4)), clips, atol=1e-6)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, coloured, architecture):
    """A folder as written by the script, with random weights in full size, and its classifier."""
    folder = tmp_path_factory.mktemp("clip")
    tokenizer = write_tokenizer(folder, architecture["model_cfg"]["text_cfg"]["context_length"])
    training = ClipTraining(ClipRecipe(batch_size=20), architecture, coloured, captions()[::100], tokenizer)
    classifier = training.classifier()
    write_model(folder, classifier, architecture, "Mini CLIP", "")
    return folder, classifier


def test_open_clip_loads_the_folder_by_itself_sees_what_training_saw_and_gives_the_same_logits(bundle):
    folder, classifier = bundle
    loaded, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}", bpe_path=str(folder / VOCABULARY))
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    images = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 255
    seen = classifier.preprocess(images)
    assert (preprocess(Image.fromarray(pixels)) - seen[0]).abs().max() < 1.5 / 255 / 0.24  # PIL rounds to grey values
    with torch.no_grad():
        logits, _ = loaded.eval().get_logits(seen, tokenizer(fill_template("a photo of a {class}", CIFAR10)))
    assert torch.allclose(classifier(images), logits, atol=1e-5)


def test_held_out_accuracy_agrees_with_a_classifier_of_each_set_of_prompts(make_training, coloured):
    classifier, correct = make_training("clip").classifier(), 0
    for template in HELD_OUT_TEMPLATES:
        for names in zip(*HELD_OUT_NAMES.values(), strict=True):
            correct += clean_accuracy(classifier.for_classes(ClassSet("custom", names), template), coloured[:9]).correct
    assert held_out_accuracy(classifier, coloured[:9]) == Accuracy(correct, 9 * 30)


@pytest.mark.parametrize("name", ["mini-clip", "mini-clip-robust"])
def test_recipe_still_describes_the_bundled_model(name, bundle, architecture):
    folder = PRECOMPUTED / "models" / name
    assert (folder / "open_clip_config.json").read_text() == (bundle[0] / "open_clip_config.json").read_text()
    vocabularies = [gzip.decompress((path / VOCABULARY).read_bytes()) for path in (folder, bundle[0])]
    assert vocabularies[0] == vocabularies[1]
    pixels = architecture["preprocess_cfg"]
    assert (tuple(pixels["mean"]), tuple(pixels["std"])) == (CIFAR10_MEAN, CIFAR10_STD)


def test_recipe_takes_changes_from_the_command_line(tmp_path):
    (tmp_path / "weights").write_bytes(b"some weights")
    required = ["--data", "d", "--output", "o"]
    arguments = training_parser(None).parse_args([*required, "--epochs", "3", "--seed", "7"])
    assert recipe_from_args(arguments, ORDINARY, ROBUST) == ClipRecipe(epochs=3, seed=7)
    arguments = training_parser(None).parse_args([*required, "--robust", "--start", str(tmp_path / "weights")])
    recipe = recipe_from_args(arguments, ORDINARY, ROBUST)
    assert recipe == dataclasses.replace(ROBUST, start_sha256=hashlib.sha256(b"some weights").hexdigest())


def test_clip_card_is_filled_in(architecture):
    recipe = ClipRecipe(attack_steps=2, start_sha256="a" * 64, teacher_sha256="b" * 64)
    outcome = Outcome(Accuracy(80, 100), Accuracy(1, 2), 100.0, 1234567, "one machine")
    card = clip_card(recipe, outcome, Accuracy(77, 100), "mini-clip", architecture["model_cfg"]["vision_cfg"])
    for text in ("# mini-clip-robust", "1,234,567", "80.00% (95 % interval", "1 min 40 s on one machine", "| 77.00%",
                 "sha256 aaaaaaaaaaaa...", "sha256 bbbbbbbbbbbb...", "foolbox L2 PGD, epsilon 0.5", "last bits",
                 "--robust --start precomputed/models/mini-clip/open_clip_model.safetensors --teacher"):  # fmt: skip
        assert text in card, text
