"""Train mini-clip, a small CLIP in open_clip's own format, on CIFAR-10 images and captions; or its robust twin.

    python -m core.training.mini_clip --data DATA_DIR --output DIR
    python -m core.training.mini_clip --data DATA_DIR --output DIR --teacher precomputed/models/mini-resnet
    python -m core.training.mini_clip --data DATA_DIR --output DIR --robust --start CLIP_WEIGHTS

The same command goes on where it was stopped, and evaluates and exports at the end. `--output` receives checkpoint.pt
and, when training is done, model/, which open_clip loads by itself (the model card says how).
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import open_clip
import torch
from torch import nn

from core.classifiers.networks.mini_clip import save_prompt_embeddings
from core.classifiers.networks.mini_resnet import MiniResNet
from core.device import keep_freed_memory
from core.files import write_atomically
from core.training.arguments import training_parser
from core.training.bundle import WEIGHTS, file_sha256, load_weights, write_bundle
from core.training.captions import captions
from core.training.clip_card import clip_card
from core.training.clip_evaluation import PLAIN_TEMPLATE, ZeroShot, embed_prompts, held_out_accuracy, plain_prompts
from core.training.clip_loop import ClipTraining
from core.training.clip_model import ClipRecipe, open_clip_config
from core.training.data import load_cifar10, seeded_subset
from core.training.evaluation import Attack, FromUnitRange, clean_accuracy, robust_accuracy
from core.training.progress import format_duration
from core.training.session import run_to_end
from core.training.vocabulary import reduced_merges, vocabulary_file

VOCABULARY = "bpe_vocabulary.txt.gz"
CLIP_CONFIG, CLIP_WEIGHTS = "open_clip_config.json", "open_clip_model.safetensors"
WATCHED_IMAGES = 1000  # test images whose accuracy is shown while training; nothing is chosen by it
TEACHER_WEIGHT = 0.5

ORDINARY = ClipRecipe()
ROBUST = ClipRecipe(epochs=3, muon_rate=0.002, adam_rate=0.001, attack_steps=2)


def load_teacher(folder: Path) -> nn.Module:
    """A bundled closed-set network as a teacher: images in [0, 1] -> logits; frozen."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    network = MiniResNet(**config["kwargs"])
    load_weights(network, folder / WEIGHTS)
    return FromUnitRange(network).eval().requires_grad_(False)


def parse_arguments(argv: list[str] | None = None) -> argparse.Namespace:
    parser = training_parser(__doc__)
    parser.add_argument("--robust", action="store_true", help="L2 adversarial fine-tuning of the image tower at 0.5")
    parser.add_argument("--start", type=Path, help="safetensors file of the same network to start from")
    parser.add_argument("--attack-steps", type=int)
    parser.add_argument("--teacher", type=Path, help="folder of a bundled network that helps, such as mini-resnet's")
    return parser.parse_args(argv)


def recipe_from_arguments(arguments: argparse.Namespace) -> ClipRecipe:
    """The published recipe with the changes asked for on the command line."""
    names = ("seed", "epochs", "batch_size", "shift", "muon_rate", "adam_rate", "attack_steps")
    changes = {name: getattr(arguments, name) for name in names if getattr(arguments, name) is not None}
    if arguments.teacher is not None:
        changes |= {"teacher_weight": TEACHER_WEIGHT, "teacher_sha256": file_sha256(arguments.teacher / WEIGHTS)}
    if arguments.start is not None:
        changes["start_sha256"] = file_sha256(arguments.start)
    return dataclasses.replace(ROBUST if arguments.robust else ORDINARY, **changes)


def report(line: str) -> None:
    print(line, flush=True)


def main(argv: list[str] | None = None) -> int:
    arguments = parse_arguments(argv)
    keep_freed_memory()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    recipe = recipe_from_arguments(arguments)
    train = load_cifar10(arguments.data, "train", device=arguments.device, limit=arguments.limit)
    test = load_cifar10(arguments.data, "test", device=arguments.device)
    teacher = load_teacher(arguments.teacher).to(arguments.device) if arguments.teacher else None
    texts = captions("train")
    folder = arguments.output / "model"
    folder.mkdir(parents=True, exist_ok=True)
    words = {word.strip(",") for caption in texts for word in caption.text.split()}
    write_atomically(folder / VOCABULARY, vocabulary_file(reduced_merges(words)))
    tokenizer = open_clip.SimpleTokenizer(str(folder / VOCABULARY), context_length=recipe.context_length)
    training = ClipTraining(recipe, train, texts, tokenizer, teacher, arguments.start)
    model, watched = training.model, test.head(WATCHED_IMAGES)

    def zero_shot() -> nn.Module:
        return ZeroShot(model.eval(), tokenizer, plain_prompts(), recipe.image_size).eval()

    seconds = run_to_end(training, arguments.output, lambda: clean_accuracy(zero_shot(), watched), report)
    model.eval().requires_grad_(False)
    plain = clean_accuracy(zero_shot(), test)
    report(f'trained in {format_duration(seconds)}; test, "{PLAIN_TEMPLATE}": {plain}')
    held_out = held_out_accuracy(model, tokenizer, test, recipe.image_size)
    report(f"with patterns and names never seen in training: {held_out}")
    attack = Attack()
    robust = robust_accuracy(zero_shot(), seeded_subset(test, arguments.attacked_images), attack)
    report(f"under attack {robust}")
    write_model(folder, model, recipe, tokenizer)
    card = clip_card(
        recipe, plain=plain, held_out=held_out, robust=robust, attack=attack, seconds=seconds,
        parameters=sum(parameter.numel() for parameter in model.parameters()), machine=arguments.machine,
    )  # fmt: skip
    write_atomically(folder / "README.md", card.encode())
    report(f"written to {folder}")
    return 0


def write_model(folder: Path, model: nn.Module, recipe: ClipRecipe, tokenizer: Any) -> None:
    """Everything but the vocabulary and the card, in the format of open_clip's local-dir: and of the registry."""
    title = "Mini CLIP, robust" if recipe.attack_steps else "Mini CLIP"
    described = {"title": title, "licence": "MIT", "classes": "cifar10"}
    write_bundle(folder, model, described, "", weights_name=CLIP_WEIGHTS)
    config = open_clip_config(recipe, tokenizer.vocab_size, VOCABULARY)
    write_atomically(folder / CLIP_CONFIG, (json.dumps(config, indent=2) + "\n").encode())
    prompts = plain_prompts()
    rows = embed_prompts(model, tokenizer, prompts).cpu().numpy()
    save_prompt_embeddings(folder, prompts, rows, file_sha256(folder / CLIP_WEIGHTS))


if __name__ == "__main__":
    sys.exit(main())
