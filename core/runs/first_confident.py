"""The first moment of a run at which the classifier is sure of the target. Imports torch.

How far a run goes on painting after that depends on its length; what the network needs in order to be sure does not.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.pgd.steps import PGDState
from core.runs.file import SURE


class FirstConfident:
    """Takes in states and keeps, of each image, the first whose target probability is at least `SURE`.

    Waits for no device: whoever reads it does.

    Attributes:
        steps: (B,) int64, -1 where no state was sure so far.
        images: (B, 3, H, W) in [0, 1] at that step; what the run started from where no state was.
    """

    def __init__(self, start: Tensor) -> None:
        self.steps = torch.full((len(start),), -1, device=start.device)
        self.images = start

    def add(self, state: PGDState) -> None:
        """Take in the next state."""
        new = (self.steps < 0) & (state.target_probability >= SURE)
        self.steps = torch.where(new, state.step, self.steps)
        self.images = torch.where(new[:, None, None, None], state.images, self.images)
