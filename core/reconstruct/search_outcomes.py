"""What became of pictures that a network drew and filled at 224 pixels by both searches, as stored. No torch."""

from __future__ import annotations

from core.data.classes import PRECOMPUTED

STORED = PRECOMPUTED / "views.json"
# ImageNet classes on which the settings of the search were tried: nothing is reported on them.
TRIED = frozenset(
    [
        "electric ray",
        "ringneck snake",
        "chiton",
        "black stork",
        "Welsh springer spaniel",
        "dalmatian",
        "dingo",
        "hyena",
        "lion",
        "sloth bear",
        "fox squirrel",
        "zebra",
        "bearskin",
        "brass",
        "canoe",
        "cellular telephone",
        "cleaver",
        "coffeepot",
        "envelope",
        "flute",
        "gong",
        "hoopskirt",
        "laptop",
        "mitten",
        "palace",
        "pedestal",
        "quill",
        "school bus",
        "shoji",
        "slot",
        "snorkel",
        "snowplow",
        "sock",
        "teapot",
        "tow truck",
        "vestment",
        "wing",
        "sandbar",
        "acorn",
        "hip",
        "volcano",
        "golden retriever",
        "hen",
        "macaw",
        "castle",
        "strawberry",
        "daisy",
        "tabby",
        "giant panda",
        "goldfish",
        "pizza",
    ]
)
