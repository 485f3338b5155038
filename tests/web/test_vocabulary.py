"""The article's words in Node, against `core.data.words`."""

import numpy as np

from core.data.sample_sets import imagenet
from core.data.words import find_word, neighbours, vocabulary
from core.shared.text import with_article
from tests.node import in_node
from web.__main__ import HERE
from web.packs import articles, word_table

LOOK_UP = """({ vocabulary }, { classes, table, words }) => {
  const { all, find, neighbours } = vocabulary(classes, table);
  return { all, rows: words.map((word) => [find(word), find(word).length ? [] : neighbours(word)]) };
}"""
TYPED = """dog DOGS lighthouse fire-truck firetruck pug women men cake beach sword guitar vulcano teapto hammers gras
pickle jar|stop sign|great dane dog|electric guitar player|<b>|'; DROP TABLE--|é|🐶|""".replace("\n", " ")


def test_javascript_finds_words_as_python_does():
    classes, known = imagenet(), vocabulary(imagenet())
    table = word_table()
    nouns = [*known, *(noun for _, nouns in table["near"] for noun in nouns)]
    drawn = np.random.default_rng(0).permutation(nouns)[:200]
    misspelt = [word[:2] + word[3:] + "s" for word in drawn[:40]]
    words = [*TYPED.partition(" pickle")[0].split(), *TYPED.split("|"), *map(str, drawn), *misspelt]
    result = in_node(
        HERE / "engine" / "vocabulary.js",
        LOOK_UP,
        {"classes": classes.names, "table": table, "words": words},
    )
    assert tuple(result["all"]) == known
    for word, (members, near) in zip(words, result["rows"], strict=True):
        found = find_word(word, classes)
        assert tuple(members) == found, word
        assert tuple(near) == (() if found else neighbours(word, classes)), word


def test_javascript_article_is_pythons():
    words = [*vocabulary(imagenet()), *imagenet().names, "xyz"]
    join = "({ withArticle }, { words, table }) => words.map((word) => withArticle(word, table))"
    joined = in_node(HERE / "engine" / "vocabulary.js", join, {"words": words, "table": articles()})
    assert joined == [with_article(word) for word in words]
