"""PGD (paper, sec. 2.2): Eq. 2 and 3, the geometry of the L2 ball, and the loop, one state at a time. Imports torch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import torch
from torch import Tensor
from torch.nn import functional as F

from core.classifiers.networks import with_contiguous_attention
from core.pgd.settings import PENALTIES, Penalty, PGDConfig
from core.pgd.views import MIN_CROP_SIZE, ViewDraws, Views
from core.shared import paper
from core.shared.device import half_batch, one_library

ImageClassifier = Callable[[Tensor], Tensor]

# Guards against a zero gradient. A lower bound, as in foolbox, not an addend: for a confident classifier gradients of
# 1e-11 are real, and adding 1e-10 to their norm would almost stop the run.
MIN_NORM = 1e-12


def norms(images: Tensor) -> Tensor:
    """Return the L2 norm of each (B, 3, H, W) image, (B, 1, 1, 1)."""
    return (images * images).sum(dim=(1, 2, 3), keepdim=True).sqrt()


def unit(gradient: Tensor) -> Tensor:
    """Scale each (B, 3, H, W) image to L2 norm 1; zero stays zero."""
    return gradient * norms(gradient).clamp(min=MIN_NORM).reciprocal()


def shrink(change: Tensor, radius: Tensor | float) -> Tensor:
    """Shorten each (B, 3, H, W) image by `radius`, at most to zero: the proximal map of radius * ||.||_2.

    Source: block soft thresholding, Parikh & Boyd 2014, sec. 6.5.1.
    """
    return change * (1 - radius / norms(change).clamp(min=MIN_NORM)).clamp(min=0)


def project(images: Tensor, x0: Tensor, epsilon: float) -> Tensor:
    """Project onto the L2 ball of radius `epsilon` around `x0`.

    Clipping to [0, 1] afterwards only moves an image towards an x0 in [0, 1], so the result lies in both sets.
    """
    change = images - x0
    factor = (norms(change).reciprocal() * epsilon).clamp(max=1)  # infinite at x0 itself
    return x0 + change * factor


@dataclass(frozen=True, eq=False)
class Objective:
    """Interface of a PGD run's objective; this base class is the cross-entropy alone.

    Args:
        targets: (B,) int64, the target class of each image; or (1,) for all.
    """

    targets: Tensor

    def to(self, device: torch.device) -> Self:
        """Return a copy with its tensors on `device`, where `penalty_term` and `step` need them."""
        return replace(self, targets=self.targets.to(device))

    def only(self, k: int) -> Self:
        """Return the objective of the k-th image alone."""
        return replace(self, targets=_row(self.targets, k))

    @property
    def free_mask(self) -> Tensor | None:
        """bool (1 or B, 1, H, W), outside which nothing changes; None if everything may."""
        return None

    def penalty_term(self, images: Tensor, x0: Tensor) -> Tensor | None:
        """Return the penalty of (B, 3, H, W) images, (B,); None if there is none.

        Differentiable, unless `step` handles it.
        """
        return None

    def step(self, images: Tensor, x0: Tensor, gradient: Tensor, size: Tensor | float) -> Tensor:
        """Return the (B, 3, H, W) images after a step of L2 length `size`, a number or (B, 1, 1, 1), before projection.

        gradient: (B, 3, H, W), of the cross-entropy and of any differentiable penalty.
        """
        return images - size * unit(gradient)

    def to_json(self) -> dict[str, Any]:
        """Return the settings, without targets and masks, as a JSON object."""
        raise NotImplementedError


class Generation(Objective):
    """Eq. 2: cross-entropy to the target class."""

    def to_json(self) -> dict[str, Any]:
        return {"task": "generation"}


@dataclass(frozen=True, eq=False)
class Inpainting(Objective):
    """Eq. 3: cross-entropy to the target class plus a penalty for changes outside the hole.

    Args:
        targets: (B,) int64 class indices.
        mask: bool (1, H, W), or (B, 1, H, W) for one hole per image; True = hole, may change freely.
        weight: lambda, at least 0; 10 in the paper.
        penalty: "eq3": weight * ||(x0 - x) * (1 - mask)||_2, where x0 are the initial images (the original outside
            the hole), minimised by forward-backward steps; the paper's text, not its formula, has the weight;
            "mean_square": weight * mean(((x0 - x) * (1 - mask))^2);
            "frozen": nothing outside the hole changes, which is the minimum of "eq3" if the gradient outside is
            shorter than weight.
    Raises:
        ValueError: negative weight or unknown penalty.
    Source: the paper, sec. 2.2 ("eq3"); the public notebook of Santurkar et al. 2019 ("mean_square").
    """

    mask: Tensor
    weight: float = paper.PENALTY_WEIGHT
    penalty: Penalty = "eq3"

    def __post_init__(self) -> None:
        if not 0 <= self.weight < float("inf"):
            raise ValueError(f"weight (lambda) must be a number of at least 0; got {self.weight}")
        if self.penalty not in PENALTIES:
            raise ValueError(f"penalty must be one of {', '.join(PENALTIES)}; got {self.penalty!r}")
        mask = torch.as_tensor(self.mask)
        object.__setattr__(self, "mask", mask if mask.ndim == 4 else mask[None])

    def to(self, device: torch.device) -> Self:
        return replace(super().to(device), mask=self.mask.to(device))

    def only(self, k: int) -> Self:
        return replace(super().only(k), mask=_row(self.mask, k))

    @property
    def free_mask(self) -> Tensor | None:
        return self.mask if self.penalty == "frozen" else None

    def penalty_term(self, images: Tensor, x0: Tensor) -> Tensor | None:
        outside = (images - x0) * ~self.mask
        match self.penalty:
            case "eq3":
                return (self.weight * torch.linalg.vector_norm(outside, dim=(1, 2, 3))).detach()
            case "mean_square":
                return self.weight * outside.square().mean(dim=(1, 2, 3))
            case "frozen":
                return None
        raise NotImplementedError(f"penalty {self.penalty!r} has a row of `PENALTIES`, but no branch here")

    def step(self, images: Tensor, x0: Tensor, gradient: Tensor, size: Tensor | float) -> Tensor:
        if self.penalty == "eq3":
            return self._forward_backward(images, x0, gradient, size)
        return super().step(images, x0, gradient * self.mask if self.penalty == "frozen" else gradient, size)

    def _forward_backward(self, images: Tensor, x0: Tensor, gradient: Tensor, size: Tensor | float) -> Tensor:
        """Step against the cross-entropy's gradient g, then apply the proximal map of lambda ||y||; y: change outside.

        The step's length t ||s|| is `size`, where s is the shortest subgradient of Eq. 3: outside the hole,
        (1 - lambda / ||g||)+ g where y = 0, else g + lambda y / ||y||.
        Source: Combettes & Wajs 2005, eq. 3.6.
        """
        mask = self.mask
        y, g = (images - x0) * ~mask, gradient * ~mask
        outside = torch.where(norms(y) == 0, shrink(g, self.weight), g + self.weight * unit(y))
        t = size / norms(gradient * mask + outside).clamp(min=MIN_NORM)
        return torch.where(mask, images - t * gradient, x0 + shrink(y - t * g, t * self.weight))

    def to_json(self) -> dict[str, Any]:
        return {"task": "inpainting", "weight": self.weight, "penalty": self.penalty}


class Pass(NamedTuple):
    """Logits (B, K), cross-entropy (B,), and its gradient (B, 3, S, S) at some images; None if not requested."""

    logits: Tensor
    cross_entropy: Tensor
    gradient: Tensor | None


class Passes:
    """Passes of a run's images through its network: all together, or in halves after running out of memory.

    Images of a different size go through `classifier.at_size`, if the network has `any_size`.
    """

    def __init__(self, classifier: ImageClassifier, targets: Tensor, size: int) -> None:
        self._classifier, self._targets = classifier, targets
        self._networks, self._most = {size: classifier}, defaultdict[int, int](lambda: len(targets))  # by size
        self.any_size: bool = getattr(classifier, "any_size", False)

    def __call__(self, images: Tensor, gradient: bool = True) -> Pass:
        size = images.shape[-1]
        if size not in self._networks:
            self._networks[size] = self._classifier.at_size(size)  # type: ignore[attr-defined]
        while True:
            try:
                pairs = zip(images.split(self._most[size]), self._targets.split(self._most[size]), strict=True)
                parts = [self._part(self._networks[size], *pair, gradient) for pair in pairs]
                break
            except torch.OutOfMemoryError as error:
                self._most[size] = half_batch(self._most[size], images.device, error)
        if len(parts) == 1:
            return parts[0]
        logits, cross_entropy, gradients = zip(*parts, strict=True)
        return Pass(torch.cat(logits), torch.cat(cross_entropy), torch.cat(gradients) if gradient else None)

    @staticmethod
    def _part(network: ImageClassifier, images: Tensor, targets: Tensor, gradient: bool) -> Pass:
        variable = images.detach().requires_grad_(gradient)  # without a gradient, no activations are kept
        logits = network(variable)
        cross_entropy = F.cross_entropy(logits, targets, reduction="none")
        if not gradient:
            return Pass(logits.detach(), cross_entropy.detach(), None)
        slope = None
        if logits.requires_grad:
            (slope,) = torch.autograd.grad(cross_entropy.sum(), variable, allow_unused=True)
        if slope is None:
            raise ValueError(
                "the classifier cannot be differentiated: its logits carry no gradient to the images; leave out "
                "no_grad, detach, numpy and argmax between them"
            )
        # contiguous: gradients of channels-last networks would round differently in the norm.
        return Pass(logits.detach(), cross_entropy.detach(), slope.contiguous())


class ViewGradients:
    """Gradients at random views of the images of a run.

    Only seeds, step and images determine what is random: a run is the same in any batch and after a break.

    Args:
        views: their distribution. steps: of the run.
        x0: (B, 3, H, W), the start. mask: bool (1 or B, 1, H, W), or None. seeds: B, for the views. passes: of the run.
    """

    def __init__(
        self, views: Views, steps: int, x0: Tensor, mask: Tensor | None, seeds: Sequence[int], passes: Passes
    ) -> None:
        self._views, self._steps, self._passes = views, steps, passes
        self._draws = ViewDraws(views, x0, mask, seeds)

    def __call__(self, x: Tensor, step: int) -> Tensor:
        """Return the (B, 3, H, W) gradient that the step after `step` steps follows, summed over the views."""
        size, gradients = x.shape[-1], []
        view_size = self._views.input_size(step, self._steps, size) if self._passes.any_size else size
        for index in range(self._views.count):
            variable = x.detach().requires_grad_()
            views = self._draws.at(step, variable, index, view_size)
            gradient = self._passes(views.detach()).gradient
            gradients.append(torch.autograd.grad(views, variable, gradient)[0])  # the adjoint of crop and resize
        return sum(gradients[1:], gradients[0])


@dataclass(frozen=True, eq=False)
class PGDState:
    """State of a run after a step. Its tensors carry no gradient and are never modified; treat them as read-only.

    step: steps so far, 0 at the start. steps: total steps of the run.
    images: (B, 3, H, W) in [0, 1]. logits: (B, K). cross_entropy, penalty: (B,) the terms of the loss; penalty is None
    if the objective has none. With views all of these are for the image itself, not for a view: evaluated every tenth
    step and at the last, and repeated in between.
    perturbation_norm: (B,) L2 distance to x0, over the whole image.
    """

    step: int
    steps: int
    images: Tensor
    logits: Tensor
    cross_entropy: Tensor
    penalty: Tensor | None
    perturbation_norm: Tensor

    def only(self, k: int) -> PGDState:
        """Return the state of the k-th image alone."""
        return replace(self, **{name: value[k : k + 1] for name, value in self._tensors().items()})

    @staticmethod
    def joined(states: Sequence[PGDState]) -> PGDState:
        """Return the state of a batch, given those of its images at one step."""
        parts = [state._tensors() for state in states]
        joined: dict[str, Any] = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
        return replace(states[0], **joined)

    def _tensors(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if isinstance(value, Tensor)}

    @property
    def loss(self) -> Tensor:
        """(B,) sum of the terms."""
        return self.cross_entropy if self.penalty is None else self.cross_entropy + self.penalty

    @property
    def target_probability(self) -> Tensor:
        """(B,) in [0, 1]."""
        return (-self.cross_entropy).exp()


def _row(tensor: Tensor, k: int) -> Tensor:
    """Return the k-th row, as a batch of one; the only row if there is one for all."""
    return tensor[k : k + 1] if len(tensor) > 1 else tensor


def pgd_steps(
    classifier: ImageClassifier,
    objective: Objective,
    images: Tensor,
    config: PGDConfig,
    after: PGDState | None = None,
    *,
    seed: int | Sequence[int] = 0,
) -> Generator[PGDState, None, None]:
    """Minimise `objective` around `images` by L2 PGD.

    Each step is x <- clip(project(x - step_size * g / ||g||_2), 0, 1): projection onto the ball of radius epsilon
    around x0 first, then the clip; an objective may step otherwise, as Eq. 3 does. The method determines the gradient
    g (`core.pgd.methods`). In the paper's, a state's loss and the gradient of the next step come from one forward pass,
    so n steps cost n + 1 forward and n backward passes. Images of a batch never influence each other. On a CPU each
    large image has separate passes, which make it the same in any batch, bit for bit. Otherwise rounding would differ
    with the batch's size, and a hundred steps amplify it to 25 of 255.

    Args:
        classifier: (B, 3, H, W) images in [0, 1] -> (B, K) logits, in evaluation mode.
        objective: `Generation`, `Inpainting` or another `Objective`.
        images: (B, 3, H, W) float32 in [0, 1], the start x0, on the classifier's device. Never changed. Its values and
            those of masks and targets are checked where they come in (`core.api`, `core.pgd.plan`), not here.
        config: lengths, number of steps, and the method.
        after: a state of the same run to resume from: bit for bit if passes are deterministic, as on a CPU.
        seed: for the random views, 0 to 2**64 - 1; or one for each image.
    Returns:
        A generator of `config.steps + 1` states; state 0 comes before any step. With `after`, that state comes first
        again.
    Raises:
        ValueError: the classifier cannot be differentiated.
        RuntimeError: the classifier's loss at the start is not finite, or one image does not fit the memory.
    Source: Madry et al. 2018. foolbox's L2PGD (random_start=False, targeted) to 1e-5 over 60 steps where the network
        is smooth along the path; at a kink a difference in the last bit may grow.
    """
    seeds = seed if isinstance(seed, Sequence) else [seed] * len(images)
    if len(images) == 1 or images.device.type != "cpu" or images.shape[-1] < MIN_CROP_SIZE:
        return _steps(classifier, objective, images, config, after, seeds)
    runs = [
        _steps(classifier, objective.only(k), images[k : k + 1], config, after and after.only(k), [seed_of_image])
        for k, seed_of_image in enumerate(seeds)
    ]
    return _together(runs)


def _together(runs: Sequence[Generator[PGDState, None, None]]) -> Generator[PGDState, None, None]:
    """Yield the states of several runs of one image each as those of a batch."""
    with ExitStack() as stack:
        for run in runs:
            stack.enter_context(closing(run))
        for states in zip(*runs, strict=True):
            yield PGDState.joined(states)


def _steps(
    classifier: ImageClassifier,
    objective: Objective,
    images: Tensor,
    config: PGDConfig,
    after: PGDState | None,
    seeds: Sequence[int],
) -> Generator[PGDState, None, None]:
    """Yield the states of one batch; arguments as for `pgd_steps`."""
    # No block that changes torch's settings may be open at the yield: they would leak to the consumer.
    method = config.method
    with torch.inference_mode(False):  # a run started in inference mode still needs gradients
        x0 = images.detach().clone()
        objective = objective.to(x0.device)  # once: no step should wait for the transfer
        passes = Passes(with_contiguous_attention(classifier), objective.targets.expand(len(x0)), x0.shape[-1])
        view_gradient = precondition = None
        if method.views is not None:
            view_gradient = ViewGradients(method.views, config.steps, x0, objective.free_mask, seeds, passes)
        if method.preconditioner is not None:
            precondition = method.preconditioner.prepare(x0, objective.free_mask, config.steps)
    x, evaluated = (x0, None) if after is None else (after.images, Pass(after.logits, after.cross_entropy, None))
    for step in range(0 if after is None else after.step, config.steps + 1):
        last = step == config.steps
        with one_library(), torch.inference_mode(False), torch.enable_grad():
            if evaluated is None or step % method.eval_interval == 0 or last:
                evaluated = passes(x, gradient=view_gradient is None and not last)
            penalty, penalty_gradient = _penalty(objective, x, x0)
            logits, cross_entropy, gradient = evaluated
            state = PGDState(step, config.steps, x, logits, cross_entropy, penalty, norms(x - x0).flatten())
            _check_start(state)
        yield state
        if last:
            return
        with one_library(), torch.inference_mode(False), torch.enable_grad():
            if view_gradient is not None:
                gradient = view_gradient(x, step)
            assert gradient is not None
            if precondition is not None:
                gradient = precondition(gradient, step)
            if penalty_gradient is not None:
                gradient = gradient + penalty_gradient
            x = objective.step(x, x0, gradient, config.step_length(step))
            x = project(x, x0, config.epsilon)
            x = x.clamp(0, 1)


def run_pgd(
    classifier: ImageClassifier,
    objective: Objective,
    images: Tensor,
    config: PGDConfig,
    *,
    seed: int | Sequence[int] = 0,
) -> PGDState:
    """Return the last state of `pgd_steps`; same arguments and errors."""
    for state in pgd_steps(classifier, objective, images, config, seed=seed):
        last = state
    return last


def _penalty(objective: Objective, images: Tensor, x0: Tensor) -> tuple[Tensor | None, Tensor | None]:
    """Return the penalty of images, (B,), and its gradient, (B, 3, H, W), each None if there is none."""
    variable = images.detach().requires_grad_()
    penalty = objective.penalty_term(variable, x0)
    if penalty is None:
        return None, None
    slope = torch.autograd.grad(penalty.sum(), variable)[0] if penalty.requires_grad else None
    return penalty.detach(), slope


def _check_start(state: PGDState) -> None:
    """Raise RuntimeError if this is the first state of a run and its loss is not finite."""
    if state.step == 0 and not bool(state.loss.isfinite().all()):
        loss = state.loss.tolist()
        raise RuntimeError(f"the classifier's loss at the start is not finite ({loss}); check its weights")
