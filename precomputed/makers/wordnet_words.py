"""Write words.json: which ImageNet and CIFAR-10 classes a noun stands for, and which are close to other nouns.

    apt-get install wordnet-base
    python -m precomputed.makers.wordnet_words [--wordnet /usr/share/wordnet]

ImageNet's classes are synsets of WordNet 3.0. The first sense of a noun decides: it stands for all classes at or below
this sense (*dog*: 118 of them, *lighthouse*: beacon). A noun whose first sense has no class gets the closest classes
instead, or none. Takes a minute. `core.data.words` reads the file.

Sources: Fellbaum 1998, *WordNet*; Seco et al. 2004, information content from the number of hyponyms.
"""

from __future__ import annotations

import argparse
import difflib
import json
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.data.sample_sets import CIFAR10, ClassSet, imagenet
from core.data.words import MIN_RATIO, NEIGHBOURS, PATH, plain, singulars
from core.shared.files import write_atomically

SOURCE = "WordNet 3.0, Princeton University; classes of ImageNet: timm's table of synsets"
# A word for more than this fraction of the classes, such as "artifact", names nothing that one could draw.
MAX_FRACTION = 0.5

# CIFAR-10's classes as synsets, which its names do not tell.
CIFAR10_SYNSETS = {
    "airplane": "02691156", "automobile": "02958343", "bird": "01503061", "cat": "02121620", "deer": "02430045",
    "dog": "02084071", "frog": "01639765", "horse": "02374451", "ship": "04194289", "truck": "04490091",
}  # fmt: skip

# Nouns of which everybody means a later sense, with its number in WordNet. At most 40, each looked at.
LATER_SENSES = {
    "atm": 3, "bath": 3, "black bear": 2, "bowl": 3, "bridegroom": 2, "brush": 2, "canine": 2, "chameleon": 3, "cot": 2,
    "crawfish": 2, "daddy longlegs": 2, "drink": 3, "glass": 2, "letter box": 3, "make up": 3, "merry go round": 2,
    "mug": 4, "pant": 2, "primate": 2, "puzzle": 2, "pyjama": 2, "roach": 4, "ruler": 2, "scooter": 3, "seal": 9,
    "seat": 3, "sign": 2, "skirt": 2, "sloth": 2, "speaker": 2, "stoplight": 2, "sub": 2, "table": 2, "thrush": 3,
    "tram": 3, "turtle": 2, "van": 5, "vessel": 2, "weight": 2, "whale": 2,
}  # fmt: skip
# Nouns whose classes by WordNet are not what people mean, with the classes that are.
IMAGENET_EXCEPTIONS: dict[str, tuple[str, ...]] = {
    "belt": ("buckle",),  # also a seat belt
    "bike": ("bicycle-built-for-two", "mountain bike"),  # a moped
    "train": ("bullet train", "electric locomotive", "steam locomotive"),  # a bullet train alone
    "match": ("matchstick",),  # none
    "helmet": ("crash helmet", "football helmet", "pickelhaube"),  # a pickelhaube alone
    "house": ("boathouse", "mobile home"),  # a monastery and a palace
    "lamp": ("lampshade", "table lamp"),  # a candle, a spotlight and a jack-o'-lantern
    "stereo": ("cassette player", "loudspeaker", "tape player"),  # an iPod
    "table": ("desk", "dining table", "pool table"),  # no dining table
    "wheel": ("car wheel",),  # also a potter's wheel and a pinwheel
}
CIFAR10_EXCEPTIONS: dict[str, tuple[str, ...]] = {
    "boat": ("ship",),  # CIFAR-10's ships are boats of any size
    "jet": ("airplane",),
}
# Nouns whose closest classes by WordNet are far-fetched or missing, with those that people may want instead, or none.
# They stand for no class: not "globe" for a bubble, "java" for espresso or "plant" for a lumbermill.
IMAGENET_NEAR: dict[str, tuple[str, ...]] = {
    "arm": (), "bank": ("piggy bank",), "beach": ("seashore", "sandbar", "lakeside"), "bracelet": ("necklace",),
    "buck": (), "bull": ("ox", "bison"), "cake": ("trifle",), "calculator": ("hand-held computer", "abacus"),
    "carrot": ("cucumber", "broccoli"), "chandelier": ("lampshade", "candle"), "chicken": ("hen", "cock"),
    "coffee cup": ("coffee mug", "cup", "espresso"), "cookie": ("pretzel",), "copper": (),
    "cow": ("ox", "water buffalo", "bison"), "diamond": ("necklace",), "diving board": (),
    "dolphin": ("killer whale", "grey whale"), "donut": ("bagel", "pretzel"), "doughnut": ("bagel", "pretzel"),
    "face": ("mask",), "feather": ("quill", "feather boa"), "fire": ("fire engine",), "fire hydrant": ("fire engine",),
    "fireplace": ("stove", "fire screen"), "flip flop": ("sandal",), "flying saucer": ("airship", "space shuttle"),
    "football": ("soccer ball", "rugby ball", "football helmet"), "garden": ("greenhouse", "patio"), "garden hose": (),
    "giraffe": ("gazelle", "Arabian camel", "zebra"), "globe": (), "golf": ("golf ball", "golfcart"),
    "great wall of china": ("stone wall",), "head": (), "hockey": ("puck",), "hockey stick": ("puck",), "hose": (),
    "hospital": ("ambulance",), "house plant": ("pot",), "human": (), "jacket": ("fur coat", "lab coat", "trench coat"),
    "java": (), "key": ("padlock", "combination lock"), "kitten": ("tabby", "Siamese cat"), "knee": ("knee pad",),
    "lamb": ("ram",), "light": ("table lamp", "spotlight", "traffic light"), "marker": ("ballpoint", "fountain pen"),
    "mosquito": ("fly", "dragonfly"), "ocean": ("seashore", "coral reef"), "peanut": ("acorn", "buckeye"),
    "picture frame": (), "pipe": ("panpipe",), "plant": ("pot", "daisy"),
    "pliers": ("hammer", "screwdriver", "can opener"), "pond": ("lakeside",), "pool": (), "postcard": ("envelope",),
    "power outlet": ("switch",), "pumpkin": ("jack-o'-lantern",),
    "punch": ("punching bag",), "puppy": ("golden retriever", "beagle", "Chihuahua"),
    "rain": ("umbrella",), "rake": ("shovel", "broom"),
    "rhinoceros": ("hippopotamus", "triceratops", "African elephant"), "river": ("lakeside", "valley"),
    "roller coaster": ("carousel",), "rose": ("hip",), "scissors": ("letter opener", "cleaver"),
    "sea": ("seashore", "coral reef"), "seahorse": (), "seesaw": ("swing",), "shell": ("conch", "snail"),
    "shorts": ("swimming trunks", "jean"), "sink": ("washbasin", "tub"), "skateboard": ("motor scooter",),
    "stairs": ("bannister",), "star": ("starfish",), "suitcase": ("backpack", "purse", "mailbag"),
    "swing set": ("swing",), "sword": ("scabbard", "shield"), "tennis": ("tennis ball", "racket"),
    "toilet": ("toilet seat", "toilet tissue"), "underwear": ("swimming trunks", "diaper"),
}  # fmt: skip

