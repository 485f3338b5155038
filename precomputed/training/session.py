"""Training session: training loop, checkpoints, progress and evaluation. Imports torch at the top."""

from __future__ import annotations

import argparse
import hashlib
import io
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from safetensors.torch import save
from torch import nn

from core.shared.cli import progress_bar
from core.shared.files import make_folder, write_atomically, write_json
from precomputed.training.data import LabelledImages, seeded_generator
from precomputed.training.evaluation import Accuracy, Attack, clean_accuracy, robust_accuracy
from precomputed.training.loop import Training, TrainingState

CHECKPOINT = "checkpoint.pt"
CHECKPOINT_SECONDS = 60.0
WATCHED_IMAGES = 1000  # test images whose accuracy is shown while training; nothing is chosen by it


@dataclass(frozen=True)
class Outcome:
    """Results of a finished training for its model card; `machine` is the user's description of the hardware."""

    clean: Accuracy
    robust: Accuracy
    seconds: float
    parameters: int
    machine: str


def train_and_measure(training: Training, test: LabelledImages, args: argparse.Namespace) -> Outcome:
    """Train to the end, then measure the clean accuracy on the whole test set and the robust accuracy on part of it.

    Raises:
        ValueError, RuntimeError: as `load_checkpoint`.
    """
    seconds = run_to_end(training, args.output, test[:WATCHED_IMAGES])
    classifier = training.classifier()
    clean = clean_accuracy(classifier, test)
    report(f"trained in {format_duration(seconds)}; test {clean}")
    chosen = torch.randperm(len(test), generator=seeded_generator(0, 5))[: args.attacked_images]
    robust = robust_accuracy(classifier, test[chosen.to(test.labels.device)], Attack())
    report(f"under attack {robust}")
    parameters = sum(parameter.numel() for parameter in training.network.parameters())
    return Outcome(clean, robust, seconds, parameters, args.machine)


def run_to_end(training: Training, output: Path, watched: LabelledImages) -> float:
    """Train, or resume from the checkpoint in `output`, and return the seconds that all runs together took.

    Args:
        training: a training before its first step.
        output: folder of the checkpoint, made if missing.
        watched: images whose accuracy is shown at the end of each epoch.
    Raises:
        ValueError, RuntimeError: as `load_checkpoint`.
    """
    make_folder(output)
    seconds_before = 0.0
    if (stored := load_checkpoint(output / CHECKPOINT, training.facts)) is not None:
        training.restore(stored)
        seconds_before = stored["seconds"]
        report(f"resuming after step {training.step} of {training.total_steps}")
    started = saved = time.monotonic()
    epoch: list[TrainingState] = []
    with progress_bar(initial=training.step, total=training.total_steps, unit="step") as bar:
        for state in training.steps():
            bar.update()
            epoch.append(state)
            if epoch_ends := state.step % training.steps_per_epoch == 0:
                bar.clear()
                report(
                    f"epoch {state.step // training.steps_per_epoch} of {training.recipe.epochs}  "
                    f"loss {fmean(state.loss for state in epoch):.3f}  "
                    f"training batches {fmean(state.accuracy for state in epoch):.1%}  "
                    f"test ({len(watched)}) {clean_accuracy(training.classifier(), watched).rate:.1%}"
                )
                epoch = []
            if epoch_ends or time.monotonic() - saved > CHECKPOINT_SECONDS:
                saved = time.monotonic()
                save_checkpoint(output / CHECKPOINT, {**training.state(), "seconds": seconds_before + saved - started})
    return seconds_before + time.monotonic() - started


def report(line: str) -> None:
    """Print a line of progress and flush it, also when the output is a file."""
    print(line, flush=True)


def format_duration(seconds: float) -> str:
    """Format a duration as `1 h 05 min` or `5 min 10 s`."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min {rest:02d} s"


def save_checkpoint(path: Path, state: dict[str, Any]) -> None:
    """Write `state` atomically: `path` is always either the old or the new checkpoint, even after kill -9."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_atomically(path, buffer.getvalue())


def load_checkpoint(path: Path, facts: dict[str, Any]) -> dict[str, Any] | None:
    """Load the state stored at `path`; None if there is none.

    Raises:
        ValueError: the checkpoint belongs to another recipe or other data.
        RuntimeError: the file is damaged.
    """
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises half a dozen unrelated types for a damaged archive
        raise RuntimeError(f"cannot read the checkpoint {path} ({error}); delete it to start afresh") from error
    stored = state.get("facts", {})
    if stored != facts:
        expected = {key: value for key, value in facts.items() if stored.get(key) != value}
        stored_values = {key: stored.get(key) for key in expected}
        raise ValueError(
            f"{path} belongs to another recipe: expected {expected}, found {stored_values}; "
            "choose another --output, or delete the checkpoint"
        )
    return state


def write_bundle(folder: Path, weights_name: str, network: nn.Module, config: dict[str, Any], card: str) -> str:
    """Write weights, `config.json` and the model card, each atomically, and return the weights' sha256."""
    make_folder(folder)
    data = save({name: tensor.detach().cpu().contiguous() for name, tensor in network.state_dict().items()})
    sha256 = hashlib.sha256(data).hexdigest()
    write_atomically(folder / weights_name, data)
    write_json(folder / "config.json", {**config, "sha256": sha256})
    write_atomically(folder / "README.md", card.encode())
    return sha256
