"""Train mini-resnet, or with --robust its adversarially trained twin, on CIFAR-10.

    python -m precomputed.training.mini_resnet --data DATA_DIR --output DIR
    python -m precomputed.training.mini_resnet --data DATA_DIR --output DIR --robust --start DIR/model/model.safetensors

Run the same command again to resume after Ctrl-C, kill -9 or a power cut; it evaluates and exports at the end.
`--output` receives checkpoint.pt and, when training is done, model/ in the format of precomputed/models.
"""

from __future__ import annotations

import argparse
import copy
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from core.classifiers.classifier import ClosedSetClassifier, Preprocess
from core.classifiers.networks import MiniResNet
from core.classifiers.weights import Identity
from core.data.sample_sets import CIFAR10, CIFAR10_MEAN, CIFAR10_STD
from core.shared.cli import integer
from precomputed.training.data import Batch, LabelledImages, to_unit_range
from precomputed.training.loop import (
    Muon,
    ResNetRecipe,
    Training,
    load_splits,
    recipe_from_args,
    run_command,
    train_and_measure,
    training_parser,
    write_bundle,
)
from precomputed.training.report import resnet_card

WHITENING_IMAGES = 5000


ORDINARY = ResNetRecipe()
# With a single gradient step the network learned to defeat that step alone: 90 % of the attacked training batches
# right after two epochs, and 36 % of the clean test images ("catastrophic overfitting", Wong et al. 2020).
ROBUST = ResNetRecipe(epochs=4, muon_rate=0.06, label_smoothing=0.0, attack_steps=2)


class ResNetTraining(Training):
    """A small residual network in training; arguments and errors as `Training`."""

    recipe: ResNetRecipe

    def __init__(self, recipe: ResNetRecipe, train: LabelledImages, start: Path | None = None) -> None:
        preprocess = Preprocess(train.images.shape[-1], CIFAR10_MEAN, CIFAR10_STD)

        def build() -> MiniResNet:
            network = MiniResNet(recipe.widths)
            set_whitening(network, preprocess(to_unit_range(train.images[:WHITENING_IMAGES].cpu())))
            return network

        super().__init__(recipe, train, build, preprocess, start)

    def make_optimisers(self) -> tuple[Muon, torch.optim.Adam]:
        learning = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        convolutions = [parameter for parameter in learning if parameter.ndim == 4]
        rest = [parameter for parameter in learning if parameter.ndim < 4]
        muon = Muon(convolutions, self.recipe.muon_rate, momentum=0.6, weight_decay=None)
        return muon, torch.optim.Adam(rest, self.recipe.adam_rate, betas=(0.9, 0.95))

    def logits(self, images: Tensor) -> Tensor:
        return self.network(self.preprocess(images))

    def loss(self, images: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        logits = self.logits(images)
        loss = F.cross_entropy(logits, batch.labels, label_smoothing=self.recipe.label_smoothing)
        return loss, (logits.argmax(1) == batch.labels).float().mean()

    def classifier(self) -> ClosedSetClassifier:
        # Copy, because the engine's classifier freezes its network.
        network = copy.deepcopy(self.network)
        return ClosedSetClassifier(Identity("mini-resnet", "in training"), network, self.preprocess, CIFAR10)


@torch.no_grad()
def set_whitening(network: MiniResNet, images: Tensor, regularisation: float = 5e-4) -> None:
    """Set and freeze a network's first layer so that its 12 outputs per patch are uncorrelated with variance near one.

    Args:
        images: (N, 3, H, W), normalised as in training; a few thousand suffice.
        regularisation: added to every eigenvalue, so that directions of almost no variance (the finest
            chequerboards) are not blown up into noise.
    """
    patches = F.unfold(images, network.PATCH).transpose(1, 2).reshape(-1, 3 * network.PATCH**2).double()
    patches = patches - patches.mean(dim=0)
    eigenvalues, eigenvectors = torch.linalg.eigh(patches.T @ patches / len(patches))
    filters = (eigenvectors / torch.sqrt(eigenvalues + regularisation)).T.flip(0)
    filters = filters.reshape(-1, 3, network.PATCH, network.PATCH).to(network.whitening.weight)
    network.whitening.weight.copy_(torch.cat([filters, -filters]))


def train(args: argparse.Namespace) -> None:
    recipe = recipe_from_args(args, ORDINARY, ROBUST)
    images, test = load_splits(args)
    training = ResNetTraining(recipe, images, args.start)
    outcome = train_and_measure(training, test, args)
    config = {
        "architecture": "mini-resnet",
        "kwargs": {"widths": list(recipe.widths)},
        "mean": list(CIFAR10_MEAN),
        "std": list(CIFAR10_STD),
        "classes": "cifar10",
        "title": "Mini ResNet (robust)" if recipe.attack_steps else "Mini ResNet",
        "trained": recipe.purpose("name images"),
        "licence": "MIT",
    }
    card = resnet_card(recipe, outcome)
    write_bundle(args.output / "model", "model.safetensors", training.network, config, card)


def main(argv: list[str] | None = None) -> int:
    parser = training_parser(__doc__)
    parser.add_argument("--widths", type=integer(1), nargs=3)
    return run_command(train, parser.parse_args(argv))


if __name__ == "__main__":
    raise SystemExit(main())
