"""Model cards: the templates in this folder filled in with measured results."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from precomputed.training.evaluation import Accuracy, Attack
from precomputed.training.recipes import ClipRecipe, Recipe, ResNetRecipe
from precomputed.training.session import Outcome, format_duration


def resnet_card(recipe: ResNetRecipe, outcome: Outcome) -> str:
    """Return the Markdown card of mini-resnet or its robust twin."""
    trained, start, attacked = "in the ordinary way", "random weights and a fixed whitening layer", ""
    limit = "It has no robustness to speak of; the figure above is given to be compared with its robust twin."
    if recipe.start_sha256:
        start = f"the weights of mini-resnet (sha256 {recipe.start_sha256[:12]}...)"
    if recipe.attack_steps:
        trained = f"on L2 attacks of size {recipe.epsilon}"
        attacked = (
            f"\nEvery batch is attacked first: random start in the ball of L2 radius {recipe.epsilon} (whole image, "
            f"pixel values in [0, 1]), {recipe.attack_steps} gradient steps of length {recipe.attack_step_size}, "
            "clipped to [0, 1]."
        )
        limit = "Robust here means L2 attacks of this size only; AutoAttack finds a little more than the attack above."
    return _fill(recipe, outcome, "mini-resnet", trained=trained, start=start, attacked=attacked, limit=limit)


def clip_card(recipe: ClipRecipe, outcome: Outcome, held_out: Accuracy, name: str, vision: dict[str, Any]) -> str:
    """Return the Markdown card of a small CLIP or its robust twin.

    name: of the ordinary twin. vision: `vision_cfg` of its configuration, in open_clip's terms.
    """
    attacked, teacher = "", "No teacher and no outside weights went into it."
    if recipe.attack_steps:
        attacked = (
            f"It starts from mini-clip (sha256 {recipe.start_sha256[:12]}...). The text tower stays as it was; the "
            f"image tower learns from\nimages perturbed inside an L2 ball of {recipe.epsilon} by {recipe.attack_steps} "
            f"gradient steps of {recipe.attack_step_size} against the plain prompts, as in TeCoA\n"
            "(Mao et al. 2023).\n\n"
        )
    if recipe.teacher_sha256:
        teacher = (
            f"Targets are {recipe.teacher_weight:.0%} the class probabilities of mini-resnet "
            f"(sha256 {recipe.teacher_sha256[:12]}...), also trained here; no outside weights went into it."
        )
    texts = {"attacked": attacked, "teacher": teacher, **_tower(vision)}
    return _fill(recipe, outcome, name, held_out=held_out.rate, **texts)


def _tower(vision: dict[str, Any]) -> dict[str, str]:
    """Return a card's texts on the image tower, on its input, and on how this project runs it."""
    if patch := vision.get("patch_size"):
        grid = vision["image_size"] // patch
        tower = (
            f"plain ViT: {grid} x {grid} patches of {patch} x {patch} pixels, no overlap, no convolutional stem; "
            f"{vision['layers']} layers of width {vision['width']}"
        )
        inside = (
            "Made to test whether a network that cuts patches is spared by waves that repeat in each of them:\n"
            "docs/patch_grid.md has the result."
        )
        return {"tower": tower, "enlarged": "", "inside": inside}
    size = vision["image_size"]
    return {
        "tower": "timm `mobilevit_xxs` (convolutional stem, then convolutions and self-attention)",
        "enlarged": f"enlarged to {size} x {size} and ",
        "inside": "Inside this project the image tower runs in torch alone, with the same predictions\n"
        "(`core/classifiers/networks.py`), and `prompt_embeddings.npz` holds what the text tower says "
        'about\n"a photo of a {class}": open_clip is imported only for prompts of your own.',
    }


def _fill(recipe: Recipe, outcome: Outcome, name: str, **texts: Any) -> str:
    kind = "mini-clip" if name.startswith("mini-clip") else "mini-resnet"
    options = " --robust" if recipe.attack_steps else ""
    if name != kind:
        options += f" --architecture precomputed/training/{name.replace('-', '_')}.json"
    if recipe.start_sha256:
        weights = "open_clip_model.safetensors" if kind == "mini-clip" else "model.safetensors"
        options += f" --start precomputed/models/{name}/{weights}"
    if getattr(recipe, "teacher_sha256", ""):
        options += " --teacher precomputed/models/mini-resnet"
    template = Path(__file__).with_name(f"{kind}.md").read_text(encoding="utf-8")
    return template.format(
        name=f"{name}-robust" if recipe.attack_steps else name,
        time=format_duration(outcome.seconds),
        attack=Attack(),
        options=options,
        **asdict(recipe),
        **vars(outcome),
        **texts,
    )
