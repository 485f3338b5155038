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


def test_reloaded_page_does_not_wait_behind_its_own_run(streamlit_app, open_page):
    address = f"{streamlit_app('tests/browser/apps/demos.py')}/?demo=job&quiet=3600"
    page, other = open_page("about:blank", width=600, drawn=False), open_page(address, width=600)
    page.context.add_cookies([{"name": "tab", "value": "one", "url": address}])  # as the whole app's pages do
    page.goto(address)
    wait_until_drawn(page)
    running = re.compile(r"running, 0 in line, [1-9]\d* steps")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text(running)).to_be_visible()
    page.reload()
    wait_until_drawn(page)
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_text(running)).to_be_visible()
    other.get_by_role("button", name="Start").click()
    expect(other.get_by_text("queued, 1 in line, 0 steps")).to_be_visible()  # the tab that is open keeps its run
    page.get_by_role("button", name="End the run").click()
    expect(other.get_by_text(running)).to_be_visible()
    other.get_by_role("button", name="End the run").click()


def test_lost_server_is_said_in_our_words(app, open_page):
    """The connection breaks, and comes back: no dialog, nothing lost."""
    page, sockets, down = open_page("about:blank", drawn=False), [], []

    def relay(socket):
        if down:
            socket.close()
        else:
            socket.connect_to_server()
            sockets.append(socket)

    page.route_web_socket("**/_stcore/stream", relay)
    page.route("**/_stcore/health", lambda route: route.abort() if down else route.continue_())
    page.goto(f"{app}/story?chapter=judge")
    wait_until_drawn(page)
    cookie = page.evaluate("document.cookie.match(/tab=(\\w+)/)[1]")  # the tab's own, which a reload keeps
    page.reload()
    wait_until_drawn(page)
    assert page.evaluate("[document.cookie.match(/tab=(\\w+)/)[1], sessionStorage.tab]") == [cookie, cookie]
    first = page.get_by_role("button", name="Next picture")
    page.locator(".judge .options button").first.click()
    expect(first).to_be_visible()
    wait_until_drawn(page)
    note = page.locator("#lost")
    expect(note).to_have_text("")
    down.append(True)
    for socket in sockets:
        socket.close()
    expect(note).to_contain_text("The server doesn’t answer.")
    expect(note).to_be_visible()
    page.wait_for_timeout(3000)
    expect(page.locator("[role=dialog]")).to_have_count(0)
    first.click()  # what is drawn stays usable
    expect(page.get_by_role("heading", name="Picture 2 of 10: what is it?")).to_be_visible()
    down.clear()
    expect(note).to_have_text("")
    wait_until_drawn(page)
    expect(page.get_by_role("heading", name="Picture 2 of 10: what is it?")).to_be_visible()


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
