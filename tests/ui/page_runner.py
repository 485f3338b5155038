"""What tests do with a page in Streamlit's test runner: run its job to the end, read its sentences."""

from streamlit.testing.v1 import AppTest


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
