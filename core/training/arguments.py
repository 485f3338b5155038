"""The command-line options that every recipe has. Imports torch at the top: import it lazily."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch


def training_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with everything but what is peculiar to one recipe; options left out stay as the recipe has them."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="folder with CIFAR-10, as for core.sweep --data-dir")
    parser.add_argument("--output", required=True, type=Path, help="folder for the checkpoint and the result")
    parser.add_argument("--attacked-images", type=int, default=1000, help="test images for the robust accuracy")
    parser.add_argument("--machine", default="one machine", help="what the model card says the training ran on")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, help="CPU threads; another number gives other rounding errors")
    parser.add_argument("--limit", type=int, help="train on this many images only")
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--shift", type=int, help="largest random move in pixels")
    parser.add_argument("--muon-rate", type=float)
    parser.add_argument("--adam-rate", type=float)
    return parser