CLOSE = 0.7  # information content of an ancestor all of whose classes are close
# Lexicographers' files of WordNet, lexnames(5WN).
ANIMAL, FOOD, PLANT, SUBSTANCE = "05", "13", "20", "27"
# Information content of an ancestor whose classes are offered if it has several and none are closer; fruits look alike.
RELATED = {FOOD: 0.53}
RELATED_BY_DEFAULT = 0.62


@dataclass(frozen=True)
class WordNet:
    """The nouns of WordNet, with its synsets by their offsets.

    lemmas: names of each synset. topics: number of its lexicographer's file. parents: its hypernyms. names: synsets of
    a single person, place or thing. senses: synsets of each lowercase noun, the most frequent first. frequency: number
    of its senses that WordNet's texts use. plurals: irregular ones, with their nouns. content: information content.
    """

    lemmas: Mapping[str, tuple[str, ...]]
    topics: Mapping[str, str]
    parents: Mapping[str, tuple[str, ...]]
    names: frozenset[str]
    senses: Mapping[str, tuple[str, ...]]
    frequency: Mapping[str, int]
    plurals: Mapping[str, str]
    content: Mapping[str, float]

    @classmethod
    def load(cls, folder: Path) -> WordNet:
        """Read data.noun, index.noun and noun.exc, whose format is wndb(5WN) of WordNet's manual."""
        lemmas, topics, parents, names, senses, frequency = {}, {}, {}, set(), {}, {}
        for offset, topic, _, count, *fields in _lines(folder / "data.noun"):
            pointers = fields[2 * int(count, 16) + 1 :]
            lemmas[offset] = tuple(name.replace("_", " ") for name in fields[: 2 * int(count, 16) : 2])
            relations = list(zip(pointers[::4], pointers[1::4], strict=False))
            topics[offset] = topic
            parents[offset] = tuple(target for relation, target in relations if relation in ("@", "@i"))
            if any(relation == "@i" for relation, _ in relations):
                names.add(offset)
        for noun, _, count, _, *fields in _lines(folder / "index.noun"):
            senses[noun.replace("_", " ")] = tuple(fields[-int(count) :])
            frequency[noun.replace("_", " ")] = int(fields[-int(count) - 1])
        plurals = {plural.replace("_", " "): noun.replace("_", " ") for plural, noun, *_ in _lines(folder / "noun.exc")}
        below: dict[str, int] = defaultdict(int)
        for synset in parents.keys() - names:
            for ancestor in _ancestors(parents, synset):
                below[ancestor] += 1
        content = {synset: 1 - math.log(max(below[synset], 1)) / math.log(len(parents)) for synset in parents}
        return cls(lemmas, topics, parents, frozenset(names), senses, frequency, plurals, content)

    def ancestors(self, synset: str) -> dict[str, int]:
        """Return the synset and all above it, with the number of edges to each."""
        return _ancestors(self.parents, synset)

    def meant(self, noun: str) -> tuple[str, ...]:
        """Return the sense that people mean: the first that is no name, and others of the same plant or animal.

        The plant and its fruit are one thing, as are the animal and its meat or fur.
        """
        senses = self.senses[noun]
        if (number := LATER_SENSES.get(plain(noun))) is not None:
            return (senses[number - 1],)
        first, *later = [sense for sense in senses if sense not in self.names] or senses
        same = {FOOD: {ANIMAL}, SUBSTANCE: {ANIMAL}, PLANT: {FOOD}}.get(self.topics[first], set())
        return (first, *(sense for sense in later if self.topics[sense] in same))


