"""The bundled CLIPs with open_clip only for the text tower. Imports torch: import it lazily."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from core.classifiers.networks.mobilevit_xxs import MobileVitXxs

IMAGE_TOWER = "mobilevit_xxs"  # timm's name of `MobileVitXxs`
_TRUNK, _PROJECTION = "visual.trunk.", "visual.head.proj.weight"


class MiniClip(nn.Module):
    """Image tower in plain torch; the text tower is open_clip's, loaded when a prompt needs it.

    Args:
        state: tensors of a file in open_clip's format.
        load_whole: loads the file as an open_clip model.
    Raises:
        KeyError, RuntimeError: tensors are missing or do not fit.
    """

    def __init__(self, state: Mapping[str, Tensor], load_whole: Callable[[], Any]) -> None:
        super().__init__()
        self._load_whole = load_whole
        self.trunk = MobileVitXxs()
        self.trunk.load_state_dict({key.removeprefix(_TRUNK): state[key] for key in state if key.startswith(_TRUNK)})
        self.trunk.eval().fuse()
        width, features = state[_PROJECTION].shape
        self.project = nn.Linear(features, width, bias=False)
        self.project.load_state_dict({"weight": state[_PROJECTION]})
        self.logit_scale = nn.Parameter(state["logit_scale"])

    def encode_image(self, images: Tensor) -> Tensor:
        """Normalised images (B, 3, H, W) -> (B, D)."""
        return self.project(self.trunk(images))

    def encode_text(self, tokens: Tensor, normalize: bool = False) -> Tensor:
        """(K, L) int64 -> (K, D), on the tokens' device."""
        return self._whole.to(tokens.device).encode_text(tokens, normalize=normalize)

    @cached_property
    def _whole(self) -> Any:
        with torch.inference_mode(False):
            return self._load_whole().requires_grad_(False).eval()
