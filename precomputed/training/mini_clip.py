"""Train Mini CLIP on CIFAR-10 and captions made for it: an hour and a half on one core.

    python -m precomputed.training.mini_clip --data data --output runs/mini-clip
    python -m precomputed.training.mini_clip --data data --output runs/mini-clip-vit --teacher none --epochs 6 \\
        --architecture mini-clip-vit

Run the same command again to resume after Ctrl-C, kill -9 or a power cut. `--output` receives checkpoint.pt and, at the
end, model/ in the format of precomputed/models, which is also open_clip's local-dir:.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from core.classifiers.classifier import Classifier, Preprocess
from core.classifiers.loaders import load_bundled_network
from core.classifiers.registry import MODELS
from core.classifiers.text import DEFAULT_WORDS
from core.classifiers.weights import OPEN_CLIP_CONFIG, Identity
from core.classifiers.zero_shot import ClipModel, ZeroShotClassifier, fill_template, save_prompt_embeddings
from core.data.sample_sets import CIFAR10, ClassSet
from core.shared import paper
from core.shared.cli import run_script
from core.shared.files import write_json
from precomputed.training.captions import attributes_of, captions
from precomputed.training.loop import (
    Batch,
    Data,
    Muon,
    load_cifar10,
    options,
    save_model,
    seeded_generator,
    top1,
    train,
)

EPOCHS, BATCH_SIZE = 20, 250
MATRIX_RATE, OTHER_RATE = 0.005, 0.003
WEIGHT_DECAY = 0.05  # of the matrices
CAPTIONS = 6  # for each class and step; half of them claim an attribute
TEACHER_SHARE = 0.5  # of the teacher's class probabilities in the targets, if there is a teacher
WEIGHTS = "open_clip_model.safetensors"
# CLIP's first 1,000 merges and all that the captions need, in CLIP's order: splits captions as CLIP does.
VOCABULARY = MODELS / "mini-clip" / "bpe_vocabulary.txt.gz"


def build(config: dict[str, Any]) -> tuple[Any, Preprocess, Any]:
    """Return open_clip's network of an `open_clip_config.json`, its preprocessing and the captions' tokenizer."""
    sizes, pixels = config["model_cfg"], config["preprocess_cfg"]
    tokenizer = open_clip.SimpleTokenizer(str(VOCABULARY), context_length=sizes["text_cfg"]["context_length"])
    return (
        open_clip.CLIP(**sizes),
        Preprocess(sizes["vision_cfg"]["image_size"], pixels["mean"], pixels["std"]),
        tokenizer,
    )


def optimisers_of(network: Any, matrix_rate: float, other_rate: float) -> tuple[torch.optim.Optimizer, ...]:
    """Return Muon for the matrices and Adam for the rest of what learns."""
    matrices: list[nn.Parameter] = []
    rest: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        # Depthwise filters have one input channel each: there is nothing to orthogonalise.
        is_matrix = parameter.ndim >= 2 and parameter[0].numel() >= 16 and "embedding" not in name
        if parameter.requires_grad:
            (matrices if is_matrix else rest).append(parameter)
    adam = torch.optim.Adam(rest, other_rate, betas=(0.9, 0.98))
    # As in CLIP, cosines are scaled at most a hundredfold.
    adam.register_step_post_hook(lambda *_: network.logit_scale.data.clamp_(0, math.log(100)))
    return Muon(matrices, matrix_rate, momentum=0.9, weight_decay=WEIGHT_DECAY), adam


class CaptionLoss:
    """Contrastive loss of a batch's images and of captions drawn for its step.

    Args:
        network: the CLIP; if its text tower does not learn, all captions are embedded once.
        tokenizer: sentences -> (T, L) int64.
        data: the training images, whose attributes are measured once.
        seed: for drawing captions.
        teacher: a CIFAR-10 classifier whose probabilities enter the targets, or None.
    """

    def __init__(self, network: Any, tokenizer: Any, data: Data, seed: int, teacher: Classifier | None) -> None:
        sentences, device = captions(), data.images.device
        self.network, self.seed, self.teacher = network, seed, teacher
        self.tokens = tokenizer([caption.text for caption in sentences]).to(device)  # (C, L)
        self.labels = torch.tensor([caption.label for caption in sentences], device=device)
        self.claims = torch.tensor([caption.attribute for caption in sentences], device=device)
        self.attributes = torch.from_numpy(attributes_of(data.images.cpu().numpy())).to(device)
        self.embedded: Tensor | None = None
        if not any(weight.requires_grad for weight in network.transformer.parameters()):
            with torch.no_grad():
                self.embedded = network.encode_text(self.tokens, normalize=True)  # (C, D)

    def __call__(self, image_features: Tensor, batch: Batch) -> Tensor:
        """Return the loss for unit features (B, D) of images that may differ from the batch's own."""
        drawn = self.draw(batch.step)
        probabilities = F.one_hot(batch.labels, len(CIFAR10)).float()
        if self.teacher is not None:
            with torch.no_grad():
                taught = self.teacher(batch.images).softmax(dim=1)
                probabilities = torch.lerp(probabilities, taught, TEACHER_SHARE)
        truth = caption_targets(probabilities, self.attributes[batch.indices], self.labels[drawn], self.claims[drawn])
        if self.embedded is None:
            text_features = self.network.encode_text(self.tokens[drawn], normalize=True)
        else:
            text_features = self.embedded[drawn]
        return contrastive_loss(self.network.logit_scale.exp() * image_features @ text_features.T, truth)

    def draw(self, step: int) -> Tensor:
        """Return the positions of a step's captions: equally many per class, half of them with an attribute."""
        generator, drawn = seeded_generator(self.seed, 6, step), []
        for label in range(len(CIFAR10)):
            for claims, count in ((True, CAPTIONS // 2), (False, CAPTIONS - CAPTIONS // 2)):
                pool = torch.nonzero((self.labels == label) & ((self.claims >= 0) == claims)).flatten().cpu()
                drawn.append(pool[torch.randint(len(pool), (count,), generator=generator)])
        return torch.cat(drawn).to(self.labels.device)


def caption_targets(probabilities: Tensor, attributes: Tensor, labels: Tensor, claims: Tensor) -> Tensor:
    """Return the probability that each caption is true of each image.

    Args:
        probabilities: (B, K) of the classes, rows sum to one; one-hot without a teacher.
        attributes: (B, A) bool, which attributes hold of each image.
        labels: (T,) int64, the class each caption names.
        claims: (T,) int64, the attribute it claims; -1 for none.
    Returns:
        (B, T) in [0, 1]: the probability of the caption's class, zero where the claimed attribute does not hold.
    """
    always = attributes.new_ones((len(attributes), 1))
    holds = torch.cat([attributes, always], dim=1)[:, claims]  # index -1 is the column of ones
    return probabilities[:, labels] * holds


def contrastive_loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Return the symmetric cross-entropy where an image may have several true captions, and a caption several images.

    Args:
        logits: (B, T), scaled cosines.
        truth: (B, T) non-negative, from `caption_targets`. Captions true of no image count as negatives only.
    Source: CLIP (Radford et al. 2021) with the targets of UniCL (Yang et al. 2022): with ten classes, most
    captions of a batch are true of many of its images, which CLIP's own loss would count as errors.
    """
    by_image = truth / truth.sum(dim=1, keepdim=True).clamp_min(1e-6)
    loss_images = -(by_image * F.log_softmax(logits, dim=1)).sum(dim=1).mean()
    mass = truth.sum(dim=0)
    described = mass > 1e-3
    by_caption = truth[:, described] / mass[described]
    loss_captions = -(by_caption * F.log_softmax(logits[:, described], dim=0)).sum(dim=0).mean()
    return (loss_images + loss_captions) / 2


def load_teacher(folder: Path | None, device: torch.device) -> Classifier | None:
    """Load the network of a folder such as precomputed/models/mini-resnet; None without one."""
    if folder is None:
        return None
    return load_bundled_network(folder / "model.safetensors", Identity("teacher", str(folder))).to(device)


def save_clip(folder: Path, classifier: ZeroShotClassifier, config: dict[str, Any], title: str) -> None:
    """Write the model, with the embeddings of the prompts that pages ask for first."""
    sha256 = save_model(folder, WEIGHTS, classifier.network, {"title": title})
    write_json(folder / OPEN_CLIP_CONFIG, config)
    shutil.copyfile(VOCABULARY, folder / VOCABULARY.name)
    known = set(CIFAR10.names)
    custom = classifier.for_classes(ClassSet("custom", tuple(word for word in DEFAULT_WORDS if word not in known)))
    prompts = [prompt for part in (classifier, custom) for prompt in fill_template(paper.TEMPLATE, part.classes)]
    rows = np.concatenate([part.class_embeddings.cpu().numpy() for part in (classifier, custom)])
    save_prompt_embeddings(folder, prompts, rows, sha256)


def add_teacher(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--teacher", type=lambda text: None if text == "none" else Path(text), default=MODELS / "mini-resnet",
        help="folder of a network whose probabilities are half of the targets, or none; default: mini-resnet",
    )  # fmt: skip


def _architecture(text: str) -> Path:
    bundled = MODELS / text / OPEN_CLIP_CONFIG
    return bundled if bundled.is_file() else Path(text)


def main(argv: list[str] | None = None) -> int:
    parser = options(__doc__, EPOCHS)
    add_teacher(parser)
    parser.add_argument(
        "--architecture", type=_architecture, default="mini-clip", help="a bundled CLIP, or an open_clip_config.json"
    )
    args = parser.parse_args(argv)

    def work() -> str:
        data = load_cifar10(args, "train")
        config = json.loads(args.architecture.read_text(encoding="utf-8"))
        torch.manual_seed(args.seed)
        network, preprocess, tokenizer = build(config)
        network.to(data.images.device).to(memory_format=torch.channels_last)
        preprocess.to(data.images.device)
        teacher = load_teacher(args.teacher, data.images.device)
        caption_loss = CaptionLoss(network, tokenizer, data, args.seed, teacher)

        def loss_of(batch: Batch) -> Tensor:
            return caption_loss(network.encode_image(preprocess(batch.images), normalize=True), batch)

        train(network, optimisers_of(network, MATRIX_RATE, OTHER_RATE), loss_of, data, BATCH_SIZE, args)
        clip = ClipModel(Identity("mini-clip", "in training"), network, tokenizer, preprocess)
        classifier = clip.for_classes(CIFAR10)
        save_clip(args.output / "model", classifier, config, "Mini CLIP")
        return f"top-1 {top1(classifier, load_cifar10(args, 'test'))}"

    return run_script(work, "run the same command again to resume")


if __name__ == "__main__":
    raise SystemExit(main())
