"""Pages without and with a profile of the paper's CLIP.

It holds bundled networks' numbers under CLIP's name, with weights marked as random.
"""

from dataclasses import replace

import pytest

from core.data.sample_sets import PRECOMPUTED
from core.fourier.heatmap import Heatmap
from core.fourier.outcomes import CorruptionOutcomes, HybridOutcomes
from core.pgd.picture_outcomes import JudgedOutcomes
from core.pgd.record import PGDRun
from core.sweep.story_predictions import StoredPredictions
from tests.core.squares import only
from tests.profiles import use_profile
from tests.ui.page_runner import bodies, components, open_page, page_text
from ui.maps.catalogue import shipped_maps
from ui.story.data import computed_map, first_maps

CLIP_NAME = "clip-vit-b-32"
RANDOM = "CLIP ViT-B/32 (weights: random)"
LABEL = f"{RANDOM} · CIFAR-10 · computed"


def renamed(facts):
    names = {"name": CLIP_NAME, "weights_id": "random", "sha256": "0" * 64}
    return {**facts, "classifier": {**facts["classifier"], **names}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A profile as `core.reproduce.profile` would write for CLIP."""
    folder = tmp_path_factory.mktemp("profile")
    files = (
        ("heatmaps", Heatmap, "heatmaps/mini-clip_cifar10-1000.npz"),
        ("hybrids", HybridOutcomes, "hybrids/mini-clip.npz"),
        ("corruptions", CorruptionOutcomes, "corruptions/mini-clip.npz"),
        ("predictions", StoredPredictions, "predictions/mini-clip.npz"),
        ("judgements", JudgedOutcomes, "judgements/mini-clip.npz"),
    )
    for kind, stored, path in files:
        (folder / kind).mkdir()
        content = stored.load(PRECOMPUTED / path)
        replace(content, metadata=renamed(content.metadata)).save(folder / kind / f"{CLIP_NAME}.npz")
    (folder / "runs").mkdir()
    runs = PRECOMPUTED / "runs"
    for path in (*runs.glob("*_cifar10*__mini-clip.npz"), *runs.glob("*__efficientnet-lite0*.npz")):
        run = PGDRun.load(path)
        kind, _, rest = path.stem.partition("__")
        name = f"{kind}__{CLIP_NAME}{'__views' if rest.endswith('__views') else ''}.npz"
        if not kind.startswith("opening"):  # which a full profile contains
            replace(run, metadata=renamed(run.metadata)).save(folder / "runs" / name)
    return folder


@pytest.fixture
def profile(folder, tmp_path, monkeypatch):
    use_profile(monkeypatch, folder)


def read(app) -> str:
    """All text of a page: its sentences, HTML and components."""
    return f"{page_text(app)} {bodies(app)} {components(app)}".replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    "place", ["hole", *(pytest.param(name, marks=pytest.mark.slow) for name in ("wave", "mixture"))]
)
def test_chapters_show_the_profile_of_clip(place, request):
    assert RANDOM not in read(open_page("story", chapter=place))
    request.getfixturevalue("profile")
    assert RANDOM in read(open_page("story", chapter=place))


def test_story_ignores_an_incomplete_map(profile, folder):
    path = folder / "heatmaps" / f"{CLIP_NAME}.npz"
    heatmap = Heatmap.load(path)
    only(heatmap, range(13)).save(path)
    assert shipped_maps()[LABEL].more and CLIP_NAME not in first_maps() and computed_map(CLIP_NAME) is None
    heatmap.save(path)
    assert not shipped_maps()[LABEL].more
    assert first_maps()[CLIP_NAME] == computed_map(CLIP_NAME) == shipped_maps()[LABEL]
