import open_clip

from precomputed.training.data import HELD_OUT_NAMES, HELD_OUT_TEMPLATES, captions, fill


def test_reduced_vocabulary_splits_captions_as_clip_does(tokenizer):
    whole = open_clip.SimpleTokenizer()
    for caption in captions()[::37]:
        pieces = [[t.decoder[token] for token in t.encode(caption.text)] for t in (tokenizer, whole)]
        assert pieces[0] == pieces[1]


def test_reduced_vocabulary_has_the_size_the_text_tower_is_built_for(tokenizer, architecture):
    assert tokenizer.vocab_size == architecture["model_cfg"]["text_cfg"]["vocab_size"]


def test_reduced_vocabulary_reads_any_word(tokenizer):
    assert tokenizer.decode(tokenizer.encode("zyzzyva — naïve")).strip() == "zyzzyva — naïve"


def test_captions_fit_the_context(tokenizer):
    held_out = [fill(t, name) for t in HELD_OUT_TEMPLATES for names in HELD_OUT_NAMES.values() for name in names]
    tokens = tokenizer([caption.text for caption in captions()] + held_out)
    assert (tokens == tokenizer.eot_token_id).any(dim=1).all()
    assert (tokens[:, -1] == 0).all(), "the longest caption should not be cut"
