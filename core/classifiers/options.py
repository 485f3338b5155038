"""Command-line options that name a classifier. Does not import torch by itself."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from core.classifiers.registry import load_classifier
from core.shared.device import choose_device, prepare_torch
from core.shared.errors import quoted

if TYPE_CHECKING:
    from core.classifiers.kinds.base import Classifier
    from core.data.classes import ClassSet


def add_classifier_options(parser: ArgumentParser) -> None:
    """Add the options that `named_classifier` reads."""
    parser.add_argument("--classifier", required=True, help="a name of the registry, e.g. mini-clip, clip-vit-b-32")
    parser.add_argument("--weights", type=Path, help="weight file, for classifiers that take one")
    parser.add_argument("--download", action="store_true", help="allow downloading the weights")
    parser.add_argument("--template", help='prompt of a zero-shot classifier, default "a photo of a {class}"')
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, mps")


def named_classifier(args: Namespace, classes: ClassSet, local_rank: int = 0) -> Classifier:
    """Load the classifier named on the command line, for some classes; errors as for `load_classifier`."""
    prepare_torch()
    classifier = load_classifier(
        args.classifier,
        classes,
        device=choose_device(args.device, local_rank),
        weights=args.weights,
        download=args.download,
        template=args.template,
    )
    if local_rank == 0:
        _warn_of_classes(classes.names, zero_shot=classifier.template is not None)
    return classifier


def _warn_of_classes(names: Sequence[str], *, zero_shot: bool) -> None:
    """Warn of classes that make the results meaningless."""
    if len(names) == 1:
        print(f"warning: {quoted(names[0])} is the only class, so every prediction is right", file=sys.stderr)
    twice = [name for name, count in Counter(names).items() if count > 1]
    if zero_shot and twice:
        line = f"several classes are called {', '.join(map(quoted, twice[:5]))}, which no prompt can tell apart"
        print(f"warning: {line}", file=sys.stderr)
