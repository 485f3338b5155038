"""Train mini-resnet, or with --robust its adversarially trained twin, on CIFAR-10.

    python -m core.training.mini_resnet --data DATA_DIR --output DIR
    python -m core.training.mini_resnet --data DATA_DIR --output DIR --robust --start DIR/model/model.safetensors

The same command goes on where it was stopped, by Ctrl-C, kill -9 or a power cut, and evaluates and exports at the
end. `--output` receives checkpoint.pt and, when training is done, model/ in the format of precomputed/models.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import torch

from core.data.class_statistics import CIFAR10_MEAN, CIFAR10_STD
from core.device import keep_freed_memory
from core.training.arguments import training_parser
from core.training.bundle import file_sha256, write_bundle
from core.training.data import load_cifar10, seeded_subset
from core.training.evaluation import Attack, FromUnitRange, clean_accuracy, robust_accuracy
from core.training.progress import format_duration
from core.training.resnet_card import resnet_card
from core.training.resnet_loop import ResNetRecipe, ResNetTraining
from core.training.session import run_to_end

WATCHED_IMAGES = 1000  # test images whose accuracy is shown while training; nothing is chosen by it

ORDINARY = ResNetRecipe()
# With a single gradient step the network learned to defeat that step alone: 90 % of the attacked training batches
# right after two epochs, and 36 % of the clean test images ("catastrophic overfitting", Wong et al. 2020).
ROBUST = ResNetRecipe(epochs=4, muon_rate=0.06, label_smoothing=0.0, attack_steps=2, attack_step_size=0.3)


def recipe_from_arguments(arguments: argparse.Namespace) -> ResNetRecipe:
    """The published recipe with the changes asked for on the command line."""
    base = ROBUST if arguments.robust else ORDINARY
    values = {**base.as_dict(), "widths": tuple(arguments.widths or base.widths), "seed": arguments.seed}
    for name in ("epochs", "batch_size", "muon_rate", "adam_rate", "shift", "attack_steps"):
        if getattr(arguments, name) is not None:
            values[name] = getattr(arguments, name)
    if arguments.start is not None:
        values["start_sha256"] = file_sha256(arguments.start)
    return ResNetRecipe(**values)


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = training_parser(__doc__)
    parser.add_argument("--robust", action="store_true", help="L2 adversarial training at epsilon 0.5")
    parser.add_argument("--start", type=Path, help="safetensors file of the same network to start from")
    parser.add_argument("--widths", type=int, nargs=3)
    parser.add_argument("--attack-steps", type=int)
    return parser.parse_args(argv)


def report(line: str) -> None:
    print(line, flush=True)


def main(argv: list[str] | None = None) -> int:
    arguments = parse_arguments(argv)
    keep_freed_memory()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    recipe = recipe_from_arguments(arguments)
    test = load_cifar10(arguments.data, "test", device=arguments.device)
    images = load_cifar10(arguments.data, "train", device=arguments.device, limit=arguments.limit)
    training = ResNetTraining(recipe, images, arguments.start)
    network = training.network
    watched = test.head(WATCHED_IMAGES)
    seconds = run_to_end(
        training, arguments.output, lambda: clean_accuracy(FromUnitRange(network.eval()), watched), report
    )
    classifier = FromUnitRange(network).eval().requires_grad_(False)
    clean = clean_accuracy(classifier, test)
    report(f"trained in {format_duration(seconds)}; test {clean}")
    attack = Attack()
    robust = robust_accuracy(classifier, seeded_subset(test, arguments.attacked_images), attack)
    report(f"under attack {robust}")
    name = "mini-resnet-robust" if recipe.attack_steps else "mini-resnet"
    card = resnet_card(
        name, recipe, clean=clean, robust=robust, attack=attack, seconds=seconds, machine=arguments.machine,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
    )  # fmt: skip
    config = {
        "architecture": "mini-resnet",
        "kwargs": {"widths": list(recipe.widths)},
        "mean": list(CIFAR10_MEAN),
        "std": list(CIFAR10_STD),
        "classes": "cifar10",
        "title": "Mini ResNet, robust" if recipe.attack_steps else "Mini ResNet",
        "licence": "MIT",
    }
    write_bundle(arguments.output / "model", network, config, card)
    report(f"written to {arguments.output / 'model'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
