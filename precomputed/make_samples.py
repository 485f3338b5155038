"""Make the bundled sample images in `precomputed/samples/`, which `core.data.datasets` reads.

    python -m precomputed.make_samples cifar10 data/cifar10-test.npz
    python -m precomputed.make_samples photographs FOLDER_OF_ORIGINALS

The first draws 10 test images per class with a random seed and keeps their pixels as they are. The second shrinks the
originals listed in `PHOTOGRAPHS` to 256 pixels on the shorter side; scikit-image's own are found in the
installed package, the others are taken from the folder.
"""

import argparse
import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from core.data.datasets import read_archive
from core.data.picture_files import decode_image
from core.data.sample_sets import CIFAR10, SAMPLES, imagenet
from core.shared.files import write_json

SEED = 0
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


PHOTOGRAPHS = (
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
    generator = np.random.Generator(np.random.PCG64(SEED))
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
        "choice": f"numpy PCG64, seed {SEED}, the first {PER_CLASS} of a permutation of each class",
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
    for photograph in PHOTOGRAPHS:
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


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the bundled sample images.")
    parser.add_argument("which", choices=("cifar10", "photographs"))
    parser.add_argument("source", type=Path, help="cifar10-test.npz, or the folder with the original photographs")
    args = parser.parse_args()
    {"cifar10": make_cifar10, "photographs": make_photographs}[args.which](args.source)


if __name__ == "__main__":
    main()
