"""Two processes of the app behind HAProxy, configured as in `compose.yaml`: each visitor stays with one of them."""

import io
import shutil
import subprocess
from contextlib import ExitStack

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from benchmarks.measure import ROOT
from benchmarks.serving import APP, server, wait_for
from tests.browser.waiting import new_context, wait_until_drawn
from tests.shared_server import free_port

pytestmark = pytest.mark.slow

VISITORS = 2
BY_NAME = "    server-template app- 16 app:8501 check resolvers docker init-addr none\n"
BIND = "bind :8501"


@pytest.fixture(scope="module")
def proxy(tmp_path_factory):
    """URL of the proxy."""
    if not shutil.which("haproxy"):
        pytest.skip("there is no haproxy here")
    # The committed file, with the replicas' addresses in place of the names that Docker resolves.
    text = (ROOT / "cloud" / "haproxy.cfg").read_text()
    assert BY_NAME in text and BIND in text
    port, file = free_port(), tmp_path_factory.mktemp("replicas") / "haproxy.cfg"
    with ExitStack() as stack:
        addresses = [stack.enter_context(server(APP, {}))[0].removeprefix("http://") for _ in range(2)]
        lines = [f"    server app-{k} {address} check\n" for k, address in enumerate(addresses, 1)]
        file.write_text(text.replace(BY_NAME, "".join(lines)).replace(BIND, f"bind 127.0.0.1:{port}"))
        process = subprocess.Popen(["haproxy", "-db", "-q", "-f", str(file)])
        stack.callback(process.wait)
        stack.callback(process.terminate)
        wait_for(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"


def picture():
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return {"name": "noise.png", "mimeType": "image/png", "buffer": buffer.getvalue()}


def test_uploads_reach_the_replica_that_holds_the_visitors_session(proxy, browser):
    at = []
    for _ in range(VISITORS):
        context = new_context(browser, viewport={"width": 1440, "height": 900})
        page = context.new_page()
        uploads = []
        page.on(
            "response", lambda reply, sent=uploads: sent.append(reply.status) if "upload_file" in reply.url else None
        )
        page.goto(f"{proxy}/frequency?pictures=Yours")
        wait_until_drawn(page)
        (cookie,) = [cookie for cookie in context.cookies() if cookie["name"] == "replica"]
        page.get_by_role("button", name="Choose a picture").click()
        upload = page.get_by_role("dialog").get_by_test_id("stFileUploaderDropzoneInput")
        upload.set_input_files(picture())
        page.get_by_role("button", name="Use this picture").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.locator(".picture canvas").first).to_be_visible()
        page.reload()
        wait_until_drawn(page)
        assert [later["value"] for later in context.cookies() if later["name"] == "replica"] == [cookie["value"]]
        assert cookie["httpOnly"] and uploads and max(uploads) < 300
        at.append(cookie["value"])
        context.close()
    assert len(set(at)) == 2, "visitors are spread over both processes"
