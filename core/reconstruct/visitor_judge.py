"""Visitors as judges: rounds of ten drawings, five by each search, with five options each. Does not import torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from core.pgd.view_settings import SEARCHES, Search
from core.reconstruct.view_pictures import stored_wall

PER_SEARCH, OPTIONS = 5, 5
COUNT = PER_SEARCH * len(SEARCHES)  # drawings in a round
MAX_SEED = 999_999
# ImageNet classes that a child knows: what is drawn and the options are among them.
FAMILIAR = frozenset(
    """goldfish, great white shark, cock, hen, ostrich, robin, magpie, bald eagle, vulture, tree frog, Komodo dragon,
African crocodile, triceratops, scorpion, tarantula, centipede, peacock, macaw, hummingbird, toucan, goose,
black swan, koala, jellyfish, snail, slug, hermit crab, white stork, flamingo, pelican, king penguin, grey
whale, killer whale, sea lion, Chihuahua, beagle, golden retriever, collie, German shepherd, dalmatian, pug,
French bulldog, toy poodle, timber wolf, hyena, red fox, tabby, leopard, lion, tiger, cheetah, brown bear, ice
bear, ladybug, fly, bee, ant, grasshopper, cockroach, dragonfly, starfish, sea urchin, hare, hamster, porcupine,
beaver, guinea pig, zebra, hog, hippopotamus, ox, bison, ram, Arabian camel, llama, otter, skunk, badger,
gorilla, chimpanzee, African elephant, giant panda, eel, accordion, acoustic guitar, aircraft carrier, airliner,
airship, ambulance, analog clock, apron, backpack, bakery, balloon, banjo, barn, barrel, baseball, basketball,
bathtub, bath towel, beer glass, bell pepper, bikini, binoculars, birdhouse, bookcase, bookshop, bow, bow tie,
broom, bucket, butcher shop, cab, candle, cannon, canoe, can opener, carousel, car wheel, castle, cello, chain,
chain saw, church, cinema, coffee mug, coffeepot, computer keyboard, convertible, cowboy boot, cowboy hat,
cradle, crash helmet, crib, desk, diaper, digital watch, dining table, dishwasher, doormat, drum, electric fan,
electric guitar, envelope, fire engine, flagpole, flute, folding chair, football helmet, fountain, frying pan,
fur coat, garbage truck, golf ball, gondola, grand piano, greenhouse, grocery store, hammer, harmonica, harp,
hourglass, iron, jack-o'-lantern, jeep, jigsaw puzzle, joystick, kimono, lampshade, laptop, lawn mower, library,
lifeboat, lipstick, loudspeaker, mailbox, mask, maze, microphone, microwave, military uniform, minibus, mitten,
monastery, mountain bike, mousetrap, mouse, necklace, organ, padlock, paintbrush, pajama, palace, parachute,
park bench, parking meter, passenger car, perfume, picket fence, pier, piggy bank, pillow, ping-pong ball,
pirate, pitcher, plastic bag, police van, pool table, power drill, printer, prison, purse, quill, racket, radio,
refrigerator, remote control, restaurant, rocking chair, rugby ball, running shoe, safe, safety pin, sandal,
sax, school bus, screwdriver, seat belt, sewing machine, shield, shopping basket, shopping cart, shovel, shower
curtain, ski, sleeping bag, snorkel, snowplow, soccer ball, sock, sombrero, soup bowl, space shuttle, speedboat,
spider web, sports car, stage, steam locomotive, stethoscope, stone wall, stopwatch, stove, submarine,
sunglasses, suspension bridge, swing, table lamp, tank, teapot, teddy, television, tennis ball, throne, toaster,
totem pole, tow truck, tractor, traffic light, trailer truck, tricycle, trombone, typewriter keyboard, umbrella,
vacuum, vase, vending machine, violin, volleyball, wall clock, wallet, wardrobe, washer, water bottle, water
tower, whistle, wig, wine bottle, wooden spoon, comic book, crossword puzzle, street sign, menu, plate, ice
cream, bagel, pretzel, cheeseburger, hotdog, broccoli, cauliflower, cucumber, mushroom, Granny Smith,
strawberry, orange, lemon, pineapple, banana, hay, pizza, burrito, cup, bubble, cliff, coral reef, lakeside,
sandbar, seashore, valley, volcano, scuba diver, daisy, corn, acorn, toilet tissue""".replace("\n", " ").split(", ")
)


@cache
def stored_pool() -> tuple[int, ...]:
    """Load the labels of the drawings on the wall."""
    return tuple(word.label for word in stored_wall().words)


@dataclass(frozen=True)
class Question:
    """One drawing: the label of its target, the search, and the labels to choose from."""

    label: int
    search: Search
    options: tuple[int, ...]

    def right(self, place: int) -> bool:
        """Return whether an option is the target."""
        return self.options[place] == self.label


def draw_questions(pool: Sequence[int], names: Sequence[str], seed: int) -> tuple[Question, ...]:
    """Draw a round of ten distinct classes, five by each search, in an order determined by the seed.

    Further options are classes that are not in this round. All classes are among `FAMILIAR`.

    Args:
        pool: labels of the classes that were drawn. names: of all classes, by label.
        seed: at least 0.
    Raises:
        ValueError: the pool has fewer than ten familiar classes.
    """
    generator = np.random.default_rng(seed)
    familiar = [label for label in pool if names[label] in FAMILIAR]
    if len(familiar) < COUNT:
        raise ValueError(f"a round needs drawings of {COUNT} familiar classes; got {len(familiar)}")
    drawn = generator.choice(familiar, COUNT, replace=False).tolist()
    searches = generator.permutation(np.repeat(SEARCHES, PER_SEARCH)).tolist()
    remaining = [label for label, name in enumerate(names) if name in FAMILIAR and label not in drawn]
    questions = []
    for label, search in zip(drawn, searches, strict=True):
        options = [label, *generator.choice(remaining, OPTIONS - 1, replace=False).tolist()]
        questions.append(Question(label, search, tuple(generator.permutation(options).tolist())))
    return tuple(questions)


def read_choices(text: str) -> tuple[int, ...]:
    """Parse the choices in a URL, a digit each, up to the first invalid one."""
    places: list[int] = []
    for character in text[:COUNT]:
        if character not in map(str, range(OPTIONS)):
            break
        places.append(int(character))
    return tuple(places)
