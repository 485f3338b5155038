"""mini-resnet's network and its command line."""

import sys

import numpy as np
import torch
from torch.nn import functional as F

from core.classifiers.loaders import load_bundled_network
from core.classifiers.networks import MiniResNet
from core.classifiers.weights import Identity
from core.data.sample_sets import CIFAR10
from precomputed.training.mini_resnet import main, set_whitening


def test_set_whitening_decorrelates_patches():
    generator = torch.Generator().manual_seed(0)
    # Correlated neighbouring pixels and channels, as in photographs.
    images = F.avg_pool2d(torch.randn(50, 3, 18, 18, generator=generator), 3, 1)
    images = images + images.mean(dim=1, keepdim=True)
    network = MiniResNet((8, 8, 8))
    set_whitening(network, images, regularisation=0.0)
    with torch.no_grad():
        outputs = F.conv2d(images, network.whitening.weight)  # without the bias
    outputs = outputs.permute(1, 0, 2, 3).flatten(1)
    assert torch.allclose(outputs[:12], -outputs[12:])
    assert torch.allclose(outputs[:12].cov(correction=0), torch.eye(12), atol=0.02)


def test_a_short_run_of_the_command_writes_a_model_with_its_card(tmp_path, coloured):
    pixels, classes = coloured.images.permute(0, 2, 3, 1).numpy(), np.array(CIFAR10.names)
    for split in ("train", "test"):
        np.savez(tmp_path / f"cifar10-{split}.npz", images=pixels, labels=coloured.labels.numpy(), classes=classes)
    options = "--device cpu --epochs 5 --batch-size 20 --widths 8 8 8 --threads 1 --attacked-images 10"
    assert main(["--data", str(tmp_path), "--output", str(tmp_path / "run"), *options.split()]) == 0
    model = tmp_path / "run" / "model" / "model.safetensors"
    assert load_bundled_network(model, Identity("run", "test")).classes == CIFAR10
    card = (model.parent / "README.md").read_text(encoding="utf-8")
    assert "5 epochs of 20-image batches from random weights" in card and "{" not in card


def test_command_says_at_the_start_that_foolbox_is_missing(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "foolbox", None)
    assert main(["--data", str(tmp_path), "--output", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.startswith("error: the trained network is attacked with foolbox: run 'pip install")
    assert not (tmp_path / "out").exists()
