"""mini-resnet's network and its command line."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from core.classifiers.loaders import load_bundled_network
from core.classifiers.networks import MiniResNet
from core.classifiers.weights import Identity, check_sha256
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


def test_network_refuses_widths():
    with pytest.raises(ValueError, match="three positive channel counts; got"):
        MiniResNet((8, 0, 8))


@pytest.mark.slow
def test_the_same_command_resumes_after_kill(tmp_path, coloured):
    """Kill the script without warning: after resuming, its file equals that of an uninterrupted run."""
    pixels, classes = coloured.images.permute(0, 2, 3, 1).numpy(), np.array(CIFAR10.names)
    for split in ("train", "test"):
        np.savez(tmp_path / f"cifar10-{split}.npz", images=pixels, labels=coloured.labels.numpy(), classes=classes)

    def arguments(output: str) -> list[str]:
        return ["--data", str(tmp_path), "--device", "cpu", "--output", str(tmp_path / output), "--epochs", "5",
                "--batch-size", "20", "--widths", "8", "8", "8", "--threads", "1",
                "--attacked-images", "10"]  # fmt: skip

    victim = subprocess.Popen(
        [sys.executable, "-m", "precomputed.training.mini_resnet", *arguments("killed")],
        cwd=Path(__file__).parents[3],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    deadline = time.monotonic() + 120
    while not (tmp_path / "killed" / "checkpoint.pt").exists() and victim.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    assert main(arguments("killed")) == main(arguments("peaceful")) == 0
    killed, peaceful = (tmp_path / output / "model" / "model.safetensors" for output in ("killed", "peaceful"))
    assert check_sha256(killed) == check_sha256(peaceful)
    assert load_bundled_network(peaceful, Identity("peaceful", "test")).classes == CIFAR10
    card = (peaceful.parent / "README.md").read_text(encoding="utf-8")
    assert "5 epochs of 20-image batches from random weights" in card and "{" not in card


def test_command_says_at_the_start_that_foolbox_is_missing(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "foolbox", None)
    assert main(["--data", str(tmp_path), "--output", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.startswith("error: the trained network is attacked with foolbox: run 'pip install")
    assert not (tmp_path / "out").exists()


def test_command_names_missing_weights_in_one_sentence(tmp_path, capsys):
    assert main(["--data", str(tmp_path), "--output", str(tmp_path), "--start", "nowhere.safetensors"]) == 2
    message = "error: there are no weights at nowhere.safetensors; train them first, or name another file\n"
    assert capsys.readouterr().err == message
