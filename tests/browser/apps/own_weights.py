"""The full app, with weights from the tests' servers.

DEMO_CLIP_SHA256 is the digest of the file in the place of the paper's CLIP.
"""

import dataclasses
import os

import streamlit as st
from starlette.middleware import Middleware

from app import NAVIGATION, serving
from core.classifiers.registry import CLASSIFIERS, PAPERS_CLIP
from ui.server.streamlit_internals import PagesHaveOneName
from ui.shared.page import LOOK

if digest := os.environ.get("DEMO_CLIP_SHA256"):
    weights = dataclasses.replace(CLASSIFIERS[PAPERS_CLIP].weights, sha256=digest)
    CLASSIFIERS[PAPERS_CLIP] = dataclasses.replace(CLASSIFIERS[PAPERS_CLIP], weights=weights)
app = st.App(NAVIGATION, lifespan=serving, middleware=[Middleware(PagesHaveOneName, LOOK)])
