"""The page *Frequencies* alone, for Streamlit's own test runner."""

from ui.pages import frequency

frequency.page()