def _ancestors(parents: Mapping[str, Sequence[str]], synset: str) -> dict[str, int]:
    above, todo = {synset: 0}, [synset]
    for child in todo:
        for parent in parents[child]:
            if parent not in above:
                above[parent] = above[child] + 1
                todo.append(parent)
    return above


def _lines(path: Path) -> Iterator[list[str]]:
    """Yield the fields of each entry; the licence at the top is indented, a gloss follows a bar."""
    for line in path.read_text("utf-8").splitlines():
        if not line.startswith("  "):
            yield line.partition(" | ")[0].split()


def drawable(
    net: WordNet, classes: ClassSet, synsets: Sequence[str], exceptions: Mapping[str, Sequence[str]]
) -> dict[str, list[int]]:
    """Return the classes of each noun that has any, sorted.

    synsets: the classes' own, in order. exceptions: nouns with the names of their classes.
    """
    below = defaultdict(set)
    for index, synset in enumerate(synsets):
        for ancestor in net.ancestors(synset):
            below[ancestor].add(index)
    known = {}
    for noun in net.senses:
        members = next((below[sense] for sense in net.meant(noun) if sense in below), set())
        if 0 < len(members) <= MAX_FRACTION * len(classes):
            known[plain(noun)] = sorted(members)
    for noun, names in exceptions.items():
        known.pop(noun, None)
        if names:
            known[noun] = sorted(classes.names.index(name) for name in names)
    # A class's own name stands for it, whatever else it means.
    known |= {plain(name): [index] for index, name in reversed(list(enumerate(classes.names)))}
    return {plain(plural): known[plain(noun)] for plural, noun in net.plurals.items()
            if plain(noun) in known and not known.keys() & singulars(plural)} | known  # fmt: skip


