"""Measure a bundled model's robustness with AutoAttack and the usual sanity checks, and add it to the model card.

    python -m precomputed.training.report mini-clip-robust --data DATA_DIR

Writes robustness.json into the model's folder and a section into its card. Takes half an hour to some hours of one
core. AutoAttack (Croce & Hein 2020) is the standard evaluation: APGD on the cross-entropy, then APGD on the targeted
DLR loss and Square on the images still classified correctly. FAB is omitted: it rarely fools any further image."""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from core.classifiers.classifier import Classifier
from core.classifiers.registry import MODELS, load_classifier
from core.data.sample_sets import CIFAR10
from core.data.stored import computed_source
from core.shared.cli import run_script
from core.shared.files import make_folder, write_atomically, write_json
from precomputed.training.data import LabelledImages, load_cifar10, seeded_generator
from precomputed.training.loop import (
    Accuracy,
    Attack,
    ClipRecipe,
    Outcome,
    Recipe,
    ResNetRecipe,
    clean_accuracy,
    format_duration,
    report,
    robust_accuracy,
)

EPSILON = 0.5
ITERATIONS, QUERIES = 100, 1000  # of either APGD, and of Square, for each image
HEADING = "## Robustness"


def measure(
    classifier: Classifier, data: LabelledImages, iterations: int = ITERATIONS, queries: int = QUERIES
) -> dict[str, Accuracy]:
    """Measure the accuracy without an attack and under each attack.

    Args:
        classifier: a CIFAR-10 classifier in eval mode.
        data: the images attacked, all of them.
        iterations: of either APGD. queries: of Square, for each image.
    """
    attack = Attack(epsilon=EPSILON)
    clean = clean_accuracy(classifier, data)
    report(f"clean {clean}")
    accuracies = {"clean": clean, "pgd": robust_accuracy(classifier, data, attack)}
    report(f"{attack}: {accuracies['pgd']}")
    # Checks for masked gradients: attacks that weaken with fewer restarts, or accuracy that survives any epsilon.
    accuracies["pgd, 5 restarts"] = robust_accuracy(classifier, data, dataclasses.replace(attack, restarts=5))
    accuracies["pgd, epsilon 4"] = robust_accuracy(
        classifier, data, dataclasses.replace(attack, epsilon=4.0, step_size=0.8, restarts=1)
    )
    report(f"5 restarts: {accuracies['pgd, 5 restarts']}; epsilon 4: {accuracies['pgd, epsilon 4']}")
    return accuracies | auto_attack(classifier, data, iterations, queries)


def auto_attack(classifier: Classifier, data: LabelledImages, iterations: int, queries: int) -> dict[str, Accuracy]:
    """Return the accuracy that is left after each of AutoAttack's attacks and those before it."""
    from pyautoattack import AutoAttack

    names = ("apgd-ce", "apgd-t", "square")
    attack = AutoAttack(classifier, attacks=list(names), eps=EPSILON, norm="L2", seed=0, version="custom")
    attack.apgd.n_restarts, attack.square.n_queries = 1, queries
    attack.apgd.n_iter = attack.apgd_targeted.n_iter = iterations
    images = data.images.float().div(255).contiguous()
    stands, accuracies = torch.ones(len(data), dtype=torch.bool), {}
    for name in names:
        attack.attacks_to_run = [name]
        with torch.random.fork_rng():
            attacked, _ = attack.run_standard_evaluation(images[stands], data.labels[stands], batch_size=250)
        with torch.no_grad():
            logits = torch.cat([classifier(part) for part in attacked.split(250)])
        stands[stands.clone()] = logits.argmax(1) == data.labels[stands]
        accuracies[name] = Accuracy(int(stands.sum()), len(data))
        report(f"{name}: {accuracies[name]}")
    return accuracies


def section(accuracies: dict[str, Accuracy]) -> str:
    """Return the card's section on robustness as Markdown."""
    rows = {
        "clean": "clean",
        "pgd": f"{Attack(epsilon=EPSILON)}",
        "apgd-ce": f"APGD on the cross-entropy, {ITERATIONS} steps",
        "apgd-t": f"and APGD on the targeted DLR loss, nine targets of {ITERATIONS} steps",
        "square": f"and Square, {QUERIES:,} queries",
        "pgd, 5 restarts": "sanity: the PGD above with five restarts",
        "pgd, epsilon 4": "sanity: PGD at epsilon 4, eight times as much",
    }
    lines = [f"| {rows[name]} | {accuracy} |" for name, accuracy in accuracies.items()]
    return "\n".join(
        [HEADING, "", f"Top-1 on CIFAR-10 test images under L2 attacks, epsilon {EPSILON} where nothing else is said,",
         "by foolbox and AutoAttack (Croce & Hein 2020), by `python -m precomputed.training.report`.", "",
         "| attack | accuracy |", "|---|---|", *lines, ""]
    )  # fmt: skip


