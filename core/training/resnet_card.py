"""The model card of mini-resnet and mini-resnet-robust, filled in from what was measured."""

from __future__ import annotations

from core.training.evaluation import Accuracy, Attack
from core.training.progress import format_duration
from core.training.resnet_loop import ResNetRecipe


def resnet_card(
    name: str,
    recipe: ResNetRecipe,
    *,
    clean: Accuracy,
    robust: Accuracy,
    attack: Attack,
    seconds: float,
    parameters: int,
    machine: str,
) -> str:
    """Markdown: what the model is, how it was made, how good it is and what it must not be taken for."""
    return f"""# {name}

{_summary(recipe)} Made for this project by `core/training/mini_resnet.py`; it stands beside the real
networks of the paper, never in their place.

| | |
|---|---|
| Architecture | `MiniResNet`, widths {list(recipe.widths)}, {parameters:,} parameters |
| Input | 32 x 32 RGB in [0, 1], then normalised with the mean and standard deviation in `config.json` |
| Data | the 50,000 CIFAR-10 training images (Krizhevsky 2009) and nothing else |
| Top-1, CIFAR-10 test set | {clean} |
| Top-1 under attack | {robust} |
| Attack | foolbox L2 PGD, epsilon {attack.epsilon}, {attack.steps} steps of {attack.step_size}, \
{attack.restarts} random restarts |
| Training time | {format_duration(seconds)} on {machine} |
| Seed | {recipe.seed} |
| Licence | MIT |

## Recipe

{_recipe_text(recipe)}

No test image was used to choose anything. The 95 % intervals are Wilson's; they describe the sampling of test images,
not the spread between seeds.

## Limits

- It knows ten classes and 32-pixel pictures. Anything else it is shown still becomes one of the ten.
- {_limit(recipe)}
- It is a tenth to a hundredth of the size of the networks in the paper: use it to see an effect in miniature and
  to try the tools, and the real classifiers to make a claim.

## Again

    {_command(recipe)}
"""


def _summary(recipe: ResNetRecipe) -> str:
    if recipe.attack_steps:
        return f"A small residual network for CIFAR-10, trained on L2 attacks of size {recipe.epsilon}."
    return "A small residual network for CIFAR-10, trained in the ordinary way."


def _recipe_text(recipe: ResNetRecipe) -> str:
    start = "random weights and a fixed whitening layer"
    if recipe.start_sha256:
        start = f"the weights of mini-resnet (sha256 {recipe.start_sha256[:12]}...)"
    text = f"""{recipe.epochs} epochs of {recipe.batch_size}-image batches from {start}. Muon on the convolutions
(peak rate {recipe.muon_rate}), Adam on the rest (peak rate {recipe.adam_rate}); rates rise over the first 5 % of the
steps and fall linearly to zero. Label smoothing {recipe.label_smoothing}. Alternating mirror images, random moves by up
to {recipe.shift} pixels."""
    if recipe.attack_steps:
        text += f""" Every batch is attacked first: random start in the ball of L2 radius {recipe.epsilon} (whole
image, pixel values in [0, 1]), {recipe.attack_steps} gradient step(s) of length {recipe.attack_step_size}, clipped to
[0, 1]."""
    return text


def _limit(recipe: ResNetRecipe) -> str:
    if recipe.attack_steps:
        return "Robust here means L2 attacks of this size only, and measured by one attack: stronger ones find more."
    return "It has no robustness to speak of; the figure above is given to be compared with its robust twin."


def _command(recipe: ResNetRecipe) -> str:
    command = "python -m core.training.mini_resnet --data DATA_DIR --output DIR"
    if recipe.attack_steps:
        command += " --robust"
    if recipe.start_sha256:
        command += " --start precomputed/models/mini-resnet/model.safetensors"
    return f"{command} --seed {recipe.seed}"
