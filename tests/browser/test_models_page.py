"""The page *Models* in a real browser: no torch, downloads, narrow windows."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.waiting import wait_until_still
from tests.weight_server import PIECE, weight_server


def download(page: Page, name: str):
    """The download of the classifier with this name."""
    return page.locator(f".st-key-models-row-{name}")


def test_page_needs_no_torch_and_no_sideways_scrolling(streamlit_app, open_page):
    page = open_page(f"{streamlit_app('tests/browser/demos.py')}/?demo=models_and_data")
    expect(page.get_by_text("Server: torch is")).to_be_visible()
    page.get_by_text("Details: origin of").click()
    expect(page.get_by_text("Server: torch is not loaded")).to_be_visible()
    expect(page.get_by_test_id("stException")).to_have_count(0)
    page.get_by_role("tab", name="100 CIFAR-10 images").click()
    montage = page.get_by_role("img", name="All 100 images")
    expect(montage).to_be_visible()
    assert montage.evaluate("e => [e.naturalWidth, e.naturalHeight]") == [640, 160]
    assert montage.evaluate("e => getComputedStyle(e).imageRendering") == "pixelated"
    for width in (1400, 390, 320):
        page.set_viewport_size({"width": width, "height": 900})
        wait_until_still(page)
        for scroller in ("document.documentElement", "document.querySelector('[data-testid=stMain]')"):
            assert page.evaluate(f"{scroller}.scrollWidth <= {scroller}.clientWidth")


@pytest.mark.slow
def test_download_moves_on_by_itself_and_ends_ready(streamlit_app, open_page, tmp_path):
    with weight_server(bytes(3 * PIECE)) as server:
        env = {"DEMO_WEIGHTS_URL": server.url, "TORCH_HOME": str(tmp_path)}
        page = open_page(f"{streamlit_app('tests/browser/own_weights.py', env=env)}/models")
        resnet = download(page, "resnet-56")
        resnet.get_by_role("button", name="ResNet-56 (CIFAR-10), 3.5 MB").click()
        server.permits.release()
        expect(resnet.get_by_text("1.0 MB of 3.1 MB")).to_be_visible()
        server.permits.release()
        expect(resnet.get_by_text("2.1 MB of 3.1 MB")).to_be_visible()
        server.release()
        expect(page.locator(".networks .resnet-56")).to_contain_text("✓ ready")
        expect(resnet).to_have_count(0)
    # A check for missing files follows, which shows its progress. Then the page no longer changes.
    page.evaluate("""() => {
        window.changedAt = performance.now();
        new MutationObserver(() => (window.changedAt = performance.now())).observe(
            document.querySelector('[data-testid=stMain]'), { subtree: true, childList: true });
    }""")
    page.wait_for_function("() => performance.now() - window.changedAt > 1500")
    expect(page.get_by_text("Computing examples")).to_have_count(0)
