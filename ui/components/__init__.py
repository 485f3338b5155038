"""Custom Streamlit components, each with its .py, .js and .css file."""