def with_section(card: str, text: str) -> str:
    """Return the card with this section, replacing an older one."""
    before = re.split(rf"^{HEADING}$", card, flags=re.MULTILINE)[0].rstrip()
    return f"{before}\n\n{text}"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="name of a bundled model of CIFAR-10")
    parser.add_argument("--data", required=True, help="folder with CIFAR-10, as for core.sweep waves --data-dir")
    parser.add_argument("--images", type=int, default=1000, help="test images, drawn by a seed")
    parser.add_argument("--output", type=Path, help="folder for the result; the model's own by default")
    args = parser.parse_args(argv)

    def work() -> str:
        for package in ("foolbox", "pyautoattack"):
            if importlib.util.find_spec(package) is None:
                raise ModuleNotFoundError(f"the model is attacked with {package}: run 'pip install {package}' first")
        folder = args.output or MODELS / args.model
        make_folder(folder)  # fail early: the attacks take long
        classifier = load_classifier(args.model, CIFAR10)
        test = load_cifar10(args.data, "test")
        chosen = torch.randperm(len(test), generator=seeded_generator(0, 5))[: args.images]
        accuracies = measure(classifier, test[chosen])
        content = {
            "sha256": classifier.sha256,
            "epsilon": EPSILON,
            "accuracy": {name: [accuracy.correct, accuracy.count] for name, accuracy in accuracies.items()},
            "source": computed_source("cpu"),
        }
        write_json(folder / "robustness.json", content)
        card = MODELS / args.model / "README.md"
        write_atomically(
            folder / "README.md", with_section(card.read_text(encoding="utf-8"), section(accuracies)).encode()
        )
        return f"written to {folder}"

    return run_script(work, "run the same command again")


if __name__ == "__main__":
    raise SystemExit(main())


def resnet_card(recipe: ResNetRecipe, outcome: Outcome) -> str:
    """Return the Markdown card of mini-resnet or its robust twin."""
    trained, start, attacked = "in the ordinary way", "random weights and a fixed whitening layer", ""
    limit = "It has no robustness to speak of; the figure above is given to be compared with its robust twin."
    if recipe.start_sha256:
        start = f"the weights of mini-resnet (sha256 {recipe.start_sha256[:12]}...)"
    if recipe.attack_steps:
        trained = f"on L2 attacks of size {recipe.epsilon}"
        attacked = (
            f"\nEvery batch is attacked first: random start in the ball of L2 radius {recipe.epsilon} (whole image, "
            f"pixel values in [0, 1]), {recipe.attack_steps} gradient steps of length {recipe.attack_step_size}, "
            "clipped to [0, 1]."
        )
        limit = "Robust here means L2 attacks of this size only; AutoAttack finds a little more than the attack above."
    return _fill(recipe, outcome, "mini-resnet", trained=trained, start=start, attacked=attacked, limit=limit)


def clip_card(recipe: ClipRecipe, outcome: Outcome, held_out: Accuracy, name: str, vision: dict[str, Any]) -> str:
    """Return the Markdown card of a small CLIP or its robust twin.

    name: of the ordinary twin. vision: `vision_cfg` of its configuration, in open_clip's terms.
    """
    attacked, teacher = "", "No teacher and no outside weights went into it."
    if recipe.attack_steps:
        attacked = (
            f"It starts from mini-clip (sha256 {recipe.start_sha256[:12]}...). The text tower stays as it was; the "
            f"image tower learns from\nimages perturbed inside an L2 ball of {recipe.epsilon} by {recipe.attack_steps} "
            f"gradient steps of {recipe.attack_step_size} against the plain prompts, as in TeCoA\n"
            "(Mao et al. 2023).\n\n"
        )
    if recipe.teacher_sha256:
        teacher = (
            f"Targets are {recipe.teacher_weight:.0%} the class probabilities of mini-resnet "
            f"(sha256 {recipe.teacher_sha256[:12]}...), also trained here; no outside weights went into it."
        )
    texts = {"attacked": attacked, "teacher": teacher, **_tower(vision)}
    return _fill(recipe, outcome, name, held_out=held_out.rate, **texts)


def _tower(vision: dict[str, Any]) -> dict[str, str]:
    """Return a card's texts on the image tower, on its input, and on how this project runs it."""
    if patch := vision.get("patch_size"):
        grid = vision["image_size"] // patch
        tower = (
            f"plain ViT: {grid} x {grid} patches of {patch} x {patch} pixels, no overlap, no convolutional stem; "
            f"{vision['layers']} layers of width {vision['width']}"
        )
        inside = (
            "Made to test whether a network that cuts patches is spared by waves that repeat in each of them:\n"
            "docs/results.md has the result."
        )
        return {"tower": tower, "enlarged": "", "inside": inside}
    size = vision["image_size"]
    return {
        "tower": "timm `mobilevit_xxs` (convolutional stem, then convolutions and self-attention)",
        "enlarged": f"enlarged to {size} x {size} and ",
        "inside": "Inside this project the image tower runs in torch alone, with the same predictions\n"
        "(`core/classifiers/networks.py`), and `prompt_embeddings.npz` holds what the text tower says "
        'about\n"a photo of a {class}": open_clip is imported only for prompts of your own.',
    }


def _fill(recipe: Recipe, outcome: Outcome, name: str, **texts: Any) -> str:
    kind = "mini-clip" if name.startswith("mini-clip") else "mini-resnet"
    options = " --robust" if recipe.attack_steps else ""
    if name != kind:
        options += f" --architecture precomputed/training/{name.replace('-', '_')}.json"
    if recipe.start_sha256:
        weights = "open_clip_model.safetensors" if kind == "mini-clip" else "model.safetensors"
        options += f" --start precomputed/models/{name}/{weights}"
    if getattr(recipe, "teacher_sha256", ""):
        options += " --teacher precomputed/models/mini-resnet"
    template = (Path(__file__).parent / "cards" / f"{kind}.md").read_text(encoding="utf-8")
    return template.format(
        name=f"{name}-robust" if recipe.attack_steps else name,
        time=format_duration(outcome.seconds),
        attack=Attack(),
        options=options,
        **asdict(recipe),
        **vars(outcome),
        **texts,
    )
