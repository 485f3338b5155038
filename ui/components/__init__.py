"""Custom Streamlit components: a package for each thing that a visitor works with."""
