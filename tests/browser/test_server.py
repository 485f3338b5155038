"""The server with several visitors: a slot, and a file on its way."""

import io
import re

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.waiting import wait_until_drawn, wait_until_still

pytestmark = pytest.mark.slow


def test_closed_tab_frees_the_slot(streamlit_app, open_page):
    address = f"{streamlit_app('tests/browser/apps/demos.py')}/?demo=job"
    first, second = open_page(address, width=600), open_page(address, width=600)
    running = re.compile(r"running, 0 in line, [1-9]\d* steps")
    first.get_by_role("button", name="Start").click()
    expect(first.get_by_text(running)).to_be_visible()
    second.get_by_role("button", name="Start").click()
    expect(second.get_by_text("queued, 1 in line, 0 steps")).to_be_visible()
    first.close()
    expect(second.get_by_text(running)).to_be_visible()
    second.get_by_role("button", name="End the run").click()
    expect(second.get_by_text("stopped, 0 in line")).to_be_visible()


def test_download_survives_other_page_loads(streamlit_app, open_page):
    """Streamlit drops a file that a click has made once two scripts have ended, of any visitor."""
    app = streamlit_app("app.py")
    page, other = open_page(f"{app}/frequency?pictures=CIFAR-10&details=true"), open_page(f"{app}/models")
    wait_until_still(page)
    requests = []
    page.route("**/media/*.png", lambda route: requests.append(route))
    with page.expect_download() as download:
        with page.expect_request("**/media/*.png"):
            page.get_by_role("button", name="PNG", exact=True).first.click()
        for _ in range(2):
            other.reload()
            wait_until_drawn(other)
        (request,) = requests
        request.continue_()
    with Image.open(io.BytesIO(download.value.path().read_bytes())) as heatmap:
        assert heatmap.format == "PNG"
