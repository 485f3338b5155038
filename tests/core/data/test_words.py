"""Words as sets of classes: what is stored, and how what people type is looked up."""

import pytest

from core.data.sample_sets import CIFAR10, ClassSet, imagenet, imagenet100
from core.data.words import covers, find_word, neighbours, plain, vocabulary


def names(word, classes):
    return [classes.names[member] for member in find_word(word, classes)] or None


def test_dogs_and_birds_are_imagenets_blocks():
    # ILSVRC-2012 is sorted by WordNet id, and these blocks are known from its list of 1,000 classes.
    assert find_word("dog", imagenet()) == tuple(range(151, 269))
    birds = [*range(7, 25), *range(80, 101), *range(127, 147)]
    assert find_word("Birds", imagenet()) == tuple(birds)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Lighthouse", ["beacon"]),
        (" elephants ", ["Indian elephant", "African elephant"]),
        ("wolves", ["timber wolf", "white wolf", "red wolf", "coyote"]),
        ("mice", ["mouse"]),  # a class of that name, though the first sense is the animal
        ("syringes", ["syringe"]),  # not the plural of syrinx, a panpipe
        ("lobster", ["American lobster", "spiny lobster"]),  # the animal, though its meat is the first sense
        ("whale", ["grey whale", "killer whale"]),  # one of the later senses that everybody means
        ("train", ["bullet train", "electric locomotive", "steam locomotive"]),
        ("firetruck", ["fire engine"]),
        ("cell phone", ["cellular telephone"]),
        ("plate", ["plate"]),  # a class of that name comes first
        ("house", ["boathouse", "mobile home"]),  # an exception: its first sense has a monastery and a palace
        ("tree", None),
        *((word, None) for word in ("plant", "head", "light", "bank", "pipe", "punch", "wood", "mole", "sweet potato")),
        ("", None),
        ("artifact", None),  # most of all classes
    ],
)
def test_words_are_found_as_they_are_typed(word, expected):
    assert names(word, imagenet()) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("car", ["automobile"]),
        ("planes", ["airplane"]),
        ("boat", ["ship"]),
        ("vehicle", ["airplane", "automobile", "ship", "truck"]),
        ("pizza", None),
    ],
)
def test_ten_classes_have_their_synonyms(word, expected):
    assert names(word, CIFAR10) == expected


def test_a_part_of_imagenet_has_what_it_holds_of_a_word():
    part = imagenet100()
    found = find_word("bird", part)
    assert [part.imagenet_indices[member] for member in found] == [
        index for index in part.imagenet_indices if index in find_word("bird", imagenet())
    ]


def test_foreign_class_set_knows_only_its_names():
    own = ClassSet("custom", ("cup", "Dog"))
    assert find_word("dog", own) == (1,) and not find_word("dogs", own)
    assert neighbours("cake", own) == () and vocabulary(own) == own.names


def test_a_run_of_a_word_has_the_classes_of_its_set():
    names, dogs = imagenet().names, set(range(151, 269))
    rest = [name for place, name in enumerate(names) if place not in dogs]
    assert covers(imagenet(), names) and covers(imagenet(), (*names, "a blue cup"))
    assert covers(imagenet(), (*rest, "dog")) and not covers(imagenet(), (*rest, "cat"))
    assert not covers(imagenet(), rest) and not covers(CIFAR10, names)
    assert covers(
        CIFAR10,
        (*(name for name in CIFAR10.names if name not in ("airplane", "automobile", "ship", "truck")), "vehicle"),
    )


@pytest.mark.parametrize(
    ("word", "nearest"),
    [
        ("dragon", ("Komodo dragon", "dragon lizard")),
        ("roses", ("rose hip",)),
        ("cow", ("ox", "water buffalo", "bison")),
        ("clarinet", ("sax", "bassoon", "oboe")),
        ("stop sign", ("street sign",)),
        ("vulcano", ("volcano",)),  # by spelling
        *((word, ()) for word in ("xyzzy", "tree", "soldier", "beard")),
    ],
)
def test_neighbours_are_close_or_none(word, nearest):
    assert not find_word(word, imagenet()) and neighbours(word, imagenet()) == nearest


@pytest.mark.parametrize("classes", [imagenet(), CIFAR10], ids=lambda classes: classes.name)
def test_each_word_is_listed_in_one_spelling(classes):
    words = [plain(word).replace(" ", "") for word in vocabulary(classes)]
    assert len({*words}) == len(words)
    assert all(find_word(word, classes) for word in vocabulary(classes))
