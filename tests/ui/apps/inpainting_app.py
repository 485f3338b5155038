"""The page *Inpainting* alone, for Streamlit's own test runner."""

from ui.pages import inpainting

inpainting.page()
