"""Recipes take the steps they always took, resume to the same bits, and write models that the registry reads."""

from unittest.mock import MagicMock

import numpy as np
import open_clip
import pytest
import torch
from torch.nn import functional as F

from core.classifiers.loaders import load_bundled_clip, load_bundled_network
from core.classifiers.registry import MODELS, load_classifier
from core.classifiers.weights import Identity, check_sha256
from core.data.datasets import load_samples
from core.data.sample_sets import CIFAR10
from precomputed.training import loop, mini_clip, mini_resnet, robust
from precomputed.training.captions import captions
from precomputed.training.loop import Batch, attack_l2, orthogonalise, seeded_generator
from precomputed.training.mini_clip import VOCABULARY, caption_targets, contrastive_loss

SAMPLES = load_samples("cifar10-samples")
# For each bundled model its recipe with options, and the losses of three steps on batches of 20 samples, as recorded
# when the recipes repeated the first steps of the code that trained the models, bit by bit.
RECIPES = {
    "mini-resnet": (mini_resnet, "", [2.923, 2.738, 2.661]),
    "mini-resnet-robust": (robust, f"--start {MODELS / 'mini-resnet'}", [6.449, 7.365, 4.871]),
    "mini-clip": (mini_clip, "", [3.867, 3.914, 4.207]),
    "mini-clip-robust": (robust, f"--start {MODELS / 'mini-clip'}", [4.237, 4.268, 3.87]),
    "mini-clip-vit": (
        mini_clip,
        "--teacher none --architecture mini-clip-vit",
        [3.729, 3.708, 3.559],
    ),
}


