"""The page *Draw* alone, for Streamlit's own test runner."""

from ui.pages import generation

generation.page()
