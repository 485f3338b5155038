"""Caption targets and the contrastive loss on them. Imports torch at the top: import it lazily."""

from __future__ import annotations

import argparse
import copy
import dataclasses
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.classifiers.classifier import (
    Classifier,
    ClipModel,
    Preprocess,
    ZeroShotClassifier,
    fill_template,
    save_prompt_embeddings,
)
from core.classifiers.loaders import load_bundled_network
from core.classifiers.text import DEFAULT_WORDS
from core.classifiers.weights import Identity
from core.data.sample_sets import CIFAR10, ClassSet
from core.shared import paper
from core.shared.files import make_folder, write_atomically, write_json
from precomputed.training.data import (
    HELD_OUT_NAMES,
    HELD_OUT_TEMPLATES,
    Batch,
    Caption,
    LabelledImages,
    attributes_of,
    captions,
    reduced_merges,
    seeded_generator,
    vocabulary_file,
)
from precomputed.training.loop import (
    Accuracy,
    ClipRecipe,
    Muon,
    Training,
    load_splits,
    recipe_from_args,
    report,
    run_command,
    train_and_measure,
    training_parser,
    weights_sha256,
    write_bundle,
)
from precomputed.training.report import clip_card


def caption_targets(
    class_probabilities: Tensor, attributes: Tensor, caption_labels: Tensor, caption_attributes: Tensor
) -> Tensor:
    """Return the probability that each caption is true of each image.

    Args:
        class_probabilities: (B, K), rows sum to one; one-hot without a teacher.
        attributes: (B, A) bool, which attributes hold of each image.
        caption_labels: (T,) int64, the class each caption names.
        caption_attributes: (T,) int64, the attribute it claims; -1 for none.
    Returns:
        (B, T) in [0, 1]: the probability of the caption's class, zero where the claimed attribute does not hold.
    """
    always = attributes.new_ones((len(attributes), 1))
    holds = torch.cat([attributes, always], dim=1)[:, caption_attributes]  # index -1 is the column of ones
    return class_probabilities[:, caption_labels] * holds


def contrastive_loss(image_features: Tensor, text_features: Tensor, scale: Tensor, truth: Tensor) -> Tensor:
    """Return the symmetric cross-entropy where an image may have several true captions, and a caption several images.

    Args:
        image_features: (B, D), unit rows.
        text_features: (T, D), unit rows.
        scale: factor of the cosines (inverse temperature).
        truth: (B, T) non-negative, from `caption_targets`. Captions true of no image count as negatives only.
    Source: CLIP (Radford et al. 2021) with the targets of UniCL (Yang et al. 2022): with ten classes, most
    captions of a batch are true of many of its images, which CLIP's own loss would count as errors.
    """
    logits = scale * image_features @ text_features.T
    by_image = truth / truth.sum(dim=1, keepdim=True).clamp_min(1e-6)
    loss_images = -(by_image * F.log_softmax(logits, dim=1)).sum(dim=1).mean()
    mass = truth.sum(dim=0)
    described = mass > 1e-3
    by_caption = truth[:, described] / mass[described]
    loss_captions = -(by_caption * F.log_softmax(logits[:, described], dim=0)).sum(dim=0).mean()
    return (loss_images + loss_captions) / 2


# open_clip's configuration of the model. Its image tower must accept any image size: the 32-pixel images are enlarged,
# as
# real CLIP enlarges them to 224. The size of the vocabulary follows from the captions.
ARCHITECTURE = Path(__file__).with_suffix(".json")
VOCABULARY, CLIP_WEIGHTS = "bpe_vocabulary.txt.gz", "open_clip_model.safetensors"


ORDINARY = ClipRecipe()
ROBUST = ClipRecipe(epochs=3, muon_rate=0.002, adam_rate=0.001, attack_steps=2)