@pytest.fixture
def one_thread():
    """Bit-identical runs need a fixed number of threads."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_training_is_deterministic_and_resumes(name, monkeypatch, tmp_path, one_thread, capsys):
    recipe, options, expected = RECIPES[name]
    for split, count in (("train", 100), ("test", 20)):
        images, labels = SAMPLES.images[:count].transpose(0, 2, 3, 1), SAMPLES.labels[:count]
        np.savez(tmp_path / f"cifar10-{split}.npz", images=images, labels=labels, classes=np.array(CIFAR10.names))
    monkeypatch.setattr(mini_resnet, "BATCH_SIZE", 20)
    monkeypatch.setattr(mini_clip, "BATCH_SIZE", 20)
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(loop, "progress_bar", bar := MagicMock())
    bar = bar.return_value.__enter__.return_value

    def train(output, *more):
        common = ["--data", str(tmp_path), "--output", str(tmp_path / output), "--device", "cpu", "--epochs", "1"]
        return recipe.main([*common, *options.split(), *more])

    assert train("whole") == 0 and "n = 20)" in capsys.readouterr().out
    losses = [float(call.kwargs["loss"]) for call in bar.set_postfix.call_args_list]
    assert len(losses) == 5 and losses[:3] == pytest.approx(expected, abs=0.01)
    bar.update.side_effect = [None, None, KeyboardInterrupt]
    assert train("parts") == 130
    assert train("parts", "--seed", "1") == 2 and "other options" in capsys.readouterr().err
    bar.update.side_effect = None
    assert train("parts") == 0
    weights, load = (
        (mini_resnet.WEIGHTS, load_bundled_network) if "resnet" in name else (mini_clip.WEIGHTS, load_bundled_clip)
    )
    whole, parts = (tmp_path / output / "model" for output in ("whole", "parts"))
    assert (whole / weights).read_bytes() == (parts / weights).read_bytes()
    classifier = load(whole / weights, Identity(name, name, check_sha256(whole / weights)))
    logits = classifier.for_classes(CIFAR10)(torch.rand(2, 3, 32, 32))
    assert logits.shape == (2, 10)


def test_contrastive_loss_equals_the_reference():
    """Captions true of several images to different degrees; the last one, true of none, is only a negative."""
    torch.manual_seed(0)
    images, texts = F.normalize(torch.randn(4, 8), dim=1), F.normalize(torch.randn(5, 8), dim=1)
    truth = torch.rand(4, 5)
    truth[:, 4] = 0
    logits = 7 * images @ texts.T
    rows = [-(row / row.sum() * logits[k].log_softmax(0)).sum() for k, row in enumerate(truth)]
    columns = [-(truth[:, k] / truth[:, k].sum() * logits[:, k].log_softmax(0)).sum() for k in range(4)]
    expected = (torch.stack(rows).mean() + torch.stack(columns).mean()) / 2
    assert torch.allclose(contrastive_loss(logits, truth), expected, atol=1e-6)
    clips = open_clip.ClipLoss()(images, texts[:4], torch.tensor(7.0))
    assert torch.allclose(contrastive_loss(logits[:, :4], torch.eye(4)), clips, atol=1e-6)


def test_caption_targets_by_hand():
    probabilities = torch.tensor([[1.0, 0.0], [0.25, 0.75]])
    attributes = torch.tensor([[True, False], [False, True]])
    targets = caption_targets(probabilities, attributes, torch.tensor([0, 0, 1, 1]), torch.tensor([-1, 0, 1, 0]))
    assert targets.tolist() == [[1.0, 1.0, 0.0, 0.0], [0.25, 0.0, 0.75, 0.0]]


def test_bundled_vocabulary_tokenizes_like_clip():
    tokenizers = open_clip.SimpleTokenizer(str(VOCABULARY), context_length=24), open_clip.SimpleTokenizer()
    for caption in captions()[::37]:
        bundled, whole = ([t.decoder[token] for token in t.encode(caption.text)] for t in tokenizers)
        assert bundled == whole and len(bundled) < 23
    assert tokenizers[0].decode(tokenizers[0].encode("zyzzyva — naïve")).strip() == "zyzzyva — naïve"


@pytest.mark.parametrize("shape", [(8, 30), (30, 8)])
def test_orthogonalise_levels_singular_values(shape):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    u, sizes, vt = torch.linalg.svd(matrix, full_matrices=False)
    levelled = u.T @ orthogonalise(matrix, steps=6) @ vt.T
    assert (levelled - torch.diag(levelled.diagonal())).abs().max() < 1e-3
    assert levelled.diagonal().min() > 0.6 and levelled.diagonal().max() < 1.3


def test_attack_reaches_the_linear_optimum():
    """For two classes the loss grows fastest along the difference of their weights."""
    weight = torch.randn(2, 3 * 6 * 6, generator=torch.Generator().manual_seed(0))
    images = torch.full((1, 3, 6, 6), 0.5)
    batch = Batch(images, torch.tensor([0]), torch.tensor([0]), 0)
    attacked = attack_l2(
        lambda images: images.flatten(1) @ weight.T, batch, seeded_generator(2), steps=30, step_size=0.3
    )
    direction = (weight[1] - weight[0]) / (weight[1] - weight[0]).norm()
    assert torch.allclose((attacked - images).flatten(), loop.ATTACK_RADIUS * direction, atol=1e-3)


@pytest.mark.parametrize(
    ("name", "accuracy"), [("mini-resnet", 0.85), ("mini-resnet-robust", 0.6), ("mini-clip", 0.75),
                           ("mini-clip-robust", 0.6), ("mini-clip-vit", 0.6)],
)  # fmt: skip
def test_bundled_network_has_the_accuracy_of_its_card(name, accuracy):
    classifier = load_classifier(name, CIFAR10)  # also checks the digest
    with torch.no_grad():
        predictions = classifier(torch.from_numpy(SAMPLES.images).float() / 255).argmax(1)
    assert (predictions == torch.from_numpy(SAMPLES.labels)).float().mean() >= accuracy
    card = (MODELS / name / "README.md").read_text(encoding="utf-8")
    assert f"sha256 {classifier.sha256[:12]}…; trained at commit" in card
