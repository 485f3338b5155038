import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from core.data.classes import CIFAR10
from core.training.bundle import file_sha256, write_bundle
from core.training.checkpoints import load_checkpoint, save_checkpoint
from core.training.resnet_loop import ResNetRecipe, ResNetTraining

TINY = {"widths": (8, 8, 8), "epochs": 4, "batch_size": 20, "shift": 2}
ROBUST = {"attack_steps": 1, "label_smoothing": 0.0}


def finish(training: ResNetTraining) -> list:
    return list(training.steps())


def assert_same_weights(one: ResNetTraining, other: ResNetTraining) -> None:
    for name, tensor in one.network.state_dict().items():
        assert torch.equal(tensor, other.network.state_dict()[name]), name


@pytest.mark.parametrize("changes", [{}, ROBUST], ids=["ordinary", "robust"])
def test_steps_reduce_the_loss(coloured, changes):
    states = finish(ResNetTraining(ResNetRecipe(**{**TINY, "epochs": 8, **changes}), coloured))
    assert len(states) == 24 and states[-1].step == states[-1].steps
    assert sum(s.loss for s in states[-3:]) < 0.7 * sum(s.loss for s in states[:3])


@pytest.mark.parametrize("changes", [{}, ROBUST], ids=["ordinary", "robust"])
def test_restore_ends_at_the_same_bits_as_an_uninterrupted_run(coloured, tmp_path, changes):
    recipe = ResNetRecipe(**{**TINY, **changes})
    whole = ResNetTraining(recipe, coloured)
    finish(whole)
    first = ResNetTraining(recipe, coloured)
    steps = first.steps()
    for _ in range(5):
        next(steps)
    first.network.eval()  # an evaluation in between must not matter
    save_checkpoint(tmp_path / "checkpoint.pt", first.state())
    second = ResNetTraining(recipe, coloured)
    stored = load_checkpoint(tmp_path / "checkpoint.pt", second.state()["recipe"])
    assert stored is not None
    second.restore(stored)
    finish(second)
    assert_same_weights(whole, second)


def test_another_seed_gives_other_weights(coloured):
    one = ResNetTraining(ResNetRecipe(**TINY), coloured)
    other = ResNetTraining(ResNetRecipe(**TINY, seed=1), coloured)
    assert not torch.equal(one.network.head.weight, other.network.head.weight)


def test_training_leaves_the_global_generator_alone(coloured):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    next(ResNetTraining(ResNetRecipe(**TINY, **ROBUST), coloured).steps())
    assert torch.equal(before, torch.get_rng_state())


def test_start_takes_up_the_weights(coloured, tmp_path):
    first = ResNetTraining(ResNetRecipe(**TINY), coloured)
    write_bundle(tmp_path, first.network, {}, "")
    weights = tmp_path / "model.safetensors"
    second = ResNetTraining(ResNetRecipe(**TINY, seed=3, start_sha256=file_sha256(weights)), coloured, weights)
    assert_same_weights(first, second)


def test_start_refuses_a_file_the_recipe_does_not_name(coloured, tmp_path):
    write_bundle(tmp_path, ResNetTraining(ResNetRecipe(**TINY), coloured).network, {}, "")
    with pytest.raises(RuntimeError, match="should have sha256 0000"):
        ResNetTraining(ResNetRecipe(**TINY, start_sha256="0" * 64), coloured, tmp_path / "model.safetensors")


def test_start_refuses_another_network(coloured, tmp_path):
    write_bundle(tmp_path, torch.nn.Linear(2, 2), {}, "")
    with pytest.raises(RuntimeError, match="do not fit"):
        ResNetTraining(ResNetRecipe(**TINY), coloured, tmp_path / "model.safetensors")


def test_load_checkpoint_refuses_another_recipe(coloured, tmp_path):
    training = ResNetTraining(ResNetRecipe(**TINY), coloured)
    save_checkpoint(tmp_path / "c.pt", training.state())
    other = ResNetTraining(ResNetRecipe(**{**TINY, "epochs": 5}), coloured)
    with pytest.raises(ValueError, match=r"another recipe: wanted \{'epochs': 5\}, found \{'epochs': 4\}"):
        load_checkpoint(tmp_path / "c.pt", other.state()["recipe"])


def test_load_checkpoint_names_a_damaged_file(tmp_path):
    (tmp_path / "c.pt").write_bytes(b"PK\x03\x04 half a checkpoint")
    with pytest.raises(RuntimeError, match=r"c\.pt cannot be read"):
        load_checkpoint(tmp_path / "c.pt", {})


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"epochs": 0}, "epochs must be positive; got 0"), ({"label_smoothing": 1.0}, "label_smoothing lies"),
     ({"attack_steps": -1}, "attack_steps must not be negative")],
)  # fmt: skip
def test_recipe_refuses(changes, message):
    with pytest.raises(ValueError, match=message):
        ResNetRecipe(**changes)


def test_training_refuses_fewer_images_than_a_batch(coloured):
    with pytest.raises(ValueError, match="a batch needs 100 images; the training set has 60"):
        ResNetTraining(ResNetRecipe(batch_size=100), coloured)


def test_the_same_command_goes_on_after_kill(tmp_path, coloured):
    """The script itself, killed without warning, ends with the same file as one left in peace."""
    classes = np.array(CIFAR10.names)
    pixels = coloured.images.permute(0, 2, 3, 1).numpy()
    for split in ("train", "test"):
        np.savez(tmp_path / f"cifar10-{split}.npz", images=pixels, labels=coloured.labels.numpy(), classes=classes)

    def command(output: str) -> list[str]:
        return [sys.executable, "-m", "core.training.mini_resnet", "--data", str(tmp_path), "--device", "cpu",
                "--output", str(tmp_path / output), "--epochs", "12", "--batch-size", "20", "--widths", "8", "8", "8",
                "--threads", "1", "--attacked-images", "10"]  # fmt: skip

    root = Path(__file__).parents[3]
    quiet = {"cwd": root, "stdout": subprocess.DEVNULL, "env": {**os.environ, "OMP_NUM_THREADS": "1"}}
    victim = subprocess.Popen(command("killed"), **quiet)
    deadline = time.monotonic() + 120
    while not (tmp_path / "killed" / "checkpoint.pt").exists() and victim.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    victim.send_signal(signal.SIGKILL)
    victim.wait()
    for output in ("killed", "peaceful"):
        subprocess.run(command(output), check=True, **quiet)
    files = [tmp_path / output / "model" / "model.safetensors" for output in ("killed", "peaceful")]
    assert file_sha256(files[0]) == file_sha256(files[1])
