"""Helpers for pages in Streamlit's test runner: open one by its URL, run a job to its end, read sentences."""

import json
import re
from typing import Any

from streamlit.testing.v1 import AppTest

PAGE = "from ui.pages import {0}\n\n{0}.page()\n"


def open_page(page: str, /, **address: Any) -> AppTest:
    """A page of `ui.pages` alone, opened with the parameters of its URL, whose hyphens may be underscores here."""
    app = AppTest.from_string(PAGE.format(page), default_timeout=120)
    for name, value in address.items():
        app.query_params[name.replace("_", "-")] = value
    assert not app.run().exception
    return app


def bodies(app: AppTest, text: str = "") -> list[str]:
    """The HTML of the page's parts that contain a text."""
    return [item.proto.body for item in app.get("html") if text in item.proto.body]


def components(app: AppTest, name: str = "") -> list[dict[str, Any]]:
    """The data of the page's components, or of those that have an item of this name."""
    return [data for item in app.get("bidi_component") if name in {"", *(data := json.loads(item.proto.json))}]


def run_to_the_end(app: AppTest, page: str) -> AppTest:
    """Press *Start* and wait for the run, unless the page refuses to start one."""
    return press_to_the_end(app, page, "start")


def press_to_the_end(app: AppTest, page: str, button: str) -> AppTest:
    """Press a button and wait for the run that it starts, if it has not ended by then."""
    app.button(key=f"{page}.{button}").click().run()
    if (active := app.session_state[f"{page}.runs"].active) is not None:
        assert active.job.wait(240)
    return app.run()


def page_text(app: AppTest) -> str:
    """The page's text, captions, notes, errors and tables, one line each."""
    kinds = (app.markdown, app.caption, app.info, app.error)
    tables = [re.sub(r"<style>.*?</style>|<[^>]*>", " ", body, flags=re.DOTALL) for body in bodies(app)]
    return "\n".join([item.value for kind in kinds for item in kind] + tables)


def settable_widget(app: AppTest, name: str) -> Any:
    """The widget that `ui.shared.url` draws for `name`, whatever its current key."""
    key = f"{name}.{app.session_state[f'{name}.last'].version}"
    kinds = (app.multiselect, app.pills, app.segmented_control, app.number_input, app.radio, app.selectbox)
    return next(widget for kind in kinds for widget in kind if widget.key == key)
