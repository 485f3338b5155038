"""What tests do with a page in Streamlit's test runner: run its job to the end, read its sentences."""

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import ButtonGroup, Multiselect


def run_to_the_end(app: AppTest, page: str) -> AppTest:
    """Press *Start* and wait for the run, unless the page refuses to start one."""
    app.button(key=f"{page}.start").click().run()
    if f"{page}.run" in app.session_state:
        assert app.session_state[f"{page}.run"].job.wait(60)
    return app.run()


def said(app: AppTest) -> str:
    """The page's text, captions, notes and errors, a line each."""
    kinds = (app.markdown, app.caption, app.info, app.error)
    return "\n".join(one.value for kind in kinds for one in kind)


def settable_widget(app: AppTest, name: str) -> Multiselect | ButtonGroup:
    """The widget that `ui.shared.settable` draws for `name`, whatever its key is now."""
    key = f"{name}.{app.session_state[f'{name}.shown'][0]}"
    return next(widget for widget in (*app.multiselect, *app.segmented_control) if widget.key == key)
