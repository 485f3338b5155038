"""The page *Story* alone, for Streamlit's own test runner."""

from ui.pages import story

story.page()
