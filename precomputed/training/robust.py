"""Fine-tune Mini ResNet or Mini CLIP on attacked images of CIFAR-10: half an hour on one core.

    python -m precomputed.training.robust --start precomputed/models/mini-resnet --data data --output runs/resnet-robust
    python -m precomputed.training.robust --start precomputed/models/mini-clip --data data --output runs/clip-robust

Every batch is attacked first: from a random start in the ball of L2 radius 0.5, two gradient steps of 0.3, against the
network in eval mode. Mini CLIP is attacked with the paper's prompts; its image tower alone learns, with the captions of
its first training (TeCoA, Mao et al. 2023, has one prompt for each class). Run the same command again to resume.
"""

from __future__ import annotations

import argparse
import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from core.classifiers.classifier import Preprocess
from core.classifiers.loaders import load_strictly, read_weights
from core.classifiers.networks import MiniResNet
from core.classifiers.weights import OPEN_CLIP_CONFIG, Identity
from core.classifiers.zero_shot import ClipModel
from core.data.sample_sets import CIFAR10, CIFAR10_MEAN, CIFAR10_STD
from core.shared.cli import run_script
from precomputed.training import mini_clip, mini_resnet
from precomputed.training.loop import (
    Batch,
    Data,
    attack_l2,
    load_cifar10,
    options,
    percentage,
    seeded_generator,
    top1,
    train,
    unit_range,
)

# With a single gradient step the network learned to defeat that step alone: 90 % of the attacked training batches
# right after two epochs, and 36 % of the clean test images ("catastrophic overfitting", Wong et al. 2020).
STEPS, STEP_SIZE = 2, 0.3
RESNET_EPOCHS, CONVOLUTION_RATE, RESNET_RATE = 4, 0.06, 0.005
CLIP_EPOCHS, MATRIX_RATE, CLIP_RATE = 3, 0.002, 0.001


def attacked(network: Any, logits_of: Callable[[Tensor], Tensor], batch: Batch, seed: int) -> Tensor:
    """Attack the network in eval mode: with the running statistics of its normalisation."""
    network.eval()
    images = attack_l2(logits_of, batch, seeded_generator(seed, 4, batch.step), steps=STEPS, step_size=STEP_SIZE)
    network.train()
    return images


def fine_tune_resnet(args: argparse.Namespace, data: Data) -> Callable[[Tensor], Tensor]:
    """Train and save the network, and return its logits."""
    weights = args.start / mini_resnet.WEIGHTS
    network: Any = load_strictly(MiniResNet(mini_resnet.WIDTHS), read_weights(weights), weights)
    network.to(data.images.device).to(memory_format=torch.channels_last)
    preprocess = Preprocess(32, CIFAR10_MEAN, CIFAR10_STD).to(data.images.device)

    def logits_of(images: Tensor) -> Tensor:
        return network(preprocess(images))

    def loss_of(batch: Batch) -> Tensor:
        return F.cross_entropy(logits_of(attacked(network, logits_of, batch, args.seed)), batch.labels)

    optimisers = mini_resnet.optimisers_of(network, CONVOLUTION_RATE, RESNET_RATE)
    train(network, optimisers, loss_of, data, mini_resnet.BATCH_SIZE, args)
    mini_resnet.save_resnet(args.output / "model", network.eval(), "Mini ResNet (robust)")
    return logits_of


def fine_tune_clip(args: argparse.Namespace, data: Data) -> Callable[[Tensor], Tensor]:
    """Train and save the network, and return its logits for the paper's prompts."""
    config = json.loads((args.start / OPEN_CLIP_CONFIG).read_text(encoding="utf-8"))
    network, preprocess, tokenizer = mini_clip.build(config)
    load_strictly(network, read_weights(args.start / mini_clip.WEIGHTS), args.start)
    network.to(data.images.device).to(memory_format=torch.channels_last)
    network.requires_grad_(False)
    network.visual.requires_grad_(True)
    preprocess.to(data.images.device)
    # A copy, because the engine's classifier stays in eval mode with frozen parameters.
    clip = ClipModel(Identity("mini-clip", "in training"), copy.deepcopy(network), tokenizer, preprocess)
    prompts = clip.for_classes(CIFAR10).class_embeddings
    teacher = mini_clip.load_teacher(args.teacher, data.images.device)
    caption_loss = mini_clip.CaptionLoss(network, tokenizer, data, args.seed, teacher)

    def features_of(images: Tensor) -> Tensor:
        return network.encode_image(preprocess(images), normalize=True)

    def logits_of(images: Tensor) -> Tensor:
        return network.logit_scale.exp() * features_of(images) @ prompts.T

    def loss_of(batch: Batch) -> Tensor:
        return caption_loss(features_of(attacked(network, logits_of, batch, args.seed)), batch)

    train(network, mini_clip.optimisers_of(network, MATRIX_RATE, CLIP_RATE), loss_of, data, mini_clip.BATCH_SIZE, args)
    clip = ClipModel(clip.identity, network, tokenizer, preprocess)
    mini_clip.save_clip(args.output / "model", clip.for_classes(CIFAR10), config, "Mini CLIP (robust)")
    return logits_of


def top1_under_attack(logits_of: Callable[[Tensor], Tensor], test: Data, count: int = 1000) -> str:
    """Return the top-1 accuracy on some test images under 20 gradient steps of 0.1."""
    drawn = torch.randperm(len(test.labels), generator=seeded_generator(0, 5))[:count].to(test.labels.device)
    batch = Batch(unit_range(test.images[drawn]), test.labels[drawn], drawn, 0)
    images = attack_l2(logits_of, batch, seeded_generator(0, 4), steps=20, step_size=0.1)
    return percentage(int((logits_of(images).argmax(1) == batch.labels).sum()), len(drawn))


def main(argv: list[str] | None = None) -> int:
    parser = options(__doc__, 0)
    parser.add_argument("--start", type=Path, required=True, help="folder of the model to start from")
    mini_clip.add_teacher(parser)
    parser.set_defaults(epochs=None)
    args = parser.parse_args(argv)

    def work() -> str:
        is_clip = (args.start / OPEN_CLIP_CONFIG).is_file()
        args.epochs = args.epochs or (CLIP_EPOCHS if is_clip else RESNET_EPOCHS)
        data, test = load_cifar10(args, "train"), load_cifar10(args, "test")
        logits_of = (fine_tune_clip if is_clip else fine_tune_resnet)(args, data)
        return f"top-1 {top1(logits_of, test)}; under attack {top1_under_attack(logits_of, test)}"

    return run_script(work, "run the same command again to resume")


if __name__ == "__main__":
    raise SystemExit(main())
