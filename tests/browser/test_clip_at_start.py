"""A server fetching the paper's CLIP serves the miniature meanwhile; its pages switch without a restart.

The weights are a tiny random CLIP's, from a hub on this machine.
"""

import time

import pytest
from playwright.sync_api import expect

from core.classifiers.registry import PAPERS_CLIP
from tests.core.toy import save_clip, tiny_clip
from tests.hub_server import hub_server

pytestmark = pytest.mark.slow

APP, REPOSITORY = "tests/browser/own_weights.py", "lab/tiny-clip"
MINIATURE, CLIP = "Mini CLIP", "CLIP ViT-B/32"
PATIENCE = 600  # seconds: allows for a very busy machine


def test_a_server_fetches_clip_and_profiles_it_while_it_serves_the_miniature(streamlit_app, open_page, tmp_path):
    save_clip(tmp_path / "clip", tiny_clip())
    files = {f"{REPOSITORY}/{path.name}": path for path in (tmp_path / "clip").iterdir()}
    with hub_server(files) as hub:
        hub.seconds_per_piece = 0.5  # slow connection: the first page appears before the weights arrive
        folders = {"HF_HUB_CACHE": str(tmp_path / "hub"), "CLIP_LAB_CACHE": str(tmp_path / "cache")}
        url = streamlit_app(
            APP, env={"HF_ENDPOINT": hub.url, "DEMO_TINY_CLIP": REPOSITORY, "CLIP_LAB_CLIP": "1", **folders}
        )
        page = open_page(f"{url}/?chapter=wave", width=1440)
        heading = page.locator(".story.note").first
        expect(heading).to_contain_text(MINIATURE)
        deadline = time.monotonic() + PATIENCE
        while CLIP not in heading.inner_text() and time.monotonic() < deadline:
            time.sleep(2)
            page.reload()
            heading.wait_for()
        expect(heading).to_contain_text(CLIP)
        assert MINIATURE not in heading.inner_text()
        profile = tmp_path / "cache" / "profiles" / PAPERS_CLIP
        assert any((profile / "heatmaps").glob("*.npz")) and any((profile / "predictions").glob("*.npz"))
        assert any(path == f"/cdn/{REPOSITORY}/open_clip_model.safetensors" for _, path, _ in hub.requests)
