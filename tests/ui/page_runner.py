"""Helpers for pages in Streamlit's test runner: run a job to its end, read sentences."""

from typing import Any

from streamlit.testing.v1 import AppTest


def run_to_the_end(app: AppTest, page: str) -> AppTest:
    """Press *Start* and wait for the run, unless the page refuses to start one."""
    app.button(key=f"{page}.start").click().run()
    if (active := app.session_state[f"{page}.runs"].active) is not None:
        assert active.job.wait(60)
    return app.run()


def page_text(app: AppTest) -> str:
    """The page's text, captions, notes and errors, one line each."""
    kinds = (app.markdown, app.caption, app.info, app.error)
    return "\n".join(item.value for kind in kinds for item in kind)


def settable_widget(app: AppTest, name: str) -> Any:
    """The widget that `ui.shared.settable` draws for `name`, whatever its current key."""
    key = f"{name}.{app.session_state[f'{name}.shown'][0]}"
    kinds = (app.multiselect, app.segmented_control, app.number_input, app.radio, app.toggle)
    return next(widget for kind in kinds for widget in kind if widget.key == key)
