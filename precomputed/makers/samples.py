"""Make the bundled sample images in `precomputed/samples/`, and choose those that pages open with.

    python -m precomputed.makers.samples cifar10 data/cifar10-test.npz
    python -m precomputed.makers.samples photographs FOLDER_OF_ORIGINALS
    python -m precomputed.makers.samples opening
    python -m precomputed.makers.samples examples [--judge resnet-56] [--weights FILE] [--download]
    python -m precomputed.makers.samples waves

The first draws 10 test images per class with a random seed and keeps their pixels as they are. The second shrinks the
originals listed in `_PHOTOGRAPHS` to 256 pixels on the shorter side; scikit-image's own are found in the
installed package, the others are taken from the folder.

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
import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.classifiers.classifier import Classifier
from core.classifiers.registry import load_classifier
from core.data.datasets import load_samples
from core.data.holes import middle_square, usual_side
from core.data.image_archive import read_archive
from core.data.picture_files import decode_image
from core.data.sample_sets import (
    CIFAR10,
    EXAMPLES,
    PRECOMPUTED,
    SAMPLE_SETS,
    SAMPLES,
    ImageDataset,
    imagenet,
    usual_epsilon,
)
from core.data.stored import classifier_facts, computed_source
from core.pgd.jobs import class_order
from core.pgd.live import Run
from core.pgd.pictures import picture_outcomes
from core.pgd.plan import inpainting_plan
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

_SEED = 0
PER_CLASS = 10
SHORTER_SIDE = 256

PUBLIC_DOMAIN = "Public domain"
CC0 = "CC0 1.0"
SCIKIT_IMAGE = "scikit-image 0.26, skimage/data"
SCIKIT_IMAGE_DATA = "https://scikit-image.org/docs/stable/api/skimage.data.html"
GCOMPRIS = "GCompris 25.0.12 (KDE)"
COMMONS = "https://commons.wikimedia.org/wiki/File:"
FARM_ANIMALS = "README beside the file in the GCompris sources, commit 479d754"
WORLD_ANIMALS = "README beside the file in the GCompris sources, commit de72bf1"
KITCHEN = "README beside the file in the GCompris sources, commit e8eabaf"


@dataclass(frozen=True)
class Photograph:
    """A free photograph; `original` is the name of its file in `via`, the collection it was taken from."""

    file: str
    wnid: str
    title: str
    author: str
    licence: str
    source: str
    original: str
    via: str
    licence_stated: str


_PHOTOGRAPHS = (
    Photograph("tabby.jpg", "n02123045", "Chelsea the cat", "Stefan van der Walt", CC0, SCIKIT_IMAGE_DATA,
               "chelsea.png", SCIKIT_IMAGE, "documentation of skimage.data.chelsea"),
    Photograph("espresso.jpg", "n07920052", "Coffee cup", "Rachel Michetti", CC0, SCIKIT_IMAGE_DATA,
               "coffee.png", SCIKIT_IMAGE, "documentation of skimage.data.coffee"),
    Photograph("giant_panda.jpg", "n02510455", "Giant panda", "Jeff Kubina", PUBLIC_DOMAIN,
               f"{COMMONS}Giant_Panda_2004-03-2.jpg", "panda.webp", GCOMPRIS, WORLD_ANIMALS),
    Photograph("macaw.jpg", "n01818515", "Scarlet macaw at Cougar Mountain Zoological Park", "Dcoetzee",
               PUBLIC_DOMAIN, f"{COMMONS}Scarlet_macaw_at_Cougar_Mountain_Zoological_Park.jpg",
               "scarlet_macaw.webp", GCOMPRIS, WORLD_ANIMALS),
    Photograph("german_shepherd.jpg", "n02106662", "German shepherd", "Hans Kemperman", PUBLIC_DOMAIN,
               f"{COMMONS}German-shepherd-4040871920._(2).jpg", "dog.webp", GCOMPRIS, FARM_ANIMALS),
    Photograph("frying_pan.jpg", "n03400231", "Cast-iron frying pan", "Suricata", PUBLIC_DOMAIN,
               f"{COMMONS}Pfanne_(Gusseisen).jpg", "pan.webp", GCOMPRIS, KITCHEN),
    Photograph("hen.jpg", "n01514859", "Chickens at Tranquilles B&B", "Tranquilles", PUBLIC_DOMAIN,
               f"{COMMONS}Chickens_at_Tranquilles_B%26B.JPG", "chicken.webp", GCOMPRIS, FARM_ANIMALS),
    Photograph("koala.jpg", "n01882714", "Koala, Perth Zoo", "BurningWell", PUBLIC_DOMAIN,
               f"{COMMONS}Koala_Perth_Zoo.jpg", "koala.webp", GCOMPRIS, WORLD_ANIMALS),
    Photograph("komodo_dragon.jpg", "n01695060", "Komodo dragon", "TimVickers", PUBLIC_DOMAIN,
               f"{COMMONS}Varanus_komodoensis_(5).jpg", "dragon.webp", GCOMPRIS, WORLD_ANIMALS),
    Photograph("polar_bear.jpg", "n02134084", "Polar bear, Churchill Wildlife Management Area", "anonymous",
               PUBLIC_DOMAIN, f"{COMMONS}Churchill_Wildlife_Management_Area_polar_bear30.JPG",
               "polar_bear.webp", GCOMPRIS, WORLD_ANIMALS),
    Photograph("bison.jpg", "n02410509", "American bison", "Kurt Kaiser", PUBLIC_DOMAIN,
               f"{COMMONS}American_Bison_9.jpg", "bison.webp", GCOMPRIS, WORLD_ANIMALS),
    Photograph("otter.jpg", "n02444819", "Oakland Zoo otters", "not named (Budgie Backgrounds)", CC0,
               "https://github.com/BuddiesOfBudgie/budgie-backgrounds", "oakland-zoo-otters.jpg",
               "Budgie Backgrounds 3.0", "README of Budgie Backgrounds, section License"),
)  # fmt: skip


def make_cifar10(archive_file: Path) -> None:
    """Draw `PER_CLASS` test images of each class and write them with their places in the test set."""
    archive = read_archive(archive_file)
    if archive.class_names != CIFAR10.names or archive.images.shape != (10_000, 32, 32, 3):
        raise SystemExit(f"{archive_file} is not CIFAR-10's test set: {archive.images.shape}, {archive.class_names}")
    generator = np.random.Generator(np.random.PCG64(_SEED))
    drawn = [generator.permutation(np.flatnonzero(archive.labels == k))[:PER_CLASS] for k in range(10)]
    # One image of each class after the other, so that the first ten show all ten classes.
    indices = np.stack(drawn, axis=1).ravel()

    folder = SAMPLES / "cifar10"
    folder.mkdir(parents=True, exist_ok=True)
    labels = archive.labels[indices].astype(np.uint8)
    classes = np.array(CIFAR10.names)
    np.savez_compressed(folder / "images.npz", images=archive.images[indices], labels=labels, classes=classes)
    write_json(folder / "provenance.json", {
        "title": "100 CIFAR-10 test images, 10 per class",
        "author": "Alex Krizhevsky, Vinod Nair and Geoffrey Hinton",
        "source": "https://www.cs.toronto.edu/~kriz/cifar.html",
        "licence": "no licence stated; the authors ask to cite the report",
        "citation": "A. Krizhevsky: Learning Multiple Layers of Features from Tiny Images. Report, 2009.",
        "choice": f"numpy PCG64, seed {_SEED}, the first {PER_CLASS} of a permutation of each class",
        "changes": "none",
        "images": [
            {"index": int(index), "class": CIFAR10.names[label]}
            for index, label in zip(indices, labels, strict=True)
        ],
    }, indent=1)  # fmt: skip


def make_photographs(originals: Path) -> None:
    """Shrink the originals and write them with author, source, licence and ImageNet class."""
    folder = SAMPLES / "photographs"
    folder.mkdir(parents=True, exist_ok=True)
    classes = imagenet()
    entries = []
    for photograph in _PHOTOGRAPHS:
        collection = _scikit_image_data() if photograph.via == SCIKIT_IMAGE else originals
        original = (collection / photograph.original).read_bytes()
        image = Image.fromarray(decode_image(original))
        scale = min(1.0, SHORTER_SIDE / min(image.size))
        image = image.resize((int(image.width * scale), int(image.height * scale)), Image.Resampling.BILINEAR)
        image.save(folder / photograph.file, quality=95, subsampling=0, optimize=True)
        index = (classes.wnids or ()).index(photograph.wnid)
        entries.append({
            **asdict(photograph),
            "imagenet_index": index,
            "class": classes.names[index],
            "changes": f"shrunk to {image.width} x {image.height} pixels, saved as JPEG",
            "original_sha256": hashlib.sha256(original).hexdigest(),
            "sha256": hashlib.sha256((folder / photograph.file).read_bytes()).hexdigest(),
        })  # fmt: skip
    record = {"title": "Free photographs of ImageNet classes", "photographs": entries}
    write_json(folder / "provenance.json", record, indent=1)


def _scikit_image_data() -> Path:
    import skimage

    return Path(skimage.__file__).parent / "data"


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
        [wave_on_image(image, WAVE, epsilon, seed=_SEED, position=k) for k, image in enumerate(images)]
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
        "seed": _SEED,
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
    images, drawn = data.images.astype(np.float32) / 255, draw_pairs(data.labels, DRAWN, seed=_SEED)
    pairs = drawn[recognised[drawn].all(axis=1)][:MIXED].tolist()
    if len(pairs) < MIXED:
        raise RuntimeError(f"only {len(pairs)} of {DRAWN} pairs are recognised by {TURNED} and {KEPT}")
    cutoffs, starts = hybrid_cutoffs(data.image_size), []
    for low, high in pairs:
        predictions = [predict_hybrids(classifier, images[low], images[high], cutoffs) for classifier in classifiers]
        switches = [hybrids.switches_at(*data.labels[[low, high]]) or len(cutoffs) for hybrids in predictions]
        starts.append(cutoffs[min(switches)])
    rule = f"the first {MIXED} pairs drawn with seed {_SEED} of which both networks recognise both pictures"
    return {"rule": rule, "pairs": pairs, "starts": starts}


_PAIRS = (("mini-clip", "mini-clip-robust"), ("mini-resnet", "mini-resnet-robust"))
_CLASSES, _PICTURES, _CANDIDATES = 8, 6, 3
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
    order = class_order(len(CIFAR10), _SEED)
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
    return sorted(sorted(middle, key=gain.__getitem__)[-_PICTURES:])


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
    parser.add_argument("which", choices=("cifar10", "photographs", "opening", "examples", "waves"))
    parser.add_argument("source", type=Path, nargs="?", help="cifar10-test.npz, or the folder with the photographs")
    parser.add_argument("--judge", default="resnet-56", help="a classifier of CIFAR-10's classes")
    parser.add_argument("--weights", type=Path, help="its weight file")
    parser.add_argument("--download", action="store_true", help="allow downloading its weights")
    args = parser.parse_args()
    match args.which:
        case "opening":
            write_json(STORY_CHOICE, default_picture(), indent=None)
        case "examples":
            judge = load_classifier(args.judge, CIFAR10, weights=args.weights, download=args.download)
            write_json(EXAMPLES, examples(judge))
        case "waves":
            answers_under_waves()
        case "cifar10" | "photographs" if args.source is None:
            parser.error(f"{args.which} needs its source")
        case "cifar10":
            make_cifar10(args.source)
        case "photographs":
            make_photographs(args.source)


if __name__ == "__main__":
    main()
