"""The maker of wordnet_words.json."""

from pathlib import Path

import pytest

from core.data.words import PATH
from precomputed.makers import wordnet_words
from precomputed.makers.wordnet_words import LATER_SENSES

WORDNET = Path("/usr/share/wordnet")


def test_the_first_sense_decides_but_for_forty_nouns():
    assert len(LATER_SENSES) <= 40 and min(LATER_SENSES.values()) > 1


@pytest.mark.slow
@pytest.mark.skipif(not WORDNET.exists(), reason="needs Debian's package wordnet-base")
def test_words_are_made_again_to_the_byte(tmp_path, monkeypatch):
    monkeypatch.setattr(wordnet_words, "PATH", tmp_path / PATH.name)
    monkeypatch.setattr("sys.argv", ["words"])
    wordnet_words.main()
    assert (tmp_path / PATH.name).read_bytes() == PATH.read_bytes()
