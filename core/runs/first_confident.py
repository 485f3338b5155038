"""The first state of a run with a classifier confident in the target. Imports torch.

Changes after that state depend on the run's length; those needed for confidence do not.
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.pgd.steps import PGDState
from core.runs.file import SURE


class FirstConfident:
    """Record of each image's first state with a target probability of at least `SURE`.

    Adding a state does not wait for the device; reading does.

    Attributes:
        steps: (B,) int64, -1 without a confident state.
        images: (B, 3, H, W) in [0, 1] at that step, or the start.
    """

    def __init__(self, start: Tensor) -> None:
        self.steps = torch.full((len(start),), -1, device=start.device)
        self.images = start

    def add(self, state: PGDState) -> None:
        """Add the next state."""
        new = (self.steps < 0) & (state.target_probability >= SURE)
        self.steps = torch.where(new, state.step, self.steps)
        self.images = torch.where(new[:, None, None, None], state.images, self.images)
