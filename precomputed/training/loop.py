"""Parts that the recipes share: seeded batches of CIFAR-10, Muon, the attack, and a resumable loop. Imports torch.

Two runs of one recipe on one data set, device and number of threads (OMP_NUM_THREADS) give the same weights bit for
bit, interrupted or not: the randomness of each step depends on the seed and the step's number alone.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional as F

from core.data.datasets import load_dataset
from core.shared.cli import integer, progress_bar
from core.shared.device import choose_device, keep_freed_memory
from core.shared.files import make_folder, write_atomically, write_json
from core.shared.numbers import wilson

SHIFT = 4  # largest shift of a training image, in pixels
WARM_UP = 0.05  # share of the steps during which the learning rates rise
CHECKPOINT, CHECKPOINT_SECONDS = "checkpoint.pt", 60.0
ATTACK_RADIUS = 0.5  # L2 radius of the attacks, over the whole image, in [0, 1] pixel units


class Data(NamedTuple):
    """Images (N, 3, 32, 32) uint8 and labels (N,) int64 on one device."""

    images: Tensor
    labels: Tensor


class Batch(NamedTuple):
    """Images (B, 3, 32, 32) in [0, 1], labels and positions in the data (B,), and the number of the step."""

    images: Tensor
    labels: Tensor
    indices: Tensor
    step: int


def options(description: str | None, epochs: int) -> argparse.ArgumentParser:
    """Return a parser with the options of every recipe."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with CIFAR-10, as for core.sweep --data-dir")
    parser.add_argument("--output", required=True, type=Path, help="folder for the checkpoint and the model")
    parser.add_argument("--epochs", type=integer(1), default=epochs, help="default: %(default)s")
    parser.add_argument("--seed", type=integer(0), default=0, help="of the initial weights and of every random choice")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1")
    return parser


def load_cifar10(args: argparse.Namespace, split: str) -> Data:
    """Load one split on the device of the command line.

    Raises:
        FileNotFoundError, ValueError, RuntimeError: as `core.data.datasets.load_dataset`; or there is no such device.
    """
    keep_freed_memory()
    device = choose_device(args.device, 0)
    dataset = load_dataset("cifar10", args.data, split=split)
    images = torch.from_numpy(np.ascontiguousarray(dataset.images))
    return Data(images.to(device), torch.from_numpy(dataset.labels).to(device))


def seeded_generator(*numbers: int) -> torch.Generator:
    """Return a generator seeded by all `numbers`, so that a step's randomness needs no stored state to resume."""
    seed = np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(seed) & 0x7FFF_FFFF_FFFF_FFFF)


def unit_range(images: Tensor) -> Tensor:
    """Convert uint8 to float32 in [0, 1], channels last: the faster memory layout for convolutions on a CPU."""
    return images.float().div_(255).contiguous(memory_format=torch.channels_last)


