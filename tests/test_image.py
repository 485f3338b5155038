"""What the Dockerfile runs to put CLIP into the image: its digest, a missing network, and `CLIP=0`."""

import dataclasses
import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from huggingface_hub import constants

from cloud.fetch_clip import main
from core.classifiers.registry import CLASSIFIERS, PAPERS_CLIP
from tests.hub_server import LARGE, dead_address, hub_server

ROOT = Path(__file__).resolve().parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
WEIGHTS = CLASSIFIERS[PAPERS_CLIP].weights
CONTENT = bytes(range(256)) * (LARGE // 128)  # in place of 605 MB


def run_step(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run the image's own step in a shell, with this Python."""
    (step,) = re.findall(r"^RUN (python cloud/.*)$", DOCKERFILE, re.MULTILINE)
    command = step.replace("python", sys.executable, 1)
    env = os.environ | environment
    return subprocess.run(["sh", "-c", command], cwd=ROOT, env=env, capture_output=True, text=True, timeout=300)


def test_clip_is_in_the_image_by_default():
    assert re.search(
        r"^ARG CLIP=1\nENV CLIP_LAB_CLIP=\$CLIP\nRUN python cloud/fetch_clip.py$", DOCKERFILE, re.MULTILINE
    )


@pytest.mark.parametrize(("clip", "says"), [("0", "has no CLIP"), ("1", "is built without CLIP")])
def test_the_build_goes_on_without_clip(clip, says, tmp_path):
    done = run_step(CLIP=clip, HF_HOME=str(tmp_path), HF_ENDPOINT=dead_address())
    assert done.returncode == 0 and says in done.stdout and len(done.stdout.splitlines()) == 1, done.stderr
    assert not list(tmp_path.rglob("*.safetensors"))


@pytest.mark.parametrize("damaged", [False, True])
def test_weights_are_fetched_once_and_checked(damaged, tmp_path, monkeypatch):
    digest = hashlib.sha256(CONTENT).hexdigest()
    weights = dataclasses.replace(WEIGHTS, sha256=digest, download_bytes=len(CONTENT))
    monkeypatch.setitem(CLASSIFIERS, PAPERS_CLIP, dataclasses.replace(CLASSIFIERS[PAPERS_CLIP], weights=weights))
    with hub_server({f"{WEIGHTS.repo_id}/{WEIGHTS.weights[0]}": CONTENT[::-1] if damaged else CONTENT}) as hub:
        hub.commit = WEIGHTS.revision
        monkeypatch.setattr(constants, "ENDPOINT", hub.url)
        template = hub.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
        said, asked = main({"CLIP": "1"}), len(hub.requests)
        again = "" if damaged else main({})
        assert len(hub.requests) == asked, "the second time the hub is not asked"
    found = [path.read_bytes() for path in tmp_path.rglob("*.safetensors")]
    if damaged:
        assert "built without CLIP" in said and found == []
    else:
        assert said == again and digest[:12] in said and found == [CONTENT]
        (folder,) = tmp_path.glob("models--*")
        assert folder.name == f"models--{WEIGHTS.repo_id.replace('/', '--')}", "where the server looks"
