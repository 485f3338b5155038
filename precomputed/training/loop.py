"""The training loop: batches, an optional attack, two optimisers and a state to resume from. Imports torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.classifiers.classifier import Classifier, Preprocess
from core.classifiers.loaders import load_strictly, read_weights
from core.classifiers.weights import check_sha256
from precomputed.training.data import Batch, LabelledImages, draw_batch, seeded_generator
from precomputed.training.optimisers import Muon
from precomputed.training.recipes import Recipe

MIN_NORM = 1e-10
WARM_UP = 0.05  # fraction of the steps during which the learning rates rise


@dataclass(frozen=True)
class TrainingState:
    """Mean loss and top-1 accuracy on the last batch after `step` steps."""

    step: int
    loss: float
    accuracy: float


class Training(ABC):
    """A network in training: `steps()` trains it, `state()` and `restore()` make it resumable.

    Two runs of one recipe on one data set, device and thread count give the same weights bit for bit,
    interrupted or not: the randomness of each step depends on the seed and the step's number alone.

    Args:
        recipe: hyperparameters.
        train: the training images, on the device to train on.
        build: function that creates the network from torch's global generator.
        preprocess: images in [0, 1] -> network input.
        start: weight file to start from, whose sha256 the recipe names; None for a random start.
    Attributes:
        facts: values that must match for a run to resume another's checkpoint.
    Raises:
        ValueError: fewer images than one batch.
        RuntimeError: the start weights belong to another network or differ from the recipe's sha256.
    """

    def __init__(
        self, recipe: Recipe, train: LabelledImages, build: Callable[[], nn.Module], preprocess: Preprocess,
        start: Path | None,
    ) -> None:  # fmt: skip
        if len(train) < recipe.batch_size:
            raise ValueError(f"a batch needs {recipe.batch_size} images; the training set has {len(train)}")
        self.recipe: Recipe = recipe
        self.train, self.device = train, train.images.device
        self.steps_per_epoch = len(train) // recipe.batch_size
        self.total_steps = recipe.epochs * self.steps_per_epoch
        self.step = 0
        self.facts: dict[str, Any] = {**asdict(recipe), "data": train.content_hash}
        with torch.random.fork_rng():  # module initialisation knows only the global generator
            torch.manual_seed(recipe.seed)
            network: Any = build()
        if start is not None:
            check_sha256(start, recipe.start_sha256)
            load_strictly(network, read_weights(start), start)
        self.network: Any = network.to(self.device).to(memory_format=torch.channels_last)
        self.preprocess = preprocess.to(self.device)
        self._muon, self._adam = self.make_optimisers()

    @abstractmethod
    def make_optimisers(self) -> tuple[Muon, torch.optim.Adam]:
        """Return an optimiser for the weight matrices and one for the other trainable parameters."""

    @abstractmethod
    def logits(self, images: Tensor) -> Tensor:
        """Return logits (B, K) of the current network for images (B, 3, H, W) in [0, 1]: the attack's target."""

    @abstractmethod
    def loss(self, images: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return the loss to minimise and the top-1 accuracy.

        Args:
            images: (B, 3, H, W) in [0, 1], after the attack, if any.
            batch: the same images before the attack, their labels and positions.
        """

    @abstractmethod
    def classifier(self) -> Classifier:
        """Return a frozen copy of the network in eval mode, as the engine's CIFAR-10 classifier."""

    def steps(self) -> Iterator[TrainingState]:
        """Train to the end of the recipe, yielding progress after each step."""
        while self.step < self.total_steps:
            batch = draw_batch(self.train, self.step, self.recipe.batch_size, self.recipe.shift, self.recipe.seed)
            images = self._attacked(batch) if self.recipe.attack_steps else batch.images
            self.network.train()
            loss, accuracy = self.loss(images, batch)
            self._update(loss)
            self.step += 1
            yield TrainingState(self.step, loss.item(), accuracy.item())

    def _attacked(self, batch: Batch) -> Tensor:
        # Attack the network in eval mode: with the running statistics of its normalisation.
        self.network.eval()
        recipe, generator = self.recipe, seeded_generator(self.recipe.seed, 4, self.step)
        return attack_l2(
            self.logits, batch.images, batch.labels, epsilon=recipe.epsilon, steps=recipe.attack_steps,
            step_size=recipe.attack_step_size, generator=generator,
        )  # fmt: skip

    def _update(self, loss: Tensor) -> None:
        self.network.zero_grad(set_to_none=True)
        loss.backward()
        rise = min(1.0, (self.step + 1) / max(1.0, WARM_UP * self.total_steps))
        factor = rise * (1 - self.step / self.total_steps)
        for optimiser, peak in ((self._muon, self.recipe.muon_rate), (self._adam, self.recipe.adam_rate)):
            for group in optimiser.param_groups:
                group["lr"] = peak * factor
            optimiser.step()

    def state(self) -> dict[str, Any]:
        """Return everything needed to resume, and the facts of the run."""
        parts = {"network": self.network, "muon": self._muon, "adam": self._adam}
        return {"facts": self.facts, "step": self.step} | {name: part.state_dict() for name, part in parts.items()}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore a state of the same recipe and data (`load_checkpoint` checks both)."""
        self.step = state["step"]
        self.network.load_state_dict(state["network"])
        self._muon.load_state_dict(state["muon"])
        self._adam.load_state_dict(state["adam"])


def attack_l2(
    logits_of: Callable[[Tensor], Tensor],
    images: Tensor,
    labels: Tensor,
    *,
    epsilon: float,
    steps: int,
    step_size: float,
    generator: torch.Generator,
) -> Tensor:
    """Perturb every image, inside its L2 ball, so that the cross-entropy of its label grows.

    Short and randomly started, unlike `core.pgd.steps`, which is run for the picture it draws.

    Args:
        logits_of: images (B, 3, H, W) in [0, 1] -> logits (B, K).
        images: (B, 3, H, W) float32 in [0, 1].
        labels: (B,) int64, the true classes.
        epsilon: radius of the ball, over the whole image, in [0, 1] pixel units.
        steps: gradient steps after the random start.
        step_size: L2 length of one step.
        generator: CPU generator of the start, a random direction of random length up to epsilon.
    Returns:
        Images of the same shape in [0, 1], within epsilon of the originals, detached.
    """
    start = torch.randn(images.shape, generator=generator).to(images)
    length = torch.rand((len(images), 1, 1, 1), generator=generator).to(images) * epsilon
    perturbation = start * (length / _norms(start))
    for _ in range(steps):
        candidate = (images + perturbation).clamp(0, 1).requires_grad_(True)
        loss = F.cross_entropy(logits_of(candidate), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, candidate)
        perturbation = perturbation + step_size * gradient / _norms(gradient)
        perturbation = perturbation * (epsilon / _norms(perturbation)).clamp_max(1.0)
    return (images + perturbation).clamp(0, 1).contiguous(memory_format=torch.channels_last)


def _norms(batch: Tensor) -> Tensor:
    return batch.flatten(1).norm(dim=1).clamp_min(MIN_NORM).view(-1, 1, 1, 1)
