"""A file arrives however slow the connection and however busy the server.

Streamlit drops a file that a click has made once two scripts have ended, of any visitor.
"""

import io

from PIL import Image

from tests.browser.waiting import wait_until_drawn

CARD = "/story?step=judge&round=7&chosen=0123012301"


def test_a_file_arrives_although_pages_are_read_meanwhile(streamlit_app, open_page):
    url = f"{streamlit_app('app.py')}{CARD}"
    page, other = open_page(url), open_page(url)
    requests = []
    page.route("**/media/*.png", lambda route: requests.append(route))
    with page.expect_download() as download:
        with page.expect_request("**/media/*.png"):
            page.get_by_role("button", name="Save as a card").click()
        for _ in range(2):
            other.reload()
            wait_until_drawn(other)
        (request,) = requests
        request.continue_()
    with Image.open(io.BytesIO(download.value.path().read_bytes())) as card:
        assert card.size == (1200, 630)
