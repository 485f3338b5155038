"""Measure a bundled model's robustness with AutoAttack and the usual sanity checks, and add it to the model card.

    python -m precomputed.training.robustness mini-clip-robust --data DATA_DIR

Writes robustness.json into the model's folder and a section into its card. Takes half an hour to some hours of one
core. AutoAttack (Croce & Hein 2020) is the standard evaluation: APGD on the cross-entropy, then APGD on the targeted
DLR loss and Square on the images still classified correctly. FAB is omitted: it rarely fools any further image.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import re
from pathlib import Path

import torch

from core.classifiers.classifier import Classifier
from core.classifiers.registry import MODELS, load_classifier
from core.data.sample_sets import CIFAR10
from core.data.stored import computed_source
from core.shared.cli import run_script
from core.shared.files import make_folder, write_atomically, write_json
from precomputed.training.data import LabelledImages, load_cifar10, seeded_generator
from precomputed.training.evaluation import Accuracy, Attack, clean_accuracy, robust_accuracy
from precomputed.training.session import report

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
         "by foolbox and AutoAttack (Croce & Hein 2020), by `python -m precomputed.training.robustness`.", "",
         "| attack | accuracy |", "|---|---|", *lines, ""]
    )  # fmt: skip


def with_section(card: str, text: str) -> str:
    """Return the card with this section, replacing an older one."""
    before = re.split(rf"^{HEADING}$", card, flags=re.MULTILINE)[0].rstrip()
    return f"{before}\n\n{text}"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="name of a bundled model of CIFAR-10")
    parser.add_argument("--data", required=True, help="folder with CIFAR-10, as for core.sweep --data-dir")
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
