"""The whole app, with random weights in the place of the paper's CLIP: DEMO_CLIP_SHA256 is the digest of their file."""

import dataclasses
import os
import runpy
from pathlib import Path

from core.classifiers.registry import CLASSIFIERS, PAPERS_CLIP

clip = CLASSIFIERS[PAPERS_CLIP]
random = dataclasses.replace(clip.weights, sha256=os.environ["DEMO_CLIP_SHA256"])
CLASSIFIERS[PAPERS_CLIP] = dataclasses.replace(clip, weights=random)
runpy.run_path(str(Path(__file__).parents[3] / "ui" / "pages" / "navigation.py"))