class ClipTraining(Training):
    """A small CLIP in training, or in adversarial fine-tuning of its image tower alone.

    The attack perturbs the images so that the network misclassifies them with the paper's prompts.
    Source: TeCoA (Mao et al. 2023), with the captions of ordinary training instead of one prompt for each class.

    Args:
        recipe, train, start: as `Training`.
        config: the contents of an `open_clip_config.json`.
        captions: captions to draw from; each class needs some with and some without an attribute.
        tokenizer: sentences -> (T, L) int64.
        teacher: a CIFAR-10 classifier whose sha256 is in the recipe, or None.
    Raises:
        ValueError, RuntimeError: as `Training`.
    """

    recipe: ClipRecipe

    def __init__(
        self, recipe: ClipRecipe, config: dict[str, Any], train: LabelledImages, captions: Sequence[Caption],
        tokenizer: Any, teacher: Classifier | None = None, start: Path | None = None,
    ) -> None:  # fmt: skip
        sizes, pixels = config["model_cfg"], config["preprocess_cfg"]
        preprocess = Preprocess(sizes["vision_cfg"]["image_size"], pixels["mean"], pixels["std"])
        super().__init__(recipe, train, lambda: open_clip.CLIP(**sizes), preprocess, start)
        self.facts |= {"captions": len(captions), "model": sizes}
        self.tokenizer, self.teacher = tokenizer, teacher
        self._attributes = torch.from_numpy(attributes_of(train.images.cpu().numpy())).to(self.device)
        self._tokens = tokenizer([caption.text for caption in captions]).to(self.device)  # (C, L)
        self._caption_labels = torch.tensor([caption.label for caption in captions], device=self.device)
        self._caption_attributes = torch.tensor([caption.attribute for caption in captions], device=self.device)
        if recipe.attack_steps:
            with torch.no_grad():  # the text tower is frozen, so its embeddings never change
                self._frozen_texts = self.network.encode_text(self._tokens, normalize=True)  # (C, D)
            self._class_embeddings = self.classifier().class_embeddings

    def make_optimisers(self) -> tuple[Muon, torch.optim.Adam]:
        recipe = self.recipe
        if recipe.attack_steps:
            self.network.requires_grad_(False)
            self.network.visual.requires_grad_(True)
        matrices: list[nn.Parameter] = []
        rest: list[nn.Parameter] = []
        for name, parameter in self.network.named_parameters():
            # Depthwise filters have one input channel each: there is nothing to orthogonalise.
            is_matrix = parameter.ndim >= 2 and parameter[0].numel() >= 16 and "embedding" not in name
            if parameter.requires_grad:
                (matrices if is_matrix else rest).append(parameter)
        muon = Muon(matrices, recipe.muon_rate, momentum=0.9, weight_decay=recipe.weight_decay)
        adam = torch.optim.Adam(rest, recipe.adam_rate, betas=(0.9, 0.98))
        # As in CLIP, cosines are scaled at most a hundredfold.
        adam.register_step_post_hook(lambda *_: self.network.logit_scale.data.clamp_(0, math.log(100)))
        return muon, adam

    def classifier(self) -> ZeroShotClassifier:
        # Copy, because the engine's classifier freezes its network.
        network = copy.deepcopy(self.network)
        clip = ClipModel(Identity("mini-clip", "in training"), network, self.tokenizer, self.preprocess)
        return clip.for_classes(CIFAR10)

    def logits(self, images: Tensor) -> Tensor:
        return self.network.logit_scale.exp() * self._image_features(images) @ self._class_embeddings.T

    def loss(self, images: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        chosen = self._draw_captions()
        caption_labels = self._caption_labels[chosen]
        probabilities, attributes = self._class_probabilities(batch), self._attributes[batch.indices]
        truth = caption_targets(probabilities, attributes, caption_labels, self._caption_attributes[chosen])
        image_features = self._image_features(images)
        if self.recipe.attack_steps:
            text_features = self._frozen_texts[chosen]
        else:
            text_features = self.network.encode_text(self._tokens[chosen], normalize=True)
        loss = contrastive_loss(image_features, text_features, self.network.logit_scale.exp(), truth)
        nearest = (image_features @ text_features.T).argmax(dim=1)
        return loss, (caption_labels[nearest] == batch.labels).float().mean()

    def _image_features(self, images: Tensor) -> Tensor:
        return self.network.encode_image(self.preprocess(images), normalize=True)

    def _draw_captions(self) -> Tensor:
        """Return the positions of this step's captions: equally many per class, half of them with an attribute."""
        generator = seeded_generator(self.recipe.seed, 6, self.step)
        chosen = []
        half = self.recipe.captions_per_class // 2
        for label in range(len(CIFAR10)):
            of_class = self._caption_labels == label
            for claims, count in ((True, half), (False, self.recipe.captions_per_class - half)):
                pool = torch.nonzero(of_class & ((self._caption_attributes >= 0) == claims)).flatten().cpu()
                chosen.append(pool[torch.randint(len(pool), (count,), generator=generator)])
        return torch.cat(chosen).to(self.device)

    def _class_probabilities(self, batch: Batch) -> Tensor:
        one_hot = F.one_hot(batch.labels, len(CIFAR10)).float()
        if self.teacher is None:
            return one_hot
        with torch.no_grad():
            return torch.lerp(one_hot, self.teacher(batch.images).softmax(dim=1), self.recipe.teacher_weight)


@torch.no_grad()
def held_out_accuracy(classifier: ZeroShotClassifier, data: LabelledImages) -> Accuracy:
    """Measure the top-1 accuracy over all images with held-out sentence patterns and class names.

    The k-th held-out names of the ten classes form one set of prompts with each held-out pattern; `count` is images
    times sets, so the interval is too narrow: all sets share the same images.
    """
    network: Any = classifier.network
    preprocessed = (classifier.preprocess(images) for images, _ in data.batches())
    features = torch.cat([network.encode_image(images, normalize=True) for images in preprocessed])
    correct = count = 0
    for template in HELD_OUT_TEMPLATES:
        for names in zip(*HELD_OUT_NAMES.values(), strict=True):
            renamed = classifier.for_classes(ClassSet("custom", names), template)
            correct += int(((features @ renamed.class_embeddings.T).argmax(dim=1) == data.labels).sum())
            count += len(data)
    return Accuracy(correct, count)


def write_tokenizer(folder: Path, context_length: int) -> Any:
    """Write the captions' vocabulary into the model's folder and return open_clip's tokenizer for it."""
    make_folder(folder)
    vocabulary = {word.strip(",") for caption in captions() for word in caption.text.split()}
    write_atomically(folder / VOCABULARY, vocabulary_file(reduced_merges(vocabulary)))
    return open_clip.SimpleTokenizer(str(folder / VOCABULARY), context_length=context_length)


def write_model(
    folder: Path, classifier: ZeroShotClassifier, config: dict[str, Any], title: str, card: str, trained: str = ""
) -> None:
    """Write all files except the vocabulary, in the format of open_clip's local-dir: and of the registry.

    Args:
        folder: folder that already contains the vocabulary.
        classifier: the trained network, with the paper's prompts of CIFAR-10.
        config: the contents of `open_clip_config.json`.
        title, card: texts for people. trained: purpose of the training, within a sentence.
    """
    described = {"title": title, "trained": trained, "licence": "MIT", "classes": "cifar10"}
    sha256 = write_bundle(folder, CLIP_WEIGHTS, classifier.network, described, card)
    write_json(folder / "open_clip_config.json", config)
    write_usual_prompts(folder, classifier, sha256)


def write_usual_prompts(folder: Path, classifier: ZeroShotClassifier, sha256: str) -> None:
    """Store the embeddings of the usual prompts: the classes and a page's default prompts."""
    known = set(classifier.classes.names)
    custom = classifier.for_classes(ClassSet("custom", tuple(word for word in DEFAULT_WORDS if word not in known)))
    prompts = [prompt for part in (classifier, custom) for prompt in fill_template(paper.TEMPLATE, part.classes)]
    rows = np.concatenate([part.class_embeddings.cpu().numpy() for part in (classifier, custom)])
    save_prompt_embeddings(folder, prompts, rows, sha256)


def train(args: argparse.Namespace) -> None:
    recipe = recipe_from_args(args, ORDINARY, ROBUST)
    images, test = load_splits(args)
    teacher = None
    if args.teacher is not None:
        weights = args.teacher / "model.safetensors"
        sha256 = weights_sha256(weights)
        recipe = dataclasses.replace(recipe, teacher_sha256=sha256)
        teacher = load_bundled_network(weights, Identity("teacher", str(weights), sha256)).to(images.labels.device)
    folder = args.output / "model"
    config = json.loads(args.architecture.read_text(encoding="utf-8"))
    tokenizer = write_tokenizer(folder, config["model_cfg"]["text_cfg"]["context_length"])
    training = ClipTraining(recipe, config, images, captions(), tokenizer, teacher, args.start)
    outcome = train_and_measure(training, test, args)
    classifier = training.classifier()
    held_out = held_out_accuracy(classifier, test)
    report(f"with patterns and names never seen in training: {held_out}")
    name, vision = args.architecture.stem.replace("_", "-"), config["model_cfg"]["vision_cfg"]
    title = "Mini CLIP (plain ViT)" if "patch_size" in vision else "Mini CLIP"
    if recipe.attack_steps:
        title += " (robust)"
    card, trained = clip_card(recipe, outcome, held_out, name, vision), recipe.purpose("match images and captions")
    write_model(folder, classifier, config, title, card, trained)


def main(argv: list[str] | None = None) -> int:
    parser = training_parser(__doc__)
    parser.add_argument("--teacher", type=Path, help="folder of a bundled teacher network, e.g. mini-resnet")
    parser.add_argument("--architecture", type=Path, default=ARCHITECTURE, help="another open_clip_config.json")
    return run_command(train, parser.parse_args(argv))


if __name__ == "__main__":
    raise SystemExit(main())
