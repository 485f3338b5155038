"""A file arrives however slow the connection and however busy the server.

Streamlit drops a file that a click has made once two scripts have ended, of any visitor.
"""

import io

from PIL import Image

from tests.browser.waiting import wait_until_drawn, wait_until_still


def test_a_file_arrives_although_pages_are_read_meanwhile(streamlit_app, open_page):
    app = streamlit_app("app.py")
    page, other = open_page(f"{app}/frequency?details=true"), open_page(f"{app}/models")
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
