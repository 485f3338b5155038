"""The page *Frequency sensitivity* alone, for Streamlit's own test runner."""

from ui import frequency

frequency.page()
