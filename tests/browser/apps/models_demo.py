"""The page *Models and data* alone, with a line that says whether the server has imported torch.

With the environment variable DEMO_WEIGHTS_URL, ResNet-56 comes from there, so that tests need no network.
"""

import dataclasses
import os
import sys

import streamlit as st

from core.classifiers.fetch.weights import UrlFile
from core.classifiers.registry import CLASSIFIERS
from ui.pages import models
from ui.shared.look import CSS

if url := os.environ.get("DEMO_WEIGHTS_URL"):
    CLASSIFIERS["resnet-56"] = dataclasses.replace(CLASSIFIERS["resnet-56"], weights=UrlFile(url, None, 3_471_733))

st.set_page_config(page_title="Models and data", layout="wide")
st.html(f"<style>{CSS}</style>")
models.page()
st.text(f"Server: torch is {'loaded' if 'torch' in sys.modules else 'not loaded'}")
