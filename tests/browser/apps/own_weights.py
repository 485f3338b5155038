"""The full app, with weights from the tests' servers.

DEMO_WEIGHTS_URL is the URL of ResNet-56's; DEMO_CLIP_SHA256 is the digest of the file in the place of the paper's CLIP,
DEMO_TINY_CLIP the repository of a CLIP of another layout in its place.
"""

import dataclasses
import os

import streamlit as st
from starlette.middleware import Middleware

from app import NAVIGATION, serving
from core.classifiers.families import open_clip_repository
from core.classifiers.registry import CLASSIFIERS, PAPERS_CLIP
from core.classifiers.weights import UrlFile
from ui.server import downloads
from ui.server.streamlit_internals import PagesHaveOneName
from ui.shared.page import LOOK

if digest := os.environ.get("DEMO_CLIP_SHA256"):
    weights = dataclasses.replace(CLASSIFIERS[PAPERS_CLIP].weights, sha256=digest)
    CLASSIFIERS[PAPERS_CLIP] = dataclasses.replace(CLASSIFIERS[PAPERS_CLIP], weights=weights)
if repository := os.environ.get("DEMO_TINY_CLIP"):
    CLASSIFIERS[PAPERS_CLIP] = open_clip_repository(
        repository, name=PAPERS_CLIP, title=CLASSIFIERS[PAPERS_CLIP].title, image_size=32
    )
downloads.MODULE = "tests.browser.apps.own_profile"
if url := os.environ.get("DEMO_WEIGHTS_URL"):
    CLASSIFIERS["resnet-56"] = dataclasses.replace(CLASSIFIERS["resnet-56"], weights=UrlFile(url, None, 3_471_733))
app = st.App(NAVIGATION, lifespan=serving, middleware=[Middleware(PagesHaveOneName, LOOK)])
