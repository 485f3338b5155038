"""The page *Frequency sensitivity* alone, for Streamlit's own test runner."""

from ui.pages import frequency

frequency.page()