def nearest(
    net: WordNet, known: Mapping[str, Sequence[int]], synsets: Sequence[str], by_hand: Mapping[str, Sequence[int]]
) -> dict[str, list[int]]:
    """Return the closest classes of each common noun that stands for none.

    First those of which a name ends with it, if the two are of one topic (*Komodo dragon*, but no *snake doctor*, which
    is a dragonfly), then the closest by WordNet. Common are nouns of one or two words that WordNet writes in lower
    case: neither names nor Latin. by_hand: those that take the place of both.
    """
    below = defaultdict(list)
    for index, synset in enumerate(synsets):
        for ancestor, edges in net.ancestors(synset).items():
            if net.content[ancestor] >= RELATED.get(net.topics[ancestor], RELATED_BY_DEFAULT):
                below[ancestor].append((index, edges))
    frequency = [max(net.frequency.get(name.lower(), 0) for name in net.lemmas[synset]) for synset in synsets]
    common = {name for names in net.lemmas.values() for name in names if name.count(" ") < 2}
    ending = defaultdict(list)
    for index, synset in enumerate(synsets):
        for name in map(plain, net.lemmas[synset]):
            if " " in name:
                ending[name.rpartition(" ")[2]].append(index)
    near = {}
    for noun in net.senses:
        if plain(noun) in known or noun not in common:
            continue
        topics = {net.topics[sense] for sense in net.senses[noun]}
        named = [index for index in ending.get(noun, ()) if net.topics[synsets[index]] in topics]
        if indices := named + _closest(net, net.meant(noun), below, frequency):
            near[plain(noun)] = list(dict.fromkeys(indices))[:NEIGHBOURS]
    near |= {noun: list(members) for noun, members in by_hand.items()}
    # Those without any are listed, too, where the lookup would otherwise take them for a misspelt word.
    rest = {noun for noun in common & net.senses.keys() if noun.isalpha()} - known.keys() - near.keys()
    return near | {noun: [] for noun in _alike(sorted(rest), sorted(known))}


def _closest(
    net: WordNet, senses: Sequence[str], below: Mapping[str, Sequence[tuple[int, int]]], frequency: Sequence[int]
) -> list[int]:
    """Return the closest classes, those that share the most informative ancestor first.

    below: classes at or below each ancestor that may count, with the number of edges to it.
    """
    rows: dict[int, tuple[float, int, int]] = {}
    for sense in senses:
        for shared, edges in net.ancestors(sense).items():
            members = below.get(shared, ())
            if len(members) > 1 or net.content[shared] >= CLOSE:
                for index, down in members:
                    row = (-net.content[shared], edges + down, -frequency[index])
                    rows[index] = min(row, rows.get(index, row))
    least = min(CLOSE, -min(rows.values(), default=(0, 0, 0))[0])
    return sorted((index for index in rows if -rows[index][0] >= least), key=lambda index: (rows[index], index))


def _alike(nouns: Sequence[str], known: Sequence[str]) -> list[str]:
    """Return the nouns that the lookup would take for a misspelt word."""
    letters = sorted({*"".join(known)})
    counts = np.array([[word.count(letter) for letter in letters] for word in known])
    lengths = np.array([len(word) for word in known])
    alike = []
    for noun in nouns:
        shared = np.minimum(counts, [noun.count(letter) for letter in letters]).sum(1)
        maybe = np.flatnonzero(2 * shared >= MIN_RATIO * (lengths + len(noun))).tolist()  # a bound of difflib's ratio
        if difflib.get_close_matches(noun, [known[k] for k in maybe], n=1, cutoff=MIN_RATIO):
            alike.append(noun)
    return alike


def _grouped(nouns: Mapping[str, Sequence[int]]) -> list[tuple[list[int], list[str]]]:
    """Return each set of classes once, with its words."""
    groups: dict[tuple[int, ...], list[str]] = {}
    for word, members in sorted(nouns.items()):
        groups.setdefault(tuple(members), []).append(word)
    return [(list(members), names) for members, names in sorted(groups.items())]


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"), help="folder of data.noun")
    net = WordNet.load(parser.parse_args().wordnet)
    wnids = imagenet().wnids
    assert wnids is not None
    content: dict[str, object] = {"source": SOURCE}
    sets: tuple[tuple[ClassSet, Sequence[str], Mapping[str, Sequence[str]], Mapping[str, Sequence[str]]], ...] = (
        (imagenet(), [wnid[1:] for wnid in wnids], IMAGENET_EXCEPTIONS, IMAGENET_NEAR),
        (CIFAR10, [CIFAR10_SYNSETS[name] for name in CIFAR10.names], CIFAR10_EXCEPTIONS, {}),
    )
    for classes, synsets, exceptions, by_hand in sets:
        known = drawable(net, classes, synsets, dict.fromkeys(by_hand, ()) | dict(exceptions))
        indices = {noun: [classes.names.index(name) for name in names] for noun, names in by_hand.items()}
        near = nearest(net, known, synsets, indices)
        content[classes.name] = {"words": _grouped(known), "near": _grouped(near)}
        print(f"{classes.name}: {len(known):,} words, {sum(map(bool, near.values())):,} with neighbours alone")
    write_atomically(PATH, json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode())


if __name__ == "__main__":
    main()