def draw_batch(data: Data, step: int, size: int, seed: int) -> Batch:
    """Return the batch of `step`, mirrored and shifted with reflected borders.

    Every epoch is a new permutation without its incomplete last batch. A random half of the images is mirrored in the
    first epoch, the other half in the next, and so on (Jordan 2024, sec. 3.6).
    """
    count, device = len(data.labels), data.labels.device
    epoch, position = divmod(step, count // size)
    order = torch.randperm(count, generator=seeded_generator(seed, 1, epoch))
    indices = order[position * size : (position + 1) * size]
    flips = torch.randint(2, (count,), generator=seeded_generator(seed, 2)).bool()[indices] ^ bool(epoch % 2)
    shifts = torch.randint(2 * SHIFT + 1, (2, size, 1), generator=seeded_generator(seed, 3, step)).to(device)
    indices = indices.to(device)
    images = unit_range(data.images[indices])
    images = torch.where(flips.to(device).view(-1, 1, 1, 1), images.flip(-1), images)
    image_size = images.shape[-1]
    rows, columns = shifts + torch.arange(image_size, device=device)  # (B, H), (B, W)
    padded = F.pad(images, (SHIFT,) * 4, mode="reflect").permute(0, 2, 3, 1)
    batch = torch.arange(size, device=device).view(-1, 1, 1)
    images = padded[batch, rows.unsqueeze(2), columns.unsqueeze(1)].permute(0, 3, 1, 2)  # (B, 3, H, W)
    return Batch(images.contiguous(memory_format=torch.channels_last), data.labels[indices], indices, step)


def orthogonalise(matrix: Tensor, steps: int = 4) -> Tensor:
    """Replace the singular values of a (R, C) matrix by values near one, by a Newton-Schulz iteration.

    Source: Jordan et al. 2024, "Muon"; the quintic's coefficients are theirs. The result's singular values
    lie between about 0.7 and 1.2, which is all an update direction needs.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrix.shape[0] > matrix.shape[1]
    work = matrix.T if tall else matrix
    work = work / (work.norm() + 1e-7)
    for _ in range(steps):
        gram = work @ work.T
        work = a * work + (b * gram + c * gram @ gram) @ work
    return work.T if tall else work


class Muon(torch.optim.Optimizer):
    """Optimiser with Nesterov momentum and orthogonalised updates.

    Args:
        parameters: weights of shape (R, ...), seen as matrices with R rows.
        learning_rate: see `weight_decay`.
        momentum: decay of the gradient's running sum.
        weight_decay: decoupled weight decay; the update is then scaled to Adam's usual root mean square, so that Adam's
            learning rates fit. None instead rescales every weight to Frobenius norm sqrt(R) before its update, so that
            `learning_rate` is the relative size of one step: only sound before a normalisation layer.
    Source: Liu et al. 2025 ("Muon is scalable") for the decay, airbench94_muon (Jordan 2024) for the fixed norm.
    """

    def __init__(
        self, parameters: Iterable[nn.Parameter], learning_rate: float, momentum: float, weight_decay: float | None
    ) -> None:
        super().__init__(parameters, {"lr": learning_rate, "momentum": momentum})
        self._weight_decay = weight_decay

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for weight in group["params"]:
                state = self.state[weight]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(weight)
                average = state["momentum"].mul_(group["momentum"]).add_(weight.grad)
                direction = weight.grad.add(average, alpha=group["momentum"])
                rows = weight.shape[0]
                update = orthogonalise(direction.reshape(rows, -1)).reshape(weight.shape)
                if self._weight_decay is None:
                    weight.mul_(rows**0.5 / weight.norm())
                    weight.add_(update, alpha=-group["lr"])
                else:
                    weight.mul_(1 - group["lr"] * self._weight_decay)
                    size = 0.2 * max(rows, weight[0].numel()) ** 0.5  # a root mean square of 0.2, Adam's usual one
                    weight.add_(update, alpha=-group["lr"] * size)


def attack_l2(
    logits_of: Callable[[Tensor], Tensor], batch: Batch, generator: torch.Generator, *, steps: int, step_size: float
) -> Tensor:
    """Perturb every image, inside its L2 ball of radius `ATTACK_RADIUS`, so that the cross-entropy of its label grows.

    Short and randomly started, unlike `core.pgd.steps`, which is run for the picture it draws.

    Args:
        logits_of: images (B, 3, H, W) in [0, 1] -> logits (B, K).
        batch: the images, in [0, 1], and their labels.
        generator: CPU generator of the start, a random direction of random length up to the radius.
        steps: gradient steps after the random start.
        step_size: L2 length of one step.
    Returns:
        Images of the same shape in [0, 1], within the radius of the originals, detached.
    """
    images = batch.images
    start = torch.randn(images.shape, generator=generator).to(images)
    length = torch.rand((len(images), 1, 1, 1), generator=generator).to(images) * ATTACK_RADIUS
    perturbation = start * (length / _norms(start))
    for _ in range(steps):
        candidate = (images + perturbation).clamp(0, 1).requires_grad_(True)
        loss = F.cross_entropy(logits_of(candidate), batch.labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, candidate)
        perturbation = perturbation + step_size * gradient / _norms(gradient)
        perturbation = perturbation * (ATTACK_RADIUS / _norms(perturbation)).clamp_max(1.0)
    return (images + perturbation).clamp(0, 1).contiguous(memory_format=torch.channels_last)


def _norms(images: Tensor) -> Tensor:
    return images.flatten(1).norm(dim=1).clamp_min(1e-10).view(-1, 1, 1, 1)


def train(
    network: nn.Module, optimisers: Sequence[torch.optim.Optimizer], loss_of: Callable[[Batch], Tensor], data: Data,
    batch_size: int, args: argparse.Namespace,
) -> None:  # fmt: skip
    """Train to the end of the recipe, or resume from the checkpoint in `args.output`.

    Learning rates rise to those of the optimisers, then fall linearly to zero.

    Args:
        network: in training; its state is stored and restored.
        optimisers: of its parameters, with their peak learning rates.
        loss_of: batch -> the loss to minimise.
        args: the command line: epochs, seed and output; all but paths and the device must be those of the checkpoint.
    Raises:
        ValueError: fewer images than a batch, or the checkpoint is of other options.
    """
    count, output = len(data.labels), args.output
    if count < batch_size:
        raise ValueError(f"a batch needs {batch_size} images; the training set has {count}")
    make_folder(output)
    per_epoch, step, peaks = count // batch_size, 0, [optimiser.param_groups[0]["lr"] for optimiser in optimisers]
    recipe = {name: str(value) for name, value in vars(args).items() if name not in ("data", "output", "device")}
    total, saved = args.epochs * per_epoch, time.monotonic()
    parts: tuple[nn.Module | torch.optim.Optimizer, ...] = (network, *optimisers)
    if (output / CHECKPOINT).exists():
        stored = torch.load(output / CHECKPOINT, map_location="cpu", weights_only=True)
        if stored["recipe"] != recipe:
            raise ValueError(f"{output / CHECKPOINT} is of other options: {stored['recipe']}; choose another --output")
        step = stored["step"]
        for part, state in zip(parts, stored["parts"], strict=True):
            part.load_state_dict(state)
    with progress_bar(initial=step, total=total, unit="step") as bar:
        while step < total:
            batch = draw_batch(data, step, batch_size, args.seed)
            network.train()
            loss = loss_of(batch)
            network.zero_grad(set_to_none=True)
            loss.backward()
            factor = min(1.0, (step + 1) / max(1.0, WARM_UP * total)) * (1 - step / total)
            for optimiser, peak in zip(optimisers, peaks, strict=True):
                for group in optimiser.param_groups:
                    group["lr"] = peak * factor
                optimiser.step()
            step += 1
            bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
            bar.update()
            if step == total or step % per_epoch == 0 or time.monotonic() - saved > CHECKPOINT_SECONDS:
                states, buffer = [part.state_dict() for part in parts], io.BytesIO()
                torch.save({"recipe": recipe, "step": step, "parts": states}, buffer)
                write_atomically(output / CHECKPOINT, buffer.getvalue())
                saved = time.monotonic()


def save_model(folder: Path, file: str, network: nn.Module, config: dict[str, Any]) -> str:
    """Write the weights, and `config.json` with their sha256, which is returned."""
    make_folder(folder)
    data = save({name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()})
    sha256 = hashlib.sha256(data).hexdigest()
    write_atomically(folder / file, data)
    write_json(folder / "config.json", {**config, "licence": "MIT", "classes": "cifar10", "sha256": sha256})
    return sha256


@torch.no_grad()
def top1(logits_of: Callable[[Tensor], Tensor], data: Data) -> str:
    """Return the top-1 accuracy with its 95% interval (Wilson), as a model card has it."""
    parts = zip(data.images.split(500), data.labels.split(500), strict=True)
    correct = sum(int((logits_of(unit_range(images)).argmax(1) == labels).sum()) for images, labels in parts)
    return percentage(correct, len(data.labels))


def percentage(correct: int, count: int) -> str:
    """Write a share with its 95% interval (Wilson)."""
    rate, low, high = wilson(correct / count, count)
    return f"{rate:.2%} (95% interval {low:.2%} to {high:.2%}, n = {count:,})"
