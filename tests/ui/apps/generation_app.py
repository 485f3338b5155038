"""The page *Generation* alone, for Streamlit's own test runner."""

from ui import generation

generation.page()
