"""Write the words that networks draw as sets of their classes, by WordNet 3.0.

    python -m precomputed.makers.words [--wordnet /usr/share/wordnet]

WordNet's noun files are in Debian's package `wordnet-base`; ImageNet's classes are synsets of it, as timm lists them. A
noun stands for the classes at or below its first sense that has any: *dog* for 118, *lighthouse* for *beacon*. A noun
of which no sense has any gets the classes nearest to it. Writes precomputed/words.json, which `core.data.words` reads.

Source: Fellbaum 1998, *WordNet*; Rada et al. 1989, distance of two nodes of a taxonomy: edges by the common ancestor.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.data.sample_sets import CIFAR10, ClassSet, imagenet
from core.data.words import PATH, plain
from core.shared.files import write_atomically

SOURCE = "WordNet 3.0, Princeton University; classes of ImageNet: timm's table of synsets"
# Words that cover more than this share of the classes name nothing that one could draw, such as "artifact".
MAX_SHARE = 0.5
NEIGHBOURS, RARER = 3, 3  # classes offered for a word without any; edges that a next, less frequent sense counts for
MAX_COMMON = 130  # classes below the common ancestor of a word and its neighbour: beyond it they share little

# CIFAR-10's classes as synsets, which its names do not tell.
CIFAR10_SYNSETS = {
    "airplane": "02691156", "automobile": "02958343", "bird": "01503061", "cat": "02121620", "deer": "02430045",
    "dog": "02084071", "frog": "01639765", "horse": "02374451", "ship": "04194289", "truck": "04490091",
}  # fmt: skip

# Words whose first sense with classes is not what people mean, with the classes that are, or none.
IMAGENET_EXCEPTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "arm": ((), "weapons"),
    "belt": (("buckle",), "a seat belt"),
    "calculator": ((), "an abacus"),
    "circle": ((), "a puck"),
    "helmet": (("crash helmet", "football helmet", "pickelhaube"), "a pickelhaube alone"),
    "house": (("boathouse", "mobile home"), "a monastery and a palace"),
    "jacket": ((), "a book jacket"),
    "key": ((), "the space bar of a keyboard"),
    "lamp": (("lampshade", "table lamp"), "a candle, a spotlight and a jack-o'-lantern"),
    "match": (("matchstick",), "a groom, the match of a bride"),
    "pool": ((), "a rain barrel"),
    "stereo": (("cassette player", "loudspeaker", "tape player"), "an iPod"),
    "wheel": (("car wheel",), "also a potter's wheel and a pinwheel"),
}
CIFAR10_EXCEPTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "boat": (("ship",), "none; CIFAR-10's ships are boats of any size"),
    "jet": (("airplane",), "none; a jet is an airplane"),
}


@dataclass(frozen=True)
class WordNet:
    """The nouns of WordNet.

    lemmas: names of each synset. parents: its hypernyms. senses: synsets of each lowercase noun, the most frequent
    first. frequency: number of its senses that WordNet's texts use. plurals: irregular ones, with their nouns.
    """

    lemmas: Mapping[str, tuple[str, ...]]
    parents: Mapping[str, tuple[str, ...]]
    senses: Mapping[str, tuple[str, ...]]
    frequency: Mapping[str, int]
    plurals: Mapping[str, str]

    @classmethod
    def load(cls, folder: Path) -> WordNet:
        """Read data.noun, index.noun and noun.exc, whose format is wndb(5WN) of WordNet's manual."""
        lemmas, parents, senses, frequency = {}, {}, {}, {}
        for offset, _, _, count, *fields in _lines(folder / "data.noun"):
            names, pointers = fields[: 2 * int(count, 16) : 2], fields[2 * int(count, 16) + 1 :]
            lemmas[offset] = tuple(name.replace("_", " ") for name in names)
            kinds = zip(pointers[::4], pointers[1::4], strict=False)
            parents[offset] = tuple(target for kind, target in kinds if kind in ("@", "@i"))
        for noun, _, count, _, *fields in _lines(folder / "index.noun"):
            senses[noun.replace("_", " ")] = tuple(fields[-int(count) :])
            frequency[noun.replace("_", " ")] = int(fields[-int(count) - 1])
        plurals = {plural.replace("_", " "): noun.replace("_", " ") for plural, noun, *_ in _lines(folder / "noun.exc")}
        return cls(lemmas, parents, senses, frequency, plurals)

    def ancestors(self, synset: str) -> dict[str, int]:
        """Return the synset and all above it, with the number of edges to each."""
        above, todo = {synset: 0}, deque([synset])
        while todo:
            child = todo.popleft()
            for parent in self.parents[child]:
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
    net: WordNet, classes: ClassSet, synsets: Sequence[str], exceptions: Mapping[str, tuple[tuple[str, ...], str]]
) -> dict[str, list[int]]:
    """Return the classes of each noun that has any, sorted; synsets: of the classes, in order."""
    below = defaultdict(set)
    for index, synset in enumerate(synsets):
        for ancestor in net.ancestors(synset):
            below[ancestor].add(index)
    known = {}
    for noun, senses in net.senses.items():
        members = next((below[sense] for sense in senses if sense in below), set())
        if 0 < len(members) <= MAX_SHARE * len(classes):
            known[plain(noun)] = sorted(members)
    for noun, (names, _) in exceptions.items():
        known.pop(noun, None)
        if names:
            known[noun] = sorted(classes.names.index(name) for name in names)
    irregular = {plain(plural): known[plain(noun)] for plural, noun in net.plurals.items() if plain(noun) in known}
    return irregular | known


