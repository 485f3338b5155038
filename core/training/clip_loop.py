"""The training loop of mini-clip. Imports torch and open_clip at the top: import it lazily."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import open_clip
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.data.classes import CIFAR10
from core.training.adversary import attack_l2
from core.training.bundle import load_weights
from core.training.captions import Caption, attributes_of
from core.training.clip_evaluation import embed_prompts, plain_prompts
from core.training.clip_loss import caption_targets, contrastive_loss
from core.training.clip_model import ClipRecipe, enlarge_and_normalise, open_clip_config
from core.training.data import (
    LabelledImages,
    alternating_flips,
    batch_indices,
    flip_and_shift,
    seeded_generator,
    to_unit_range,
)
from core.training.optimisers import Muon
from core.training.progress import TrainingState

WARM_UP = 0.05  # fraction of the steps during which the learning rates rise
LARGEST_LOGIT_SCALE = 100.0  # as in CLIP


class ClipTraining:
    """A small CLIP in training, or in adversarial fine-tuning; resumable bit for bit, as `ResNetTraining`.

    With `recipe.attack_steps` only the image tower learns, from images moved to where the plain prompts mislead it.
    Source: TeCoA (Mao et al. 2023), with the captions of ordinary training instead of one prompt for each class.

    Args:
        recipe: see there.
        train: the training images; the device they are on is the one to train on.
        captions: every caption that may be drawn; each class needs some with and some without an attribute.
        tokenizer: sentences -> (T, L) int64.
        teacher: images in [0, 1] -> logits over the ten classes, or None.
        start: safetensors file to start from, whose sha256 the recipe names; None for a random start.
    Raises:
        ValueError: fewer images than one batch, or a teacher without a weight or the reverse.
        FileNotFoundError: there are no weights at `start`.
        RuntimeError: the weights to start from are another network's, or not those the recipe names.
    """

    def __init__(
        self,
        recipe: ClipRecipe,
        train: LabelledImages,
        captions: Sequence[Caption],
        tokenizer: Any,
        teacher: nn.Module | None = None,
        start: Path | None = None,
    ) -> None:
        if len(train) < recipe.batch_size:
            raise ValueError(f"a batch needs {recipe.batch_size} images; the training set has {len(train)}")
        if (teacher is None) != (recipe.teacher_weight == 0):
            raise ValueError(
                f"teacher_weight is {recipe.teacher_weight} {'without' if teacher is None else 'with'} a teacher"
            )
        self.recipe, self.train, self.teacher = recipe, train, teacher
        self.device = train.images.device
        self.steps_per_epoch = len(train) // recipe.batch_size
        self.total_steps = recipe.epochs * self.steps_per_epoch
        self.step = 0
        self._attributes = torch.from_numpy(attributes_of(train.images.cpu().numpy())).to(self.device)
        self._tokens = tokenizer([caption.text for caption in captions]).to(self.device)  # (C, L)
        self._caption_labels = torch.tensor([caption.label for caption in captions], device=self.device)
        self._caption_attributes = torch.tensor([caption.attribute for caption in captions], device=self.device)
        config = open_clip_config(recipe, tokenizer.vocab_size, "")["model_cfg"]
        with torch.random.fork_rng():  # module initialisation knows only the global generator
            torch.manual_seed(recipe.seed)
            model = open_clip.CLIP(**config)
        if start is not None:
            load_weights(model, start, recipe.start_sha256)
        self.model = model.to(self.device)
        self.model.visual.to(memory_format=torch.channels_last)
        self._frozen_texts: Tensor | None = None  # (C, D): what a text tower that stays as it is says, once for all
        if recipe.attack_steps:
            self.model.requires_grad_(False)
            self.model.visual.requires_grad_(True)
            self._frozen_texts = embed_prompts(self.model, tokenizer, [caption.text for caption in captions])
            self._class_texts = embed_prompts(self.model, tokenizer, plain_prompts())
        self._optimisers = self._make_optimisers()

    def _make_optimisers(self) -> tuple[torch.optim.Optimizer, torch.optim.Optimizer]:
        matrices: list[nn.Parameter] = []
        rest: list[nn.Parameter] = []
        for name, parameter in self.model.named_parameters():
            if not parameter.requires_grad:
                continue
            # Depthwise filters have one input channel each: there is nothing to orthogonalise.
            is_matrix = parameter.ndim >= 2 and parameter[0].numel() >= 16 and "embedding" not in name
            (matrices if is_matrix else rest).append(parameter)
        muon = Muon(
            matrices, self.recipe.muon_rate, momentum=0.9, fixed_norm=False, weight_decay=self.recipe.weight_decay
        )
        return muon, torch.optim.Adam(rest, self.recipe.adam_rate, betas=(0.9, 0.98))

    def steps(self) -> Iterator[TrainingState]:
        """Train to the end of the recipe, one state for each step done."""
        while self.step < self.total_steps:
            loss, accuracy = self._update()
            self.step += 1
            yield TrainingState(self.step, self.total_steps, self.steps_per_epoch, loss, accuracy)

    def _draw_captions(self) -> Tensor:
        """Positions of this step's captions, as many for each class, half of them with an attribute."""
        generator = seeded_generator(self.recipe.seed, 6, self.step)
        chosen = []
        half = self.recipe.captions_per_class // 2
        for label in range(len(CIFAR10)):
            of_class = self._caption_labels == label
            for claims, count in ((True, half), (False, self.recipe.captions_per_class - half)):
                pool = torch.nonzero(of_class & ((self._caption_attributes >= 0) == claims)).flatten().cpu()
                chosen.append(pool[torch.randint(len(pool), (count,), generator=generator)])
        return torch.cat(chosen).to(self.device)

    def _class_probabilities(self, images: Tensor, labels: Tensor) -> Tensor:
        one_hot = F.one_hot(labels, len(CIFAR10)).float()
        if self.teacher is None:
            return one_hot
        with torch.no_grad():
            return torch.lerp(one_hot, self.teacher(images).softmax(dim=1), self.recipe.teacher_weight)

    def _image_features(self, images: Tensor) -> Tensor:
        return self.model.encode_image(enlarge_and_normalise(images, self.recipe.image_size), normalize=True)

    def _text_features(self, chosen: Tensor) -> Tensor:
        if self._frozen_texts is not None:
            return self._frozen_texts[chosen]
        return self.model.encode_text(self._tokens[chosen], normalize=True)

    def _class_logits(self, images: Tensor) -> Tensor:
        return self.model.logit_scale.exp() * self._image_features(images) @ self._class_texts.T

    def _update(self) -> tuple[float, float]:
        recipe, count = self.recipe, len(self.train)
        indices = batch_indices(count, recipe.batch_size, self.step, recipe.seed)
        flips = alternating_flips(indices, count, self.step // self.steps_per_epoch, recipe.seed)
        indices = indices.to(self.device)
        images = flip_and_shift(
            to_unit_range(self.train.images[indices]), flips.to(self.device), recipe.shift,
            seeded_generator(recipe.seed, 3, self.step),
        ).contiguous(memory_format=torch.channels_last)  # fmt: skip
        labels = self.train.labels[indices]
        chosen = self._draw_captions()
        truth = caption_targets(
            self._class_probabilities(images, labels), self._attributes[indices],
            self._caption_labels[chosen], self._caption_attributes[chosen],
        )  # fmt: skip
        if recipe.attack_steps:
            # The attack sees the network as a user will: with the running statistics of its normalisation.
            self.model.eval()
            images = attack_l2(
                self._class_logits, images, labels, epsilon=recipe.epsilon, steps=recipe.attack_steps,
                step_size=recipe.attack_step_size, generator=seeded_generator(recipe.seed, 4, self.step),
            )  # fmt: skip
        self.model.train()
        image_features = self._image_features(images)
        text_features = self._text_features(chosen)
        loss = contrastive_loss(image_features, text_features, self.model.logit_scale.exp(), truth)
        for optimiser in self._optimisers:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._set_learning_rates()
        for optimiser in self._optimisers:
            optimiser.step()
        with torch.no_grad():
            self.model.logit_scale.clamp_(0, torch.tensor(LARGEST_LOGIT_SCALE).log().item())
            nearest = (image_features @ text_features.T).argmax(dim=1)
            accuracy = (self._caption_labels[chosen][nearest] == labels).float().mean().item()
        return loss.item(), accuracy

    def _set_learning_rates(self) -> None:
        rise = min(1.0, (self.step + 1) / max(1.0, WARM_UP * self.total_steps))
        factor = rise * (1 - self.step / self.total_steps)
        for optimiser, peak in zip(self._optimisers, (self.recipe.muon_rate, self.recipe.adam_rate), strict=True):
            for group in optimiser.param_groups:
                group["lr"] = peak * factor

    def state(self) -> dict[str, Any]:
        """Everything needed to go on from here, and the recipe it belongs to."""
        return {
            "recipe": {**asdict(self.recipe), "data": self.train.content_hash, "captions": len(self._tokens)},
            "step": self.step,
            "network": self.model.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self._optimisers],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take up a state of the same recipe and data (`load_checkpoint` checks that they are)."""
        self.model.load_state_dict(state["network"])
        for optimiser, stored in zip(self._optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(stored)
        self.step = state["step"]
