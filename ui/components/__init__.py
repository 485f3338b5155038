"""Streamlit components of our own: each one's .py, .js and .css side by side."""
