"""A small byte-pair vocabulary for open_clip's own tokenizer. Imports no torch.

open_clip's `SimpleTokenizer` reads its merges from a gzipped text file: a header line, then one merge a line in order
of rank. Keeping a subset of CLIP's merges in their order gives a smaller vocabulary that splits the words it was made
for exactly as CLIP does, and every other word into pieces.
"""

from __future__ import annotations

import gzip
import heapq
import importlib.util
from collections.abc import Iterable
from pathlib import Path

BYTES_AND_SPECIALS = 2 * 256 + 2  # every byte, inside and at the end of a word, and the two special tokens
HEADER = "#version: 0.2, a subset of CLIP's merges (MIT licence, (c) 2021 OpenAI)"

Merge = tuple[str, str]


def clip_merges() -> list[Merge]:
    """CLIP's 48,894 merges, most frequent first, from the installed open_clip."""
    spec = importlib.util.find_spec("open_clip")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the vocabulary is made from open_clip's: install the package open_clip_torch")
    text = gzip.decompress((Path(spec.origin).parent / "bpe_simple_vocab_16e6.txt.gz").read_bytes()).decode("utf-8")
    return [tuple(line.split()) for line in text.split("\n")[1 : 49152 - 256 - 2 + 1]]  # type: ignore[misc]


def merges_of_word(word: str, ranks: dict[Merge, int]) -> set[Merge]:
    """The merges that turn the letters of an ASCII word into CLIP's pieces."""
    pieces = [*word[:-1], word[-1] + "</w>"]
    used: set[Merge] = set()
    while len(pieces) > 1:
        pairs = list(zip(pieces, pieces[1:], strict=False))
        best = min(pairs, key=lambda pair: ranks.get(pair, len(ranks)))
        if best not in ranks:
            break
        used.add(best)
        merged: list[str] = []
        for piece in pieces:
            # Left to right, as CLIP does: a piece joins the one before if the two form the chosen pair.
            if merged and (merged[-1], piece) == best:
                merged[-1] = "".join(best)
            else:
                merged.append(piece)
        pieces = merged
    return used


def reduced_merges(words: Iterable[str], most_frequent: int = 1000) -> list[Merge]:
    """The merges that `words` need and CLIP's `most_frequent` first ones, in CLIP's order."""
    merges = clip_merges()
    ranks = {merge: rank for rank, merge in enumerate(merges)}
    kept = set(merges[:most_frequent])
    for word in set(words):
        kept |= merges_of_word(word, ranks)
    return heapq.nsmallest(len(kept), kept, key=ranks.__getitem__)


def vocabulary_file(merges: Iterable[Merge]) -> bytes:
    """Contents of the gzipped file for `SimpleTokenizer(bpe_path=...)`; the same merges give the same bytes."""
    # No newline at the end: open_clip would read an empty merge from it.
    text = "\n".join([HEADER, *(" ".join(merge) for merge in merges)])
    return gzip.compress(text.encode("utf-8"), mtime=0)
