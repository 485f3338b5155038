"""mini-clip's sizes and its description in open_clip's terms. Imports torch at the top: import it lazily."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.nn import functional as F

from core.data.class_statistics import CIFAR10_MEAN, CIFAR10_STD
from core.training.data import normalise


@dataclass(frozen=True, kw_only=True)
class ClipRecipe:
    """Everything that decides the weights, apart from the data, the captions and the teacher.

    Args:
        image_tower: timm's name; it must accept any image size.
        image_size: side that the 32-pixel images are enlarged to, as real CLIP enlarges them to 224.
        embed_dim, text_width, text_layers, text_heads, context_length: sizes of the rest.
        epochs, batch_size, seed: as usual.
        captions_per_class: captions drawn for each class and step; half of them claim an attribute.
        muon_rate, adam_rate, weight_decay: peak rates for matrices and for everything else, and their decay.
        shift: largest random move of an image, in pixels of the 32.
        teacher_weight: share of the teacher's class probabilities in the targets; 0 without a teacher.
        attack_steps: 0 for ordinary training, otherwise gradient steps of the attack on every batch; the text tower
            then stays as it is.
        epsilon, attack_step_size: L2, over the whole image, in [0, 1] pixel units of the 32-pixel image.
        start_sha256: of the weights that training starts from; empty for a random start.
    Raises:
        ValueError: a number out of range.
    """

    image_tower: str = "mobilevit_xxs"
    image_size: int = 64
    embed_dim: int = 128
    text_width: int = 128
    text_layers: int = 2
    text_heads: int = 2
    context_length: int = 24
    epochs: int = 20
    batch_size: int = 250
    seed: int = 0
    captions_per_class: int = 6
    muon_rate: float = 0.005
    adam_rate: float = 0.003
    weight_decay: float = 0.05
    shift: int = 4
    teacher_weight: float = 0.0
    teacher_sha256: str = ""
    attack_steps: int = 0
    epsilon: float = 0.5
    attack_step_size: float = 0.3
    start_sha256: str = ""

    def __post_init__(self) -> None:
        for name in (
            "epochs", "batch_size", "muon_rate", "adam_rate", "captions_per_class", "epsilon", "attack_step_size",
        ):  # fmt: skip
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive; got {getattr(self, name)}")
        if self.attack_steps < 0:
            raise ValueError(f"attack_steps must be 0 or more; got {self.attack_steps}")
        if not 0 <= self.teacher_weight <= 1:
            raise ValueError(f"teacher_weight lies in [0, 1]; got {self.teacher_weight}")


def open_clip_config(recipe: ClipRecipe, vocabulary_size: int, vocabulary_name: str) -> dict[str, Any]:
    """What `open_clip_config.json` holds: the model in open_clip's own terms, no code of this project needed."""
    return {
        "model_cfg": {
            "embed_dim": recipe.embed_dim,
            "vision_cfg": {
                "timm_model_name": recipe.image_tower,
                "timm_model_pretrained": False,
                "timm_pool": "avg",
                "timm_proj": "linear",
                "image_size": recipe.image_size,
            },
            "text_cfg": {
                "context_length": recipe.context_length,
                "vocab_size": vocabulary_size,
                "width": recipe.text_width,
                "heads": recipe.text_heads,
                "layers": recipe.text_layers,
                "tokenizer_kwargs": {"bpe_path": vocabulary_name},
            },
        },
        "preprocess_cfg": {
            "mean": list(CIFAR10_MEAN),
            "std": list(CIFAR10_STD),
            "interpolation": "bicubic",
            "resize_mode": "shortest",
        },
    }


def enlarge_and_normalise(images: Tensor, size: int) -> Tensor:
    """Images in [0, 1] -> what the image tower sees, as open_clip's preprocessing does it."""
    larger = F.interpolate(images, size=(size, size), mode="bicubic", align_corners=False, antialias=True)
    return normalise(larger.clamp(0, 1))
