"""The server with several visitors: a slot, a file on its way, two processes behind HAProxy as in `compose.yaml`."""

import io
import re
import shutil
import subprocess
from contextlib import ExitStack

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from benchmarks.measure import ROOT
from benchmarks.serving import APP, server, wait_for
from tests.browser.waiting import patient, wait_until_drawn, wait_until_still
from tests.shared_server import free_port

BY_NAME = "    server-template app- 16 app:8501 check resolvers docker init-addr none\n"
BIND = "bind :8501"

pytestmark = pytest.mark.slow


def test_closing_the_tab_gives_the_slot_to_the_next(streamlit_app, open_page):
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


def test_a_file_arrives_although_pages_are_read_meanwhile(streamlit_app, open_page):
    """Streamlit drops a file that a click has made once two scripts have ended, of any visitor."""
    app = streamlit_app("app.py")
    page, other = open_page(f"{app}/frequency?pictures=CIFAR-10&details=true"), open_page(f"{app}/models")
    wait_until_still(page)  # flips are counted above the buttons
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


@pytest.fixture
def proxy(tmp_path):
    """URL of the proxy."""
    if not shutil.which("haproxy"):
        pytest.skip("there is no haproxy here")
    # The committed file, with the replicas' addresses in place of the names that Docker resolves.
    text = (ROOT / "cloud" / "haproxy.cfg").read_text()
    assert BY_NAME in text and BIND in text
    port, file = free_port(), tmp_path / "haproxy.cfg"
    with ExitStack() as stack:
        addresses = [stack.enter_context(server(APP, {}))[0].removeprefix("http://") for _ in range(2)]
        lines = [f"    server app-{k} {address} check\n" for k, address in enumerate(addresses, 1)]
        file.write_text(text.replace(BY_NAME, "".join(lines)).replace(BIND, f"bind 127.0.0.1:{port}"))
        process = subprocess.Popen(["haproxy", "-db", "-q", "-f", str(file)])
        stack.callback(process.wait)
        stack.callback(process.terminate)
        wait_for(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"


def test_uploads_reach_the_replica_of_the_visitors_session(proxy, browser):
    picture, at = io.BytesIO(), []
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)).save(picture, "PNG")
    for _ in range(2):
        context = patient(browser.new_context(viewport={"width": 1440, "height": 900}))
        page, uploads = context.new_page(), []
        page.on("response", lambda reply, sent=uploads: "upload_file" in reply.url and sent.append(reply.status))
        page.goto(f"{proxy}/frequency?pictures=Yours")
        wait_until_drawn(page)
        (cookie,) = [cookie for cookie in context.cookies() if cookie["name"] == "replica"]
        page.get_by_role("button", name="Choose a picture").click()
        upload = page.get_by_role("dialog").get_by_test_id("stFileUploaderDropzoneInput")
        upload.set_input_files({"name": "noise.png", "mimeType": "image/png", "buffer": picture.getvalue()})
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.locator(".picture canvas").first).to_be_visible()
        page.reload()
        wait_until_drawn(page)
        assert [later["value"] for later in context.cookies() if later["name"] == "replica"] == [cookie["value"]]
        assert cookie["httpOnly"] and uploads and max(uploads) < 300
        at.append(cookie["value"])
        context.close()
    assert len(set(at)) == 2, "visitors are spread over both processes"
