"""The model card of mini-clip, filled in from what was measured."""

from __future__ import annotations

from core.training.clip_model import ClipRecipe
from core.training.evaluation import Accuracy, Attack
from core.training.progress import format_duration

TEACHER = "precomputed/models/mini-resnet"
START = "precomputed/models/mini-clip/open_clip_model.safetensors"


def clip_card(
    recipe: ClipRecipe,
    *,
    plain: Accuracy,
    held_out: Accuracy,
    robust: Accuracy,
    attack: Attack,
    seconds: float,
    parameters: int,
    machine: str,
) -> str:
    """Markdown: what the model is, how it was made, how good it is and what it must not be taken for."""
    teacher = (
        f"Targets are {recipe.teacher_weight:.0%} the class probabilities of mini-resnet (sha256 "
        f"{recipe.teacher_sha256[:12]}...), also trained here; no outside weights went into it."
        if recipe.teacher_weight
        else "No teacher and no outside weights went into it."
    )
    name = "mini-clip-robust" if recipe.attack_steps else "mini-clip"
    robustly = (
        f"""It starts from mini-clip (sha256 {recipe.start_sha256[:12]}...). The text tower stays as it was; the image
tower learns from images moved inside an L2 ball of {recipe.epsilon} by {recipe.attack_steps} gradient steps of
{recipe.attack_step_size} to where the plain prompts mislead it, as in TeCoA (Mao et al. 2023).

"""
        if recipe.attack_steps
        else ""
    )
    again = f" --robust --start {START}" if recipe.attack_steps else ""
    again += f" --teacher {TEACHER}" if recipe.teacher_weight else ""
    return f"""# {name}

A small CLIP: an image tower and a text tower that put matching images and sentences close together. Made for this
project by `core/training/mini_clip.py`; it stands beside the real CLIP, never in its place. It has seen 50,000 pictures
of ten things, the real one hundreds of millions of everything.

| | |
|---|---|
| Image tower | timm `{recipe.image_tower}` (convolutional stem, then convolutions and self-attention) |
| Text tower | transformer, {recipe.text_layers} layers of width {recipe.text_width}, context of \
{recipe.context_length} tokens, reduced BPE vocabulary |
| Parameters | {parameters:,} |
| Input | 32 x 32 RGB in [0, 1], enlarged to {recipe.image_size} x {recipe.image_size} and normalised inside |
| Data | the 50,000 CIFAR-10 training images (Krizhevsky 2009) with captions written for this project |
| Zero-shot top-1, CIFAR-10 test set, "a photo of a {{class}}" | {plain} |
| With sentence patterns and names never seen in training | {held_out.rate:.2%}, mean over 30 sets of prompts |
| Top-1 under attack | {robust} |
| Attack | foolbox L2 PGD, epsilon {attack.epsilon}, {attack.steps} steps of {attack.step_size}, \
{attack.restarts} random restarts |
| Training time | {format_duration(seconds)} on {machine} |
| Seed | {recipe.seed} |
| Licence | MIT; the vocabulary is a subset of CLIP's (MIT, (c) 2021 OpenAI) |

## Recipe

{robustly}{recipe.epochs} epochs of {recipe.batch_size} images against {recipe.captions_per_class} captions for each \
class, drawn
from `core/training/captions.py`; half of them claim something measured on the picture (dark, bluish, ...) and count as
true only where it holds. Symmetric cross-entropy with a learned scale; a caption may be true of many images. Muon
(peak rate {recipe.muon_rate}) on matrices, Adam ({recipe.adam_rate}) on the rest, rising over 5 % of the steps, then
falling linearly to zero. Alternating mirror images, random moves by up to {recipe.shift} pixels. {teacher}

The names held out are compounds around a word that training uses ("cargo ship"): a text tower that starts from nothing
cannot know a word it never met. No test image was used to choose anything. The 95 % intervals are Wilson's; they
describe the sampling of test images, not the spread between seeds.

## In open_clip, without this project

    import open_clip
    folder = "precomputed/models/{name}"
    model, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{{folder}}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{{folder}}", bpe_path=f"{{folder}}/bpe_vocabulary.txt.gz")

Inside this project the image tower runs in torch alone, with the same predictions
(`core/classifiers/networks/mobilevit_xxs.py`), and `prompt_embeddings.npz` holds what the text tower says about
"a photo of a {{class}}": open_clip is imported only for prompts of your own.

## Limits

- "Zero-shot" here means that classes are named in words. All ten were in the training data.
- It knows no words but those in its captions; any other prompt gets some answer, without meaning.
- Brightness and tint come from thresholds on the mean colour, not from people.
- No claim about CLIP should rest on it. Use it to see an effect in miniature and to try the tools.

## Again

    python -m core.training.mini_clip --data DATA_DIR --output DIR --seed {recipe.seed}{again}
"""
