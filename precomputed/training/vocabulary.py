"""Small byte-pair vocabulary for open_clip's tokenizer. Imports open_clip at the top: import it lazily.

open_clip's `SimpleTokenizer` reads its merges from a gzipped text file: a header line, then one merge a line in order
of rank. A subset of CLIP's merges in the same order gives a smaller vocabulary that splits the chosen words exactly as
CLIP does, and every other word into pieces.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from itertools import pairwise

from open_clip import SimpleTokenizer

HEADER = "#version: 0.2, a subset of CLIP's merges (MIT licence, (c) 2021 OpenAI)"

Merge = tuple[str, str]


def merges_of_word(word: str, ranks: dict[Merge, int]) -> set[Merge]:
    """Return the merges that turn an ASCII word's characters into CLIP's tokens; `ranks` gives their order."""
    pieces = [*word[:-1], word[-1] + "</w>"]
    used: set[Merge] = set()
    while len(pieces) > 1:
        best = min(pairwise(pieces), key=lambda pair: ranks.get(pair, len(ranks)))
        if best not in ranks:
            break
        used.add(best)
        merged: list[str] = []
        for piece in pieces:
            # Left to right, as in CLIP: a token joins the previous one if the two form the chosen pair.
            if merged and (merged[-1], piece) == best:
                merged[-1] = "".join(best)
            else:
                merged.append(piece)
        pieces = merged
    return used


def reduced_merges(texts: Iterable[str], most_frequent: int = 1000) -> list[Merge]:
    """Return the merges that `texts` need and CLIP's first `most_frequent` merges, in CLIP's order."""
    ranks: dict[Merge, int] = SimpleTokenizer().bpe_ranks
    merges = set(list(ranks)[:most_frequent])
    for word in texts:
        merges |= merges_of_word(word, ranks)
    return sorted(merges, key=ranks.__getitem__)


def vocabulary_file(merges: Iterable[Merge]) -> bytes:
    """Return the gzipped file for `SimpleTokenizer(bpe_path=...)`; the same merges give the same bytes."""
    # No final newline: open_clip would read an empty merge from it.
    text = "\n".join([HEADER, *(" ".join(merge) for merge in merges)])
    return gzip.compress(text.encode("utf-8"), mtime=0)
