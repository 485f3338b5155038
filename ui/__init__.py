"""Streamlit pages and widgets; the mathematics is in `core`."""
