"""A penalty added before anything else reads the table: the two places of docs/extending.md, as a script.

`tests/test_extending.py` runs it in a separate process, where nothing has read the table yet.
"""

import tempfile
from pathlib import Path

import numpy as np

from core.pgd.settings import PENALTIES, PenaltyText
from core.pgd.steps import Inpainting

ROW = PenaltyText("Absolute", "the mean size of a value’s change", "lambda times the mean size.", offered=True)


def penalty_term(self: Inpainting, images, x0):
    """Return the penalty "absolute", or the original term for any other."""
    if self.penalty != "absolute":
        return BEFORE(self, images, x0)
    return self.weight * ((images - x0) * ~self.mask).abs().mean(dim=(1, 2, 3))


BEFORE = Inpainting.penalty_term
PENALTIES["absolute"] = ROW
Inpainting.penalty_term = penalty_term


def on_the_page() -> None:
    """It can be selected; the run, its file and the sentence about it mention it."""
    from core.pgd.record import PGDRun
    from tests.ui.page_runner import open_page, page_text, run_to_the_end, settable_widget

    app = open_page("inpainting", inpainting_penalty=ROW.label, inpainting_steps="2")
    assert settable_widget(app, "inpainting-penalty").value == ROW.label, settable_widget(
        app, "inpainting-penalty"
    ).value
    run_to_the_end(app, "inpainting")
    assert not app.exception and not app.error and ROW.phrase in page_text(app)
    run = app.session_state["inpainting.runs"].result.runs[0]
    assert PGDRun.from_bytes(run.to_bytes(), name="run.npz").metadata["objective"]["penalty"] == "absolute"
    assert (np.abs(run.frames[-1] - run.start) * ~run.mask).any()  # under Eq. 3 nothing outside would change


def in_the_script() -> None:
    """`core.pgd` accepts it and records it."""
    from core.pgd.__main__ import main
    from core.pgd.pictures import JudgedOutcomes

    with tempfile.TemporaryDirectory() as folder:
        line = "inpaint --classifier mini-resnet --dataset cifar10-samples --limit 1 --steps 1 --device cpu"
        assert main([*line.split(), "--penalty", "absolute", "--output", str(Path(folder, "out"))]) == 0
        (kind,) = JudgedOutcomes.load(Path(folder, "out", "pictures.npz")).metadata["kinds"]
        assert kind["name"] == kind["objective"]["penalty"] == "absolute"


if __name__ == "__main__":
    in_the_script()
    on_the_page()
    print("arrived")
