"""The page *Inpainting* alone, for Streamlit's own test runner."""

from ui import inpainting

inpainting.page()
