"""Choose the bundled sample images that pages open with.

    python -m precomputed.makers.samples opening
    python -m precomputed.makers.samples examples [--judge resnet-56] [--weights FILE] [--download]
    python -m precomputed.makers.samples waves

`opening` writes precomputed/default_picture.json, by rules on the predictions of two small networks. The picture: the
first bundled sample that the small CLIP and the small CNN both get right. The story takes the first automobile among
them that its wave makes a ship for the CLIP and leaves right for the CNN; how many it misleads for one of them alone
is stored, and said beside it. The pairs to mix: of the pairs of different classes that `core.sweep hybrids` draws with
this seed, the first six of which both networks recognise both pictures, each shown first at the first network's
crossover cutoff. What networks predict of all these is made after it: python -m core.reproduce.profile --parts
predictions.

`examples` writes precomputed/examples.json, by a rule on the judge's gain, without looking at the pictures. Gain: the
judge's probability of the class in a robust twin's result minus that in the ordinary twin's, mean over the pairs Mini
CLIP and Mini ResNet.

* Drawings: the eight classes with the largest gain over the stored drawings from blurs, in the order of the classes; of
  each the first start.
* Holes: of each class the three first bundled pictures, with the usual hole in the middle; of these the one with the
  middle gain in the judge's probability; of these ten the six with the largest gain, in the pictures' order.
* The opening: the random seed, of the first 20 by which both Mini CLIPs end confident of all classes, of the blur from
  which the robust one's drawings have the highest mean probability by two other networks.

`waves` writes precomputed/waves/: what the bundled networks say of each bundled picture under every wave of its map.

Run `examples` after `core.reproduce.profile --parts judgements`, and make the stored runs after it.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from core.classifiers.classifier import Classifier
from core.classifiers.registry import load_classifier
from core.data.datasets import load_samples
from core.data.holes import middle_square, usual_side
from core.data.sample_sets import CIFAR10, EXAMPLES, PRECOMPUTED, SAMPLE_SETS, ImageDataset, usual_epsilon
from core.data.stored import classifier_facts, computed_source
from core.pgd.live import Run
from core.pgd.pictures import picture_outcomes
from core.pgd.plan import class_order, inpainting_plan
from core.pgd.record import SURE
from core.pgd.settings import paper_inpainting
from core.reproduce.profile_parts import example_run, opening_plan
from core.shared import paper
from core.shared.device import class_probabilities, device_name, prepare_torch
from core.shared.files import write_json
from core.sweep.answers import answers_on_samples
from core.sweep.hybrids import draw_pairs
from core.sweep.predict import hybrid_cutoffs, predict_hybrids, wave_on_image
from core.sweep.story import STORY_CHOICE
from core.sweep.waves import usual_map_side

_DRAW_SEED = 0
TURNED, KEPT, PAINTED = "mini-clip", "mini-resnet", "cifar10-samples"
WAVE = (0, 1)
STORY = ("automobile", "ship")
MIXED, DRAWN = 6, 40


def default_picture() -> dict[str, Any]:
    """Return the choice and its reasons, as JSON.

    Raises:
        RuntimeError: no sample fits, no automobile becomes a ship, or too few pairs are recognised.
        IndexError: no network has a crossover cutoff for a pair.
    """
    data = load_samples(PAINTED)
    images = data.images.astype(np.float32) / 255
    epsilon = paper.EPSILON[data.image_size]
    perturbed = np.stack(
        [wave_on_image(image, WAVE, epsilon, seed=_DRAW_SEED, position=k) for k, image in enumerate(images)]
    )
    classifiers = {name: load_classifier(name, data.classes) for name in (TURNED, KEPT)}
    clean, under_wave = (
        {name: class_probabilities(classifier, batch).argmax(1) for name, classifier in classifiers.items()}
        for batch in (images, perturbed)
    )
    recognised = np.all([predictions == data.labels for predictions in clean.values()], axis=0)
    misled = {name: recognised & (predictions != data.labels) for name, predictions in under_wave.items()}
    fits = misled[TURNED] & ~misled[KEPT]
    label, wrong_label = (data.classes.names.index(name) for name in STORY)
    story_fits = fits & (data.labels == label) & (under_wave[TURNED] == wrong_label)
    if not story_fits.any():
        raise RuntimeError(f"the wave {WAVE} makes no {STORY[0]} of {PAINTED} a {STORY[1]} for {TURNED} alone")
    return {
        "rule": "first sample that both networks recognise",
        "samples": PAINTED,
        "position": int(recognised.argmax()),
        "wave": list(WAVE),
        "epsilon": epsilon,
        "seed": _DRAW_SEED,
        "turned": TURNED,
        "kept": KEPT,
        "sha256": {name: classifier.sha256 for name, classifier in classifiers.items()},
        "story": {
            "rule": f"first recognised {STORY[0]} that the wave makes a {STORY[1]} for `turned`, not for `kept`",
            "position": int(story_fits.argmax()),
            "recognised": int(recognised.sum()),
            "misled_alone": {TURNED: int(fits.sum()), KEPT: int((misled[KEPT] & ~misled[TURNED]).sum())},
        },
        "mixtures": _mixtures(data, recognised, list(classifiers.values())),
    }


def _mixtures(data: ImageDataset, recognised: np.ndarray, classifiers: list[Classifier]) -> dict[str, Any]:
    """Choose the pairs to mix; recognised: (N,) bool, whether both networks predict a picture's class."""
    images, drawn = data.images.astype(np.float32) / 255, draw_pairs(data.labels, DRAWN, seed=_DRAW_SEED)
    pairs = drawn[recognised[drawn].all(axis=1)][:MIXED].tolist()
    if len(pairs) < MIXED:
        raise RuntimeError(f"only {len(pairs)} of {DRAWN} pairs are recognised by {TURNED} and {KEPT}")
    cutoffs, starts = hybrid_cutoffs(data.image_size), []
    for low, high in pairs:
        predictions = [predict_hybrids(classifier, images[low], images[high], cutoffs) for classifier in classifiers]
        switches = [hybrids.switches_at(*data.labels[[low, high]]) or len(cutoffs) for hybrids in predictions]
        starts.append(cutoffs[min(switches)])
    rule = f"the first {MIXED} pairs drawn with seed {_DRAW_SEED} of which both networks recognise both pictures"
    return {"rule": rule, "pairs": pairs, "starts": starts}


