"""The paper's CLIP arrives: a full visit after its download.

The weights are random, from a hub on this machine: for the visit with the published file's layout and size.
"""

import re

import open_clip
import pytest
import safetensors.torch
import torch
from playwright.sync_api import expect

from core.classifiers.registry import CLASSIFIERS, PAPERS_CLIP, short_title
from tests.browser.live_runs import SLOW, expect_run, start, wait_for_end
from tests.browser.waiting import wait_until_drawn
from tests.hub_server import hub_server
from ui.shared.page import CLIPS_SETTINGS

pytestmark = pytest.mark.slow

APP = "tests/browser/apps/own_weights.py"
SIZE = 605_143_284
TITLE = "CLIP ViT-B/32 (OpenAI)"


@pytest.fixture(scope="module")
def random_clip(tmp_path_factory):
    """Weight file of a random ViT-B/32."""
    torch.manual_seed(0)
    network = open_clip.create_model("ViT-B-32-quickgelu")
    path = tmp_path_factory.mktemp("random") / "open_clip_model.safetensors"
    safetensors.torch.save_file(network.state_dict(), path)
    return path


@pytest.fixture
def hub(random_clip):
    assert random_clip.stat().st_size == SIZE, "the layout differs from the published file's"
    weights = CLASSIFIERS[PAPERS_CLIP].weights
    with hub_server({f"{weights.repo_id}/{weights.weights[0]}": random_clip.read_bytes()}) as server:
        server.commit, server.cut_at, server.seconds_per_piece = weights.revision, [100_000_000], 0.004
        yield server


def test_every_page_uses_clip_after_its_download(hub, streamlit_app, open_page, tmp_path):
    (name,) = hub.files
    folders = {"HF_HUB_CACHE": str(tmp_path / "hub"), "CLIP_LAB_CACHE": str(tmp_path / "cache")}
    url = streamlit_app(APP, env={"HF_ENDPOINT": hub.url, "DEMO_CLIP_SHA256": hub.digest(name), **folders})

    page = open_page(f"{url}/models", width=1440)
    row = page.locator(f".st-key-models-download-{PAPERS_CLIP}")
    row.get_by_role("button", name="Download (605 MB)").click()
    expect(row.get_by_text(re.compile(r"^\d+ MB of 605 MB$"))).to_be_visible()
    expect(page.locator(".st-key-models-part-clip")).to_contain_text("ready", timeout=SLOW)
    assert hub.requested_ranges == [None, "bytes=94371840-"]  # after the last whole chunk of ten MiB
    expect(page.locator(".st-key-models-part-clip")).to_contain_text("It paints any sentence")
    expect(page.get_by_role("button", name="Make the profile of CLIP ViT-B/32 (OpenAI)")).to_be_visible()

    def go_to(path):
        page.goto(f"{url}/{path}")
        wait_until_drawn(page, SLOW)

    page.goto(f"{url}/frequency?pictures=CIFAR-10")
    expect(page.locator(".answer").first).to_contain_text("CLIP ViT-B/32", timeout=SLOW)

    go_to("inpainting?inpainting-steps=2")
    expect(page.get_by_text(f"Painted by {short_title(TITLE)}, the paper’s network. {CLIPS_SETTINGS}")).to_be_visible()
    start(page)
    wait_for_end(page)
    expect_run(page, "Your run, 2 steps")

    go_to("generation?generation-steps=2")
    expect(page.get_by_text(f"Painted by {short_title(TITLE)}, the paper’s network. {CLIPS_SETTINGS}")).to_be_visible()
    start(page)
    wait_for_end(page)
    expect_run(page, "Your run, 2 steps")

    go_to("frequency?pictures=CIFAR-10&tab=Your+own+words&classes=a%20cat,%20a%20pattern%20of%20stripes")
    own = page.locator(".st-key-own-predictions .predictions").first
    expect(own.get_by_role("cell", name="a pattern of stripes")).to_be_visible(timeout=SLOW)
    expect(page.locator(".st-key-own-predictions")).to_contain_text(TITLE)

    go_to("findings")
    expect(page.locator(".findings tbody tr")).not_to_have_count(0)
