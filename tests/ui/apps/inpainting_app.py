"""The page *Fill a hole* alone, for Streamlit's own test runner."""

from ui.pages import inpainting

inpainting.page()
