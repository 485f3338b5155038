"""The printed command gives the stored picture again."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from core.data.sample_sets import imagenet
from core.pgd.drawings import GALLERY_FILE, SIZE, judged_path, stored_gallery
from precomputed.makers.drawings import still


@pytest.mark.slow
@pytest.mark.parametrize("position", [0, 1])
def test_command_gives_the_stored_picture(position, tmp_path):
    word = stored_gallery().words[position]
    made = json.loads(GALLERY_FILE.read_text("utf-8"))["source"]
    if (made["torch"], made["cpu"]) != (torch.__version__, torch.backends.cpu.get_cpu_capability()):
        pytest.skip("another build of torch, or another processor, rounds otherwise")
    command = [sys.executable, "-m", "core.pgd", "generate", "--classifier", "efficientnet-lite0"]
    command += ["--dataset", "photographs", "--target", imagenet().names[word.label], "--method", "views"]
    command += ["--start", "grey", "--limit", "1", "--output", str(tmp_path)]
    subprocess.run(command, check=True, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True)
    with Image.open(tmp_path / "grid.png") as grid:
        left, top = grid.width - SIZE - 6, grid.height - 2 * (SIZE + 6)  # below it is its change
        picture = np.asarray(grid.convert("RGB").crop((left, top, left + SIZE, top + SIZE)))
    assert still(picture.transpose(2, 0, 1)) == judged_path(word.label, "views").read_bytes()