def nearest(net: WordNet, known: Mapping[str, Sequence[int]], synsets: Sequence[str]) -> dict[str, list[int]]:
    """Return the nearest classes of each common noun without any.

    Of nouns of at most two words that WordNet writes in lower case: neither names nor Latin. A class is near if at most
    one edge more leads to it than from the common ancestor to the root: the two have as much in common as they differ.
    """
    above = [net.ancestors(synset) for synset in synsets]
    below: dict[str, list[tuple[int, int]]] = defaultdict(list)  # ancestor -> class, edges
    for index, ancestors in enumerate(above):
        for ancestor, edges in ancestors.items():
            below[ancestor].append((index, edges))
    depth = {ancestor: max(net.ancestors(ancestor).values()) for ancestor in below}
    frequency = [max(net.frequency.get(name.lower(), 0) for name in net.lemmas[synset]) for synset in synsets]
    common = {name for names in net.lemmas.values() for name in names if name.count(" ") < 2}

    specific = {ancestor for ancestor, classes in below.items() if len(classes) <= MAX_COMMON}

    near = {}
    for noun, senses in net.senses.items():
        if plain(noun) in known or noun not in common:
            continue
        distance: dict[int, int] = {}
        for rank, sense in enumerate(senses[:2]):
            up_to = net.ancestors(sense)
            for ancestor, up in ((ancestor, up_to[ancestor]) for ancestor in up_to.keys() & specific):
                for index, down in below[ancestor]:
                    if up + down <= depth[ancestor] + 1:
                        distance[index] = min(up + down + RARER * rank, distance.get(index, 99))
        if distance:
            best = sorted(distance, key=lambda index: (distance[index], -frequency[index], index))
            near[plain(noun)] = best[:NEIGHBOURS]
    return near


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
    sets = (
        (imagenet(), [wnid[1:] for wnid in wnids], IMAGENET_EXCEPTIONS),
        (CIFAR10, [CIFAR10_SYNSETS[name] for name in CIFAR10.names], CIFAR10_EXCEPTIONS),
    )
    for classes, synsets, exceptions in sets:
        known = drawable(net, classes, synsets, exceptions)
        near = nearest(net, known, synsets)
        content[classes.name] = {"words": _grouped(known), "near": _grouped(near)}
        print(f"{classes.name}: {len(known):,} words, {len(near):,} with neighbours alone")
    write_atomically(PATH, json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode())


if __name__ == "__main__":
    main()
