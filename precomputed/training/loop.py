"""Training of the bundled models: recipes, optimisers, loop with checkpoints, evaluation, options. Imports torch."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import importlib.util
import io
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, TypeVar

import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional as F

from core.classifiers.classifier import Classifier, Preprocess
from core.classifiers.loaders import load_strictly, read_weights
from core.classifiers.weights import check_sha256
from core.shared.cli import integer, number, progress_bar, run_script
from core.shared.device import choose_device, keep_freed_memory
from core.shared.files import make_folder, write_atomically, write_json
from core.shared.numbers import wilson
from precomputed.training.data import Batch, LabelledImages, draw_batch, load_cifar10, seeded_generator


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Hyperparameters common to all networks.

    Args:
        epochs, batch_size: an epoch's incomplete last batch is skipped.
        muon_rate, adam_rate: peak learning rates for weight matrices and for everything else.
        seed: seed of the initial weights and of every random choice in training.
        shift: largest random shift of an image, in its own pixels.
        attack_steps: 0 for ordinary training, otherwise gradient steps of the attack on every batch.
        epsilon, attack_step_size: L2, over the whole image, in [0, 1] pixel units.
        start_sha256: sha256 of the initial weights; empty for a random start.
    Raises:
        ValueError: a number out of range.
    """

    epochs: int
    batch_size: int
    muon_rate: float
    adam_rate: float
    seed: int = 0
    shift: int = 4
    attack_steps: int = 0
    epsilon: float = 0.5
    attack_step_size: float = 0.3
    start_sha256: str = ""

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "muon_rate", "adam_rate", "epsilon", "attack_step_size"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive; got {getattr(self, name)}")
        for name in ("seed", "shift", "attack_steps"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must not be negative; got {getattr(self, name)}")

    def purpose(self, task: str) -> str:
        """Describe the purpose of the training, as pages say it."""
        attacked = f", also under adversarial changes of up to {self.epsilon:g} (L2)"
        return f"trained to {task}{attacked if self.attack_steps else ''}"


@dataclass(frozen=True, kw_only=True)
class ResNetRecipe(Recipe):
    """The recipe of a small residual network.

    Args:
        widths: channels of the three stages.
        label_smoothing: share of the label spread over all classes.
        muon_rate: learning rate of the convolutions, relative to the norm of each weight.
    """

    epochs: int = 12
    batch_size: int = 500
    muon_rate: float = 0.1
    adam_rate: float = 0.005
    widths: tuple[int, int, int] = (48, 96, 192)
    label_smoothing: float = 0.1


@dataclass(frozen=True, kw_only=True)
class ClipRecipe(Recipe):
    """The recipe of a small CLIP; with `attack_steps` its text tower stays as it is.

    Args:
        captions_per_class: captions drawn for each class and step; half of them claim an attribute.
        weight_decay: weight decay of the matrices.
        teacher_weight: share of the teacher's class probabilities in the targets, if there is a teacher.
        teacher_sha256: sha256 of the teacher's weights; empty without a teacher.
    """

    epochs: int = 20
    batch_size: int = 250
    muon_rate: float = 0.005
    adam_rate: float = 0.003
    captions_per_class: int = 6
    weight_decay: float = 0.05
    teacher_weight: float = 0.5
    teacher_sha256: str = ""


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
                if weight.grad is None:
                    continue
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


@dataclass(frozen=True)
class Accuracy:
    """Number of correct predictions among `count` images; `str` adds the 95 % Wilson interval."""

    correct: int
    count: int

    @property
    def rate(self) -> float:
        """Accuracy in [0, 1]."""
        return self.correct / self.count

    def __str__(self) -> str:
        _, low, high = wilson(self.rate, self.count)
        return f"{self.rate:.2%} (95 % interval {low:.2%} to {high:.2%}, n = {self.count:,})"


@dataclass(frozen=True, kw_only=True)
class Attack:
    """foolbox's L2 projected gradient descent: the strongest of `restarts` runs with a random start."""

    epsilon: float = 0.5
    steps: int = 20
    step_size: float = 0.1
    restarts: int = 2
    seed: int = 0

    def __str__(self) -> str:
        return (
            f"foolbox L2 PGD, epsilon {self.epsilon}, {self.steps} steps of {self.step_size}, "
            f"{self.restarts} random restarts"
        )


@torch.no_grad()
def clean_accuracy(classifier: nn.Module, data: LabelledImages) -> Accuracy:
    """Measure the top-1 accuracy of a classifier of images (B, 3, H, W) in [0, 1]."""
    correct = sum(int((classifier(images).argmax(1) == labels).sum()) for images, labels in data.batches())
    return Accuracy(correct, len(data))


def robust_accuracy(classifier: nn.Module, data: LabelledImages, attack: Attack) -> Accuracy:
    """Measure the top-1 accuracy under foolbox's attack, an implementation independent of this project.

    Args:
        classifier: images (B, 3, H, W) in [0, 1] -> logits; in eval mode.
        data: the images to attack.
        attack: strength and random seed.
    Raises:
        ImportError: foolbox is not installed.
    """
    import foolbox

    model = foolbox.PyTorchModel(classifier, bounds=(0, 1), device=data.images.device)
    pgd = foolbox.attacks.L2ProjectedGradientDescentAttack(abs_stepsize=attack.step_size, steps=attack.steps)
    correct = 0
    with torch.random.fork_rng():  # foolbox draws its start from the global generator
        torch.manual_seed(attack.seed)
        for images, labels in data.batches():
            criterion = foolbox.criteria.Misclassification(labels)
            _, _, fooled = pgd.repeat(attack.restarts)(model, images, criterion, epsilons=attack.epsilon)
            correct += int((~fooled).sum())
    return Accuracy(correct, len(data))


CHECKPOINT = "checkpoint.pt"
CHECKPOINT_SECONDS = 60.0
WATCHED_IMAGES = 1000  # test images whose accuracy is shown while training; nothing is chosen by it


@dataclass(frozen=True)
class Outcome:
    """Results of a finished training for its model card; `machine` is the user's description of the hardware."""

    clean: Accuracy
    robust: Accuracy
    seconds: float
    parameters: int
    machine: str


def train_and_measure(training: Training, test: LabelledImages, args: argparse.Namespace) -> Outcome:
    """Train to the end, then measure the clean accuracy on the whole test set and the robust accuracy on part of it.

    Raises:
        ValueError, RuntimeError: as `load_checkpoint`.
    """
    seconds = run_to_end(training, args.output, test[:WATCHED_IMAGES])
    classifier = training.classifier()
    clean = clean_accuracy(classifier, test)
    report(f"trained in {format_duration(seconds)}; test {clean}")
    chosen = torch.randperm(len(test), generator=seeded_generator(0, 5))[: args.attacked_images]
    robust = robust_accuracy(classifier, test[chosen.to(test.labels.device)], Attack())
    report(f"under attack {robust}")
    parameters = sum(parameter.numel() for parameter in training.network.parameters())
    return Outcome(clean, robust, seconds, parameters, args.machine)


def run_to_end(training: Training, output: Path, watched: LabelledImages) -> float:
    """Train, or resume from the checkpoint in `output`, and return the seconds that all runs together took.

    Args:
        training: a training before its first step.
        output: folder of the checkpoint, made if missing.
        watched: images whose accuracy is shown at the end of each epoch.
    Raises:
        ValueError, RuntimeError: as `load_checkpoint`.
    """
    make_folder(output)
    seconds_before = 0.0
    if (stored := load_checkpoint(output / CHECKPOINT, training.facts)) is not None:
        training.restore(stored)
        seconds_before = stored["seconds"]
        report(f"resuming after step {training.step} of {training.total_steps}")
    started = saved = time.monotonic()
    epoch: list[TrainingState] = []
    with progress_bar(initial=training.step, total=training.total_steps, unit="step") as bar:
        for state in training.steps():
            bar.update()
            epoch.append(state)
            if epoch_ends := state.step % training.steps_per_epoch == 0:
                bar.clear()
                report(
                    f"epoch {state.step // training.steps_per_epoch} of {training.recipe.epochs}  "
                    f"loss {fmean(state.loss for state in epoch):.3f}  "
                    f"training batches {fmean(state.accuracy for state in epoch):.1%}  "
                    f"test ({len(watched)}) {clean_accuracy(training.classifier(), watched).rate:.1%}"
                )
                epoch = []
            if epoch_ends or time.monotonic() - saved > CHECKPOINT_SECONDS:
                saved = time.monotonic()
                save_checkpoint(output / CHECKPOINT, {**training.state(), "seconds": seconds_before + saved - started})
    return seconds_before + time.monotonic() - started


def report(line: str) -> None:
    """Print a line of progress and flush it, also when the output is a file."""
    print(line, flush=True)


def format_duration(seconds: float) -> str:
    """Format a duration as `1 h 05 min` or `5 min 10 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min {rest:02d} s"


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write `state` atomically: `path` is always either the old or the new checkpoint, even after kill -9."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomically(path, buffer.getvalue())


def load_checkpoint(path: Path, facts: dict[str, Any]) -> dict[str, Any] | None:
    """Load the state stored at `path`; None if there is none.

    Raises:
        ValueError: the checkpoint belongs to another recipe or other data.
        RuntimeError: the file is damaged.
    """
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises half a dozen unrelated types for a damaged archive
        raise RuntimeError(f"cannot read the checkpoint {path} ({error}); delete it to start afresh") from error
    stored = state.get("facts", {})
    if stored != facts:
        expected = {key: value for key, value in facts.items() if stored.get(key) != value}
        stored_values = {key: stored.get(key) for key in expected}
        raise ValueError(
            f"{path} belongs to another recipe: expected {expected}, found {stored_values}; "
            "choose another --output, or delete the checkpoint"
        )
    return state


def write_bundle(folder: Path, weights_name: str, network: nn.Module, config: dict[str, Any], card: str) -> str:
    """Write weights, `config.json` and the model card, each atomically, and return the weights' sha256."""
    make_folder(folder)
    data = save({name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()})
    sha256 = hashlib.sha256(data).hexdigest()
    write_atomically(folder / weights_name, data)
    write_json(folder / "config.json", {**config, "sha256": sha256})
    write_atomically(folder / "README.md", card.encode())
    return sha256


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


AnyRecipe = TypeVar("AnyRecipe", bound=Recipe)


def training_parser(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with the arguments common to all recipes; omitted options keep the recipe's values."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with CIFAR-10, as for core.sweep --data-dir")
    parser.add_argument("--output", required=True, type=Path, help="folder for the checkpoint and the result")
    parser.add_argument("--robust", action="store_true", help="use the recipe of the adversarially trained twin")
    parser.add_argument("--start", type=Path, help="safetensors file of the same network to start from")
    parser.add_argument("--attacked-images", type=integer(1), default=1000, help="test images for the robust accuracy")
    parser.add_argument("--machine", default="one machine", help="hardware named in the model card")
    parser.add_argument("--seed", type=integer(0))
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1")
    parser.add_argument("--threads", type=integer(1), help="CPU threads; another number gives other rounding errors")
    parser.add_argument("--limit", type=integer(1), help="train on this many images only")
    parser.add_argument("--epochs", type=integer(1))
    parser.add_argument("--batch-size", type=integer(1))
    parser.add_argument("--shift", type=integer(0, 31), help="largest random shift in pixels")
    parser.add_argument("--muon-rate", type=number(above=True))
    parser.add_argument("--adam-rate", type=number(above=True))
    parser.add_argument("--attack-steps", type=integer(0))
    return parser


def run_command(train: Callable[[argparse.Namespace], None], args: argparse.Namespace) -> int:
    """Train with these command-line arguments and return the exit status."""

    def work() -> str:
        if importlib.util.find_spec("foolbox") is None:
            raise ModuleNotFoundError("the trained network is attacked with foolbox: run 'pip install foolbox' first")
        keep_freed_memory()
        torch.set_float32_matmul_precision("highest")  # to the same bits in the process that resumes
        if args.threads:
            torch.set_num_threads(args.threads)
        train(args)
        return f"written to {args.output / 'model'}"

    return run_script(work, "run the same command again to resume")


def recipe_from_args(args: argparse.Namespace, ordinary: AnyRecipe, robust: AnyRecipe) -> AnyRecipe:
    """Return the published recipe with the changes made on the command line."""
    recipe = robust if args.robust else ordinary
    changes: dict[str, Any] = {field.name: getattr(args, field.name, None) for field in dataclasses.fields(recipe)}
    changes = {name: tuple(v) if isinstance(v, list) else v for name, v in changes.items() if v is not None}
    if args.start is not None:
        changes["start_sha256"] = weights_sha256(args.start)
    return dataclasses.replace(recipe, **changes)


def weights_sha256(path: Path) -> str:
    """Return the sha256 of a weight file named on the command line.

    Raises:
        FileNotFoundError: the file does not exist.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there are no weights at {path}; train them first, or name another file")
    return check_sha256(path)


def load_splits(args: argparse.Namespace) -> tuple[LabelledImages, LabelledImages]:
    """Load the training images, at most `--limit`, and all test images.

    Raises:
        FileNotFoundError, ValueError, RuntimeError: as `load_cifar10`; or the device does not exist.
    """
    device = choose_device(args.device, 0)
    train = load_cifar10(args.data, "train", device=device, limit=args.limit)
    return train, load_cifar10(args.data, "test", device=device)
