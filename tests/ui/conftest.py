"""Time to decode a photo; a small CLIP with random weights, installed in the place of the paper's."""

from dataclasses import replace

import pytest

from core.classifiers.families import family_spec
from core.classifiers.registry import CLASSIFIERS, PAPERS_CLIP
from core.data import picture_files
from tests.core.toy import save_clip, tiny_clip
from ui.server import cache


@pytest.fixture(autouse=True)
def patient_decoding(monkeypatch):
    """On a busy machine a photo takes longer to decode than a visitor would wait."""
    monkeypatch.setattr(picture_files, "_SECONDS", 240.0)


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip")
    save_clip(folder, tiny_clip())
    return folder


@pytest.fixture
def installed_clip(clip_folder, monkeypatch):
    """Install a small random CLIP, in open_clip's layout, in the place of the paper's."""
    small = family_spec(f"open_clip:local-dir:{clip_folder}")
    installed = replace(CLASSIFIERS[PAPERS_CLIP], load=small.load, weights=small.weights)
    monkeypatch.setitem(CLASSIFIERS, PAPERS_CLIP, installed)
    yield
    cache.classifier_for.cache_clear()
    cache._loaded.cache_clear()