_PAIRS = (("mini-clip", "mini-clip-robust"), ("mini-resnet", "mini-resnet-robust"))
_CLASSES, _EXAMPLE_PICTURES, _CANDIDATES = 8, 6, 3
SEEDS = 20
OTHERS = ("mini-clip-vit", "mini-resnet")  # they judge the opening


def examples(judge: Classifier) -> dict[str, Any]:
    """Return the rows of examples and the seed of the opening, as JSON."""
    return {
        "drawn": chosen_classes(),
        "filled": chosen_pictures(judge),
        "opening": opening_seed(),
        "judge": classifier_facts(judge),
        "source": computed_source(device_name(judge.device)),
    }


def chosen_classes() -> list[str]:
    """Return the classes of the row of drawings."""
    order = class_order(len(CIFAR10), _DRAW_SEED)
    stored = picture_outcomes("blur")
    gain = np.zeros(len(CIFAR10))
    for ordinary, robust in _PAIRS:
        more = [stored[name].recognised() for name in (robust, ordinary)]
        for index, difference in enumerate(more[0] - more[1]):
            gain[order[index % len(order)]] += difference
    return [CIFAR10.names[k] for k in sorted(np.argsort(-gain, kind="stable")[:_CLASSES])]


def chosen_pictures(judge: Classifier) -> list[int]:
    """Return the positions of the row of holes among the bundled pictures."""
    data = load_samples("cifar10-samples")
    candidates = [np.flatnonzero(data.labels == label)[:_CANDIDATES] for label in range(len(CIFAR10))]
    rows = np.concatenate(candidates)
    gain = dict(zip(rows.tolist(), _gains(judge, rows, data), strict=True))
    middle = [sorted(some.tolist(), key=gain.__getitem__)[_CANDIDATES // 2] for some in candidates]
    return sorted(sorted(middle, key=gain.__getitem__)[-_EXAMPLE_PICTURES:])


def _gains(judge: Classifier, rows: np.ndarray, data: Any) -> np.ndarray:
    """Return the judge's probability of the true class, robust minus ordinary, mean over the pairs, (n,)."""
    size, labels = data.image_size, data.labels[rows]
    config = paper_inpainting(size, usual_side(size))
    plan = inpainting_plan(data.images[rows], middle_square(size), labels.tolist(), config)
    names, probabilities = [name for pair in _PAIRS for name in pair], {}
    for states in Run(plan, lambda: [load_classifier(name, CIFAR10) for name in names]).states():
        last = states
    for name, state in zip(names, last, strict=True):
        probabilities[name] = class_probabilities(judge, state.images.cpu().numpy())[np.arange(len(rows)), labels]
        print(name, probabilities[name].mean(), flush=True)
    return np.mean([probabilities[robust] - probabilities[ordinary] for ordinary, robust in _PAIRS], axis=0)


def opening_seed() -> int:
    """Choose the random seed of the opening's blur."""
    row = SAMPLE_SETS["cifar10"]
    painters, judges = ([load_classifier(name, row.classes) for name in names] for names in (_PAIRS[0], OTHERS))

    def recognised(seed: int) -> float:
        runs = [example_run(opening_plan(row, seed), painter) for painter in painters]
        if min(run.curves["target_probability"][-1].min() for run in runs) < SURE:
            return 0.0
        drawn = runs[-1].frames[-1].astype(np.float32) / 255
        return float(np.mean([np.diag(class_probabilities(judge, drawn)).mean() for judge in judges]))

    return max(range(SEEDS), key=recognised)


_ANSWERING = {
    "cifar10": ("mini-clip", "mini-clip-robust", "mini-clip-vit", "mini-resnet", "mini-resnet-robust"),
    "photographs": ("efficientnet-lite0",),
}


def answers_under_waves() -> None:
    """Write what each network says of each bundled picture under every wave of its map."""
    prepare_torch()
    for name, networks in _ANSWERING.items():
        row = SAMPLE_SETS[name]
        for network in networks:
            classifier = load_classifier(network, row.classes)
            answers = answers_on_samples(
                classifier, load_samples(row.dataset), usual_map_side(row.side), usual_epsilon(row.side)
            )
            answers.save(PRECOMPUTED / "waves" / f"{network}.npz")


def main() -> None:
    """Make what is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("which", choices=("opening", "examples", "waves"))
    parser.add_argument("--judge", default="resnet-56", help="a classifier of CIFAR-10's classes")
    parser.add_argument("--weights", type=Path, help="its weight file")
    parser.add_argument("--download", action="store_true", help="allow downloading its weights")
    args = parser.parse_args()
    if args.which == "opening":
        write_json(STORY_CHOICE, default_picture(), indent=None)
    elif args.which == "examples":
        judge = load_classifier(args.judge, CIFAR10, weights=args.weights, download=args.download)
        write_json(EXAMPLES, examples(judge))
    else:
        answers_under_waves()


if __name__ == "__main__":
    main()
