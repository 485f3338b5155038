"""The printed command gives the stored picture again."""

import itertools
import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from core.data.picture_files import to_uint8
from core.data.sample_sets import imagenet
from core.pgd.drawings import GALLERY_FILE, SIZE, judged_path, stored_gallery
from core.pgd.starts import draw_starts
from precomputed.makers.drawings import still

RUNS = 4  # about one in eight rounds otherwise: how depends on where its buffers lie in memory


@pytest.mark.slow
@pytest.mark.parametrize("position", [0, 1])
def test_command_gives_the_stored_picture(position, tmp_path):
    word = stored_gallery().words[position]
    made = json.loads(GALLERY_FILE.read_text("utf-8"))["source"]
    if (made["torch"], made["cpu"]) != (torch.__version__, torch.backends.cpu.get_cpu_capability()):
        pytest.skip("another build of torch, or another processor, rounds otherwise")
    command = [sys.executable, "-m", "core.pgd", "generate", "--classifier", "efficientnet-lite0"]
    command += ["--dataset", "photographs", "--target", imagenet().names[word.label], "--method", "views"]
    command += ["--start", "grey", "--limit", "1", "--output"]
    stored, pictures = judged_path(word.label, "views").read_bytes(), []
    start = to_uint8(draw_starts([word.word], 1, "photographs", 0, "grey")[0])
    for run in range(RUNS):
        out = str(tmp_path / str(run))
        subprocess.run([*command, out], check=True, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True)
        with Image.open(f"{out}/grid.png") as grid:
            left, tops = grid.width - SIZE - 6, (grid.height - row * (SIZE + 6) for row in (3, 2))
            before, after = (np.asarray(grid.convert("RGB").crop((left, y, left + SIZE, y + SIZE))) for y in tops)
        np.testing.assert_array_equal(before, start)
        if still(after.transpose(2, 0, 1)) == stored:
            return
        pictures.append(after)
    # A model of processor that rounds otherwise gives its own picture, again in most runs.
    assert any(np.array_equal(one, other) for one, other in itertools.combinations(pictures, 2))
    pytest.skip("this model of processor rounds otherwise")
