"""Zero-shot accuracy of a small CLIP on CIFAR-10. Imports torch at the top: import it lazily."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.data.classes import CIFAR10
from core.training.captions import HELD_OUT_NAMES, HELD_OUT_TEMPLATES, fill
from core.training.clip_model import enlarge_and_normalise
from core.training.data import LabelledImages, to_unit_range
from core.training.evaluation import Accuracy

PLAIN_TEMPLATE = "a photo of a {class}"


def plain_prompts() -> list[str]:
    """The paper's prompt for each class, word for word: "a photo of a airplane"."""
    return [PLAIN_TEMPLATE.replace("{class}", name) for name in CIFAR10.names]


@torch.no_grad()
def embed_prompts(model: Any, tokenizer: Any, prompts: Sequence[str]) -> Tensor:
    """(K, D) unit rows, on the model's device."""
    return model.encode_text(tokenizer(list(prompts)).to(model.logit_scale.device), normalize=True)


class ZeroShot(nn.Module):
    """Images (B, 3, 32, 32) in [0, 1] -> logits (B, K) for K prompts.

    Args:
        model, tokenizer: open_clip's.
        prompts: one for each class.
        image_size: the model's own input side.
    """

    class_embeddings: Tensor

    def __init__(self, model: Any, tokenizer: Any, prompts: Sequence[str], image_size: int) -> None:
        super().__init__()
        self.model, self.image_size = model, image_size
        self.register_buffer("class_embeddings", embed_prompts(model, tokenizer, prompts))

    def embed(self, images: Tensor) -> Tensor:
        """(B, D) unit rows."""
        return F.normalize(self.model.encode_image(enlarge_and_normalise(images, self.image_size)), dim=-1)

    def forward(self, images: Tensor) -> Tensor:
        return self.model.logit_scale.exp() * self.embed(images) @ self.class_embeddings.T


@torch.no_grad()
def held_out_accuracy(
    model: Any, tokenizer: Any, data: LabelledImages, image_size: int, batch_size: int = 500
) -> Accuracy:
    """Top-1 over all images and prompts whose sentence pattern and class names training never used.

    The k-th held-out names of the ten classes make one set of prompts with each held-out pattern; `count` is images
    times sets, so its interval is too narrow: the sets see the same images.
    """
    network = ZeroShot(model, tokenizer, plain_prompts(), image_size).eval()
    starts = range(0, len(data), batch_size)
    features = torch.cat([network.embed(to_unit_range(data.images[k : k + batch_size])) for k in starts])
    correct = count = 0
    for template in HELD_OUT_TEMPLATES:
        for names in zip(*HELD_OUT_NAMES.values(), strict=True):
            rows = embed_prompts(model, tokenizer, [fill(template, name) for name in names])
            correct += int(((features @ rows.T).argmax(dim=1) == data.labels).sum())
            count += len(data)
    return Accuracy(correct, count)
