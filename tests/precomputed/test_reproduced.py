"""The printed command gives the stored picture again, bit for bit."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from core.data.picture_files import to_uint8
from core.data.sample_sets import imagenet
from core.pgd.drawings import GALLERY_FILE, SIZE, judged_path, stored_gallery
from core.pgd.starts import draw_starts
from core.shared.device import machine_facts
from precomputed.makers.recognition import still


def _made_alike() -> bool:
    """Return True if the stored gallery was made with the library, torch and processor of this machine.

    The gallery of version 2.0 names no processor, so it is not compared.
    """
    made, here = json.loads(GALLERY_FILE.read_text("utf-8"))["source"], machine_facts("cpu")
    return {name: made.get(name) for name in here} == here


@pytest.mark.slow
@pytest.mark.parametrize("position", [0, 1])
def test_command_gives_the_stored_picture(position, tmp_path):
    word = stored_gallery().words[position]
    command = [sys.executable, "-m", "core.pgd", "generate", "--classifier", "efficientnet-lite0"]
    command += ["--dataset", "photographs", "--target", imagenet().names[word.label], "--method", "views"]
    command += ["--start", "grey", "--limit", "1", "--output"]
    start, pictures = to_uint8(draw_starts([word.word], 1, "photographs", 0, "grey")[0]), []
    for run in range(2):  # each a new process
        out = str(tmp_path / str(run))
        subprocess.run([*command, out], check=True, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True)
        with Image.open(f"{out}/grid.png") as grid:
            left, tops = grid.width - SIZE - 6, (grid.height - row * (SIZE + 6) for row in (3, 2))
            before, after = (np.asarray(grid.convert("RGB").crop((left, y, left + SIZE, y + SIZE))) for y in tops)
        np.testing.assert_array_equal(before, start)
        pictures.append(after)
    np.testing.assert_array_equal(pictures[0], pictures[1])
    if _made_alike():
        assert still(pictures[0].transpose(2, 0, 1)) == judged_path(word.label, "views").read_bytes()
