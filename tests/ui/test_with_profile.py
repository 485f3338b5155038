"""Every page without and with a profile of the paper's CLIP, whose numbers are Mini CLIP's under another name."""

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from core.claims.gradient_spectrum import STORED
from core.claims.hybrids import stored_hybrids
from core.data.classes import PRECOMPUTED
from core.data.profiles import VARIABLE
from core.fourier.maps.heatmap import Heatmap
from core.runs.file import PGDRun
from core.sweep.corruption.outcomes import CorruptionOutcomes
from core.sweep.hybrid.outcomes import HybridOutcomes
from ui.maps.catalogue import shipped
from ui.maps.presets import CLIP, RESNET56
from ui.tools.registry import CORRUPTIONS, GRADIENT, HYBRIDS, TOOL

CLIP_NAME = "clip-vit-b-32"


def renamed(facts):
    return {
        **facts,
        "classifier": {**facts["classifier"], "name": CLIP_NAME, "weights_id": "random", "sha256": "0" * 64},
    }


@pytest.fixture
def profile(tmp_path, monkeypatch):
    """What `core.reproduce.profile` would write about CLIP."""
    for kind, stored in (("hybrids", HybridOutcomes), ("corruptions", CorruptionOutcomes)):
        found = stored.load(PRECOMPUTED / kind / "mini-clip.npz")
        (tmp_path / kind).mkdir()
        replace(found, metadata=renamed(found.metadata)).save(tmp_path / kind / "clip.npz")
    (tmp_path / "heatmaps").mkdir()
    found = Heatmap.load(PRECOMPUTED / "heatmaps" / "mini-clip_cifar10-1000.npz")
    replace(found, metadata=renamed(found.metadata)).save(tmp_path / "heatmaps" / "clip.npz")
    (tmp_path / "runs").mkdir()
    for path in (PRECOMPUTED / "runs").glob("*_cifar10*__mini-clip.npz"):
        run = PGDRun.load(path)
        name = path.name.replace("mini-clip", CLIP_NAME)
        replace(run, metadata=renamed(run.metadata)).save(tmp_path / "runs" / name)
    (tmp_path / "gradients").mkdir()

    def rename(metadata, **arrays):
        return STORED.pack(arrays, {**metadata, "models": [renamed(facts) for facts in metadata["models"]]})

    content = STORED.load(PRECOMPUTED / "gradients" / "mini-clip.npz", rename)
    (tmp_path / "gradients" / "clip.npz").write_bytes(content)
    monkeypatch.setenv(VARIABLE, str(tmp_path))


def story():
    from ui.pages import story

    story.page()


def frequency():
    from ui.pages import frequency

    frequency.page()


def inpainting():
    from ui.pages import inpainting

    inpainting.page()


def generation():
    from ui.pages import generation

    generation.page()


def findings():
    from ui.pages import findings

    findings.page()


def models():
    from ui.pages import models

    models.page()


def opened(page, **parameters) -> str:
    """All HTML of a page."""
    app = AppTest.from_function(page, default_timeout=120)
    for name, value in parameters.items():
        app.query_params[name] = value
    assert not app.run().exception
    return " ".join(part.proto.body for part in app.get("html"))


@pytest.mark.parametrize("page", [inpainting, generation, models], ids=lambda page: page.__name__)
def test_a_page_opens_with_a_profile(profile, page):
    opened(page)


@pytest.mark.parametrize("tool", [HYBRIDS, GRADIENT, CORRUPTIONS])
def test_what_reads_stored_results_opens_with_a_profile(profile, tool):
    opened(frequency, maps=[CLIP, RESNET56], **{TOOL: tool})


def test_the_story_shows_the_papers_networks_beside_their_miniatures(profile, monkeypatch):
    assert opened(story, step="mixture").count('data-claim="relies"') == 2
    monkeypatch.delenv(VARIABLE)
    assert opened(story, step="mixture").count('data-claim="relies"') == 1


def test_the_direct_test_of_the_papers_sentence_is_made_where_clips_hybrids_are_known(profile, monkeypatch):
    with_profile = opened(findings)
    assert "CLIP ViT-B/32: crossover cutoff" in with_profile
    (label,) = [label for label, entry in shipped().items() if entry.classifier == CLIP_NAME and label != CLIP]
    assert label == "CLIP ViT-B/32 · CIFAR-10 · computed" and CLIP_NAME in stored_hybrids()
    monkeypatch.delenv(VARIABLE)
    assert "No hybrid images were put to" in opened(findings) and CLIP_NAME not in stored_hybrids()
    assert np.isfinite(stored_hybrids()["mini-clip"].cutoffs).all()
