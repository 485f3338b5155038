"""Command-line arguments common to all recipes."""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch

from core.classifiers.weights import check_sha256
from core.shared.cli import integer, number, run_script
from core.shared.device import choose_device, keep_freed_memory
from precomputed.training.data import LabelledImages, load_cifar10
from precomputed.training.recipes import Recipe

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
