import open_clip
import pytest

from core.training.captions import captions
from core.training.vocabulary import (
    BYTES_AND_SPECIALS,
    clip_merges,
    merges_of_word,
    reduced_merges,
    vocabulary_file,
)


@pytest.fixture(scope="module")
def words() -> set[str]:
    return {word.strip(",") for caption in captions() for word in caption.text.split()}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory, words):
    path = tmp_path_factory.mktemp("vocabulary") / "bpe.txt.gz"
    path.write_bytes(vocabulary_file(reduced_merges(words)))
    return open_clip.SimpleTokenizer(str(path), context_length=24)


def test_reduced_vocabulary_splits_captions_as_clip_does(tokenizer):
    whole = open_clip.SimpleTokenizer()
    for caption in captions()[::37]:
        pieces = [[t.decoder[token] for token in t.encode(caption.text)] for t in (tokenizer, whole)]
        assert pieces[0] == pieces[1]


def test_reduced_vocabulary_has_the_size_the_text_tower_is_built_for(tokenizer, words):
    merges = reduced_merges(words)
    assert tokenizer.vocab_size == len(merges) + BYTES_AND_SPECIALS
    assert len(merges) < 1500


def test_reduced_vocabulary_reads_any_word(tokenizer):
    assert tokenizer.decode(tokenizer.encode("zyzzyva — naïve")).strip() == "zyzzyva — naïve"


def test_captions_fit_the_context(tokenizer):
    for split in ("train", "held-out"):
        tokens = tokenizer([caption.text for caption in captions(split)])
        assert (tokens == tokenizer.eot_token_id).any(dim=1).all()
        assert (tokens[:, -1] == 0).all(), "the longest caption should not be cut"


def test_merges_of_word_are_what_the_tokenizer_applies():
    ranks = {merge: rank for rank, merge in enumerate(clip_merges())}
    whole = open_clip.SimpleTokenizer()
    for word in ("airplane", "pussycat", "bullfrog", "aa", "banana", "x"):
        kept = merges_of_word(word, ranks)
        pieces = whole.bpe(word).split()
        assert len(word) - len(pieces) <= sum(1 for _ in kept) + word.count("an")  # one merge may apply twice
        assert all(a + b in "".join(pieces) for a, b in kept)


def test_vocabulary_file_is_the_same_every_time(words):
    assert vocabulary_file(reduced_merges(words)) == vocabulary_file(reduced_merges(sorted(words)))
