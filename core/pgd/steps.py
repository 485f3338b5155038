"""The loop of PGD, one state at a time, and its passes (paper, sec. 2.2). Imports torch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from core.pgd.objectives import Objective, norms, project
from core.pgd.search import SEARCHES, Descent
from core.pgd.settings import PGDConfig
from core.shared.network_copies import with_contiguous_attention

ImageClassifier = Callable[[Tensor], Tensor]


class Passes:
    """Logits (B, K), cross-entropy (B,) and its gradient (B, 3, S, S) at pictures, or None if `last`.

    Pictures of another side than the run's go through `classifier.at_size`. Processes all at once, or in halves after
    running out of memory.
    """

    def __init__(self, classifier: ImageClassifier, targets: Tensor, side: int) -> None:
        self._classifier, self._targets = classifier, targets
        self._networks, self._most = {side: classifier}, defaultdict[int, int](lambda: len(targets))  # by side

    def __call__(self, images: Tensor, last: bool = False) -> tuple[Tensor, Tensor, Tensor | None]:
        side = images.shape[-1]
        if side not in self._networks:
            self._networks[side] = self._classifier.at_size(side)  # type: ignore[attr-defined]
        while True:
            try:
                pairs = zip(images.split(self._most[side]), self._targets.split(self._most[side]), strict=True)
                parts = [self._part(self._networks[side], *pair, last) for pair in pairs]
                break
            except torch.OutOfMemoryError as error:
                if self._most[side] == 1:
                    raise RuntimeError(
                        f"one picture does not fit the memory of {images.device}; take a smaller network, or the CPU"
                    ) from error
            self._most[side] = -(-self._most[side] // 2)
            torch.cuda.empty_cache()
        if len(parts) == 1:
            return parts[0]
        logits, cross_entropy, gradients = zip(*parts, strict=True)
        return torch.cat(logits), torch.cat(cross_entropy), None if last else torch.cat(gradients)

    def gradient(self, images: Tensor) -> Tensor:
        """Return the gradient alone."""
        gradient = self(images)[2]
        assert gradient is not None
        return gradient

    @staticmethod
    def _part(
        network: ImageClassifier, images: Tensor, targets: Tensor, last: bool
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        variable = images.detach().requires_grad_(not last)  # without a gradient, no activations are kept
        logits = network(variable)
        cross_entropy = F.cross_entropy(logits, targets, reduction="none")
        if last:
            return logits.detach(), cross_entropy.detach(), None
        if not logits.requires_grad:
            raise ValueError("the classifier cannot be differentiated: its logits carry no gradient to the images")
        # contiguous: gradients of channels-last networks would round differently in the norm.
        gradient = torch.autograd.grad(cross_entropy.sum(), variable)[0].contiguous()
        return logits.detach(), cross_entropy.detach(), gradient


@dataclass(frozen=True, eq=False)
class PGDState:
    """State of a run after a step. Its tensors carry no gradient and are never modified; treat them as read-only.

    step: steps so far, 0 at the start. steps: total steps of the run.
    images: (B, 3, H, W) in [0, 1]. logits: (B, K). cross_entropy, penalty: (B,) the terms of the loss; penalty is None
    if the objective has none. By views all of these are of the picture itself too, not of a view: measured at every
    tenth step and at the last, and repeated in between.
    perturbation_norm: (B,) L2 distance to x0, over the whole image.
    """

    step: int
    steps: int
    images: Tensor
    logits: Tensor
    cross_entropy: Tensor
    penalty: Tensor | None
    perturbation_norm: Tensor

    @property
    def loss(self) -> Tensor:
        """(B,) sum of the terms."""
        return self.cross_entropy if self.penalty is None else self.cross_entropy + self.penalty

    @property
    def target_probability(self) -> Tensor:
        """(B,) in [0, 1]."""
        return (-self.cross_entropy).exp()


def pgd_steps(
    classifier: ImageClassifier,
    objective: Objective,
    images: Tensor,
    config: PGDConfig,
    after: PGDState | None = None,
    *,
    seed: int = 0,
) -> Generator[PGDState, None, None]:
    """Minimise `objective` around `images` by L2 PGD; checks arguments now, computes while iterating.

    Each step is x <- clip(project(x - step_size * g / ||g||_2), 0, 1): projection onto the ball of radius epsilon
    around x0 first, then the clip; an objective may step otherwise, as Eq. 3 does. A state's loss and the gradient of
    the next step come from one forward pass, so n steps cost n + 1 forward and n backward passes. Images of a batch
    never influence each other. The search says which gradient a step follows (`core.pgd.search`); ball, unit step and
    clip are the same for all.

    Args:
        classifier: (B, 3, H, W) images in [0, 1] -> (B, K) logits, in evaluation mode.
        objective: `Generation`, `Inpainting` or another `Objective`.
        images: (B, 3, H, W) float32 in [0, 1], the start x0, on the classifier's device. Never changed.
        config: lengths, number of steps, and the search.
        after: a state of the same run to resume from: bit for bit if passes are deterministic, as on a CPU.
        seed: of the search's random draws, 0 to 2**64 - 1.
    Returns:
        A generator of `config.steps + 1` states; state 0 comes before any step. With `after`, that state comes first
        again.
    Raises:
        ValueError: wrong shape or range of images, or a mask or targets that do not fit; while iterating, if the
            classifier cannot be differentiated.
        RuntimeError: while iterating, if the classifier's loss at the start is not finite, or one image does not fit
            the memory.
    Source: Madry et al. 2018. foolbox's L2PGD (random_start=False, targeted) to 1e-5 over 60 steps where the network
        is smooth along the path; at a kink a difference in the last bit may grow.
    """
    _check_images(images)
    objective.check(images)
    _check_targets(objective.targets, classifier)
    if SEARCHES[config.search].frozen and getattr(objective, "penalty", "frozen") != "frozen":
        raise ValueError(f"by {config.search} nothing outside the hole moves: give Inpainting(..., penalty='frozen')")
    return _steps(classifier, objective, images, config, after, seed)


def run_pgd(
    classifier: ImageClassifier, objective: Objective, images: Tensor, config: PGDConfig, *, seed: int = 0
) -> PGDState:
    """Return the last state of `pgd_steps`; same arguments and errors."""
    for state in pgd_steps(classifier, objective, images, config, seed=seed):
        last = state
    return last


def _steps(
    classifier: ImageClassifier,
    objective: Objective,
    images: Tensor,
    config: PGDConfig,
    after: PGDState | None,
    seed: int,
) -> Generator[PGDState, None, None]:
    """Run the loop of `pgd_steps`. No grad-mode block may be open at the yield: it would leak to the consumer."""
    search = SEARCHES[config.search]
    with torch.inference_mode(False):  # a run started in inference mode still needs gradients
        x0 = images.clone()
        objective = objective.to(x0.device)  # once, so that no step waits for the transfer
        targets = objective.targets.expand(len(x0))
        classifier = with_contiguous_attention(classifier)
        passes = Passes(classifier, targets, x0.shape[-1])
        run = Descent(
            x0=x0,
            hole=objective.hole,
            steps=config.steps,
            seed=seed,
            gradient=passes.gradient,
            any_size=getattr(classifier, "any_size", False),
        )
        search_gradient = search.gradients(config.search_settings, run)
    first, x = 0, x0
    if after is not None:
        first, x, logits, cross_entropy = after.step, after.images, after.logits, after.cross_entropy
    for step in range(first, config.steps + 1):
        last = step == config.steps
        with torch.inference_mode(False), torch.enable_grad():
            if step % search.look_interval == 0 or last:
                logits, cross_entropy, gradient = passes(x, last or search_gradient is not None)
            if search_gradient is not None:
                gradient = None if last else search_gradient(x, step)
            variable = x.detach().requires_grad_()
            penalty = objective.penalty_term(variable, x0)
            loss = cross_entropy if penalty is None else cross_entropy + penalty.detach()
            if step == 0 and not bool(loss.isfinite().all()):
                raise RuntimeError(
                    f"the classifier's loss at the start is not finite ({loss.tolist()}); check its weights"
                )
            if gradient is not None and penalty is not None and penalty.requires_grad:
                gradient = gradient + torch.autograd.grad(penalty.sum(), variable)[0]
        with torch.inference_mode(False), torch.no_grad():
            state = PGDState(
                step=step,
                steps=config.steps,
                images=x,
                logits=logits,
                cross_entropy=cross_entropy,
                penalty=None if penalty is None else penalty.detach(),
                perturbation_norm=norms(x - x0).flatten(),
            )
            if gradient is not None:
                x = project(objective.step(x, x0, gradient, config.step_length(step)), x0, config.epsilon)
        yield state


def _check_images(images: Tensor) -> None:
    if images.ndim != 4 or images.shape[1] != 3 or images.dtype != torch.float32 or images.numel() == 0:
        raise ValueError(
            f"images must be (B, 3, H, W) float32 with at least one image; got {tuple(images.shape)} {images.dtype}"
        )
    low, high = float(images.min()), float(images.max())
    if not (low >= 0.0 and high <= 1.0):
        raise ValueError(f"images must lie in [0, 1]; got values from {low:g} to {high:g}; divide bytes by 255")


def _check_targets(targets: Tensor, classifier: ImageClassifier) -> None:
    """Raise ValueError unless every target is a class of the classifier."""
    classes = getattr(classifier, "classes", None)
    limit = "" if classes is None else f" to {len(classes) - 1}, the classifier's {len(classes)} classes"
    for target in targets.tolist():
        if target < 0 or (classes is not None and target >= len(classes)):
            raise ValueError(f"target {target} is not a class; give an index from 0{limit}")
