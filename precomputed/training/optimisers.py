"""Muon, an optimiser for weight matrices that needs few epochs. Imports torch at the top: import it lazily.

`torch.optim.Muon` (2.9) accepts only matrices, not convolution kernels, and cannot rescale weights to a fixed norm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn


def orthogonalise(matrix: Tensor, steps: int = 4) -> Tensor:
    """Replace the singular values of a (R, C) matrix by values near one, by a Newton-Schulz iteration.

    Source: Jordan et al. 2024, "Muon"; the quintic's coefficients are theirs. The result's singular values
    lie between about 0.7 and 1.2, which is all an update direction needs.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = matrix.shape[0] > matrix.shape[1]
    work = matrix.T if tall else matrix
    work = work / (work.norm() + 1e-7)
    for _ in range(steps):
        gram = work @ work.T
        work = a * work + (b * gram + c * gram @ gram) @ work
    return work.T if tall else work


class Muon(torch.optim.Optimizer):
    """Optimiser with Nesterov momentum and orthogonalised updates.

    Args:
        parameters: weights of shape (R, ...), seen as matrices with R rows.
        learning_rate: see `weight_decay`.
        momentum: decay of the gradient's running sum.
        weight_decay: decoupled weight decay; the update is then scaled to Adam's usual root mean square, so that Adam's
            learning rates fit. None instead rescales every weight to Frobenius norm sqrt(R) before its update, so that
            `learning_rate` is the relative size of one step: only sound before a normalisation layer.
    Source: Liu et al. 2025 ("Muon is scalable") for the decay, airbench94_muon (Jordan 2024) for the fixed norm.
    """

    def __init__(
        self, parameters: Iterable[nn.Parameter], learning_rate: float, momentum: float, weight_decay: float | None
    ) -> None:
        super().__init__(parameters, {"lr": learning_rate, "momentum": momentum})
        self._weight_decay = weight_decay

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(weight)
                average = state["momentum"].mul_(group["momentum"]).add_(weight.grad)
                direction = weight.grad.add(average, alpha=group["momentum"])
                rows = weight.shape[0]
                update = orthogonalise(direction.reshape(rows, -1)).reshape(weight.shape)
                if self._weight_decay is None:
                    weight.mul_(rows**0.5 / weight.norm())
                    weight.add_(update, alpha=-group["lr"])
                else:
                    weight.mul_(1 - group["lr"] * self._weight_decay)
                    size = 0.2 * max(rows, weight[0].numel()) ** 0.5  # a root mean square of 0.2, Adam's usual one
                    weight.add_(update, alpha=-group["lr"] * size)
