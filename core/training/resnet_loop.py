"""The training loop of mini-resnet and its robust twin. Imports torch at the top: import it lazily."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from core.classifiers.networks.mini_resnet import MiniResNet
from core.training.adversary import attack_l2
from core.training.bundle import load_weights
from core.training.data import (
    LabelledImages,
    alternating_flips,
    batch_indices,
    flip_and_shift,
    normalise,
    seeded_generator,
    to_unit_range,
)
from core.training.optimisers import Muon
from core.training.progress import TrainingState

WHITENING_IMAGES = 5000
WARM_UP = 0.05  # fraction of the steps during which the learning rates rise


@dataclass(frozen=True, kw_only=True)
class ResNetRecipe:
    """Everything that decides the weights, apart from the data.

    Args:
        widths: channels of the three stages.
        epochs, batch_size, seed: as usual; an epoch's incomplete last batch is left out.
        muon_rate: peak learning rate of the convolutions, relative to the norm of each weight.
        adam_rate: peak learning rate of everything else.
        label_smoothing: share of the label spread over all classes.
        shift: largest random move of an image, in pixels.
        attack_steps: 0 for ordinary training, otherwise gradient steps of the attack on every batch.
        epsilon, attack_step_size: L2, over the whole image, in [0, 1] pixel units.
        start_sha256: of the weights that training starts from; empty for a random start.
    Raises:
        ValueError: a number out of range.
    """

    widths: tuple[int, int, int] = (48, 96, 192)
    epochs: int = 12
    batch_size: int = 500
    seed: int = 0
    muon_rate: float = 0.1
    adam_rate: float = 0.005
    label_smoothing: float = 0.1
    shift: int = 4
    attack_steps: int = 0
    epsilon: float = 0.5
    attack_step_size: float = 0.5
    start_sha256: str = ""

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "muon_rate", "adam_rate", "epsilon", "attack_step_size"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive; got {getattr(self, name)}")
        for name in ("seed", "shift", "attack_steps"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative; got {getattr(self, name)}")
        if not 0 <= self.label_smoothing < 1:
            raise ValueError(f"label_smoothing lies in [0, 1); got {self.label_smoothing}")

    def as_dict(self) -> dict[str, Any]:
        """Plain values, to be stored with a checkpoint."""
        values = {**asdict(self), "widths": list(self.widths)}
        return values if self.start_sha256 else {k: v for k, v in values.items() if k != "start_sha256"}


class ResNetTraining:
    """A network in training: `steps()` moves it forward, `state()` and `restore()` make it resumable.

    Two runs of one recipe on one data set, device and thread count give the same weights bit for bit,
    interrupted or not: the randomness of each step depends on the seed and the step's number alone.

    Args:
        recipe: see there.
        train: the training images; the device they are on is the one to train on.
        start: safetensors file to start from, whose sha256 the recipe names; None for a random start.
    Raises:
        ValueError: fewer images than one batch.
        RuntimeError: the weights to start from are another network's, or not those the recipe names.
    """

    def __init__(self, recipe: ResNetRecipe, train: LabelledImages, start: Path | None = None) -> None:
        if len(train) < recipe.batch_size:
            raise ValueError(f"a batch needs {recipe.batch_size} images; the training set has {len(train)}")
        self.recipe = recipe
        self.train = train
        self.device = train.images.device
        self.steps_per_epoch = len(train) // recipe.batch_size
        self.total_steps = recipe.epochs * self.steps_per_epoch
        self.step = 0
        with torch.random.fork_rng():  # module initialisation knows only the global generator
            torch.manual_seed(recipe.seed)
            network = MiniResNet(recipe.widths)
        if start is None:
            network.set_whitening(normalise(to_unit_range(train.images[:WHITENING_IMAGES])).cpu())
        else:
            load_weights(network, start, recipe.start_sha256)
        self.network = network.to(self.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        weights = [p for p in self.network.stages.parameters() if p.ndim == 4]
        chosen = {id(p) for p in weights}
        rest = [p for p in self.network.parameters() if p.requires_grad and id(p) not in chosen]
        self._optimisers = (
            Muon(weights, recipe.muon_rate),
            torch.optim.Adam(rest, recipe.adam_rate, betas=(0.9, 0.95)),
        )

    def logits(self, images: Tensor) -> Tensor:
        """Images (B, 3, 32, 32) in [0, 1] -> logits (B, K)."""
        return self.network(normalise(images))

    def steps(self) -> Iterator[TrainingState]:
        """Train to the end of the recipe, one state for each step done."""
        while self.step < self.total_steps:
            images, labels = self._batch()
            loss, accuracy = self._update(images, labels)
            self.step += 1
            yield TrainingState(self.step, self.total_steps, self.steps_per_epoch, loss, accuracy)

    def _batch(self) -> tuple[Tensor, Tensor]:
        recipe, count = self.recipe, len(self.train)
        indices = batch_indices(count, recipe.batch_size, self.step, recipe.seed)
        flips = alternating_flips(indices, count, self.step // self.steps_per_epoch, recipe.seed)
        indices = indices.to(self.device)
        generator = seeded_generator(recipe.seed, 3, self.step)
        images = to_unit_range(self.train.images[indices])
        images = flip_and_shift(images, flips.to(self.device), recipe.shift, generator)
        return images.contiguous(memory_format=torch.channels_last), self.train.labels[indices]

    def _update(self, images: Tensor, labels: Tensor) -> tuple[float, float]:
        recipe = self.recipe
        if recipe.attack_steps:
            # The attack sees the network as a user will: with the running statistics of its normalisation.
            self.network.eval()
            images = attack_l2(
                self.logits, images, labels, epsilon=recipe.epsilon, steps=recipe.attack_steps,
                step_size=recipe.attack_step_size, generator=seeded_generator(recipe.seed, 4, self.step),
            )  # fmt: skip
        self.network.train()
        logits = self.logits(images)
        loss = F.cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing)
        for optimiser in self._optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._set_learning_rates()
        for optimiser in self._optimisers:
            optimiser.step()
        return loss.item(), (logits.argmax(1) == labels).float().mean().item()

    def _set_learning_rates(self) -> None:
        rise = min(1.0, (self.step + 1) / max(1.0, WARM_UP * self.total_steps))
        factor = rise * (1 - self.step / self.total_steps)
        for optimiser, peak in zip(self._optimisers, (self.recipe.muon_rate, self.recipe.adam_rate), strict=True):
            for group in optimiser.param_groups:
                group["lr"] = peak * factor

    def _recipe_and_data(self) -> dict[str, Any]:
        return {**self.recipe.as_dict(), "data": self.train.content_hash}

    def state(self) -> dict[str, Any]:
        """Everything needed to go on from here, and the recipe it belongs to."""
        return {
            "recipe": self._recipe_and_data(),
            "step": self.step,
            "network": self.network.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self._optimisers],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state of the same recipe and data (`load_checkpoint` checks that they are)."""
        self.network.load_state_dict(state["network"])
        for optimiser, stored in zip(self._optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(stored)
        self.step = state["step"]
