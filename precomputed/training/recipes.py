"""Training recipes: everything that determines a network's weights, apart from the data."""

from dataclasses import dataclass


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
