"""Embeddings of long prompt lists: cached for the next start, and verified when read."""

import numpy as np
import pytest

from core.classifiers.embeddings import cached_embeddings
from core.classifiers.registry import load_classifier
from core.classifiers.weights import Identity
from core.data.sample_sets import CIFAR10, ClassSet
from core.shared.files import CACHE, cache_folder
from tests.core.toy import save_clip, tiny_clip

WHO = Identity("toy", "random", "a" * 64)
PROMPTS = [f"a photo of a {name}" for name in CIFAR10.names]


class Tower:
    """Embeds each prompt as its own fixed unit row, and counts the prompts that it embedded."""

    def __init__(self, seed=0):
        self.seed, self.encoded = seed, 0

    def __call__(self, prompts):
        self.encoded += len(prompts)
        rows = [np.random.default_rng([self.seed, *prompt.encode()]).normal(size=8) for prompt in prompts]
        return np.array([row / np.linalg.norm(row) for row in rows], np.float32)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv(CACHE, str(tmp_path))
    return tmp_path


def files(cache):
    return list(cache.rglob("*.npz"))


def test_the_next_start_reads_the_file_and_embeds_one_prompt_to_check_it(cache):
    first, again = Tower(), Tower()
    rows = cached_embeddings(WHO, PROMPTS, first)
    np.testing.assert_array_equal(cached_embeddings(WHO, PROMPTS, again), rows)
    assert (first.encoded, again.encoded) == (len(PROMPTS), 1) and len(files(cache)) == 1


@pytest.mark.parametrize("harm", ["cut", "flipped", "empty", "other shape", "other rows"])
def test_damaged_file_is_computed_again_and_mended(cache, harm):
    rows = cached_embeddings(WHO, PROMPTS, Tower())
    (path,) = files(cache)
    data = bytearray(path.read_bytes())
    if harm == "cut":
        path.write_bytes(data[:-200])
    elif harm == "flipped":
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    elif harm == "empty":
        path.write_bytes(b"")
    else:
        np.savez_compressed(path, embeddings=rows[:-1] if harm == "other shape" else np.roll(rows, 1, axis=0))
    for expected in (1, 0):  # the second time the file is intact again
        tower = Tower()
        np.testing.assert_array_equal(cached_embeddings(WHO, PROMPTS, tower), rows)
        assert (tower.encoded >= len(PROMPTS)) == expected


def test_another_text_tower_under_the_same_name_is_not_given_these_rows():
    cached_embeddings(WHO, PROMPTS, Tower())
    other = Tower(seed=1)
    np.testing.assert_array_equal(cached_embeddings(WHO, PROMPTS, other), Tower(seed=1)(PROMPTS))


def test_without_a_digest_or_a_folder_to_write_to_all_is_embedded(cache, monkeypatch):
    cached_embeddings(Identity("toy", "random"), PROMPTS, Tower())
    assert not files(cache)
    (cache / "file").touch()
    monkeypatch.setenv(CACHE, str(cache / "file"))
    np.testing.assert_array_equal(cached_embeddings(WHO, PROMPTS, Tower()), Tower()(PROMPTS))


def test_usual_folder_is_in_the_users_cache(monkeypatch, tmp_path):
    monkeypatch.delenv(CACHE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "clip-lab"


def test_a_clip_keeps_known_class_sets_and_no_words_of_visitors(cache, tmp_path):
    folder = tmp_path / "clip"
    save_clip(folder, tiny_clip())
    first = load_classifier(f"open_clip:local-dir:{folder}", CIFAR10)
    cached = files(cache)
    assert len(cached) == 1
    again = load_classifier(f"open_clip:local-dir:{folder}", CIFAR10)
    assert (again.class_embeddings == first.class_embeddings).all()
    more = again.for_classes(ClassSet("custom", (*CIFAR10.names, "my secret")))
    assert files(cache) == cached and (more.class_embeddings[:10] == first.class_embeddings).all()
