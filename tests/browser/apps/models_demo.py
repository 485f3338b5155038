"""The page *Models and data* alone, with a line that says whether the server has imported torch."""

import sys

import streamlit as st

from ui import models

st.set_page_config(page_title="Models and data", layout="wide")
models.page()
st.text(f"Server: torch is {'loaded' if 'torch' in sys.modules else 'not loaded'}")
