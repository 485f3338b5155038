"""The texts of *Add your own*: what to do to bring a classifier or a data set of one's own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class HowTo:
    """One thing to do: `body` before its shell commands, `end` after them; both Markdown."""

    title: str
    body: str
    commands: tuple[str, ...]
    end: str


HOW_TO = (
    HowTo(
        "A classifier",
        "Any image classifier of open_clip, timm or torchvision is known by its maker's name. The batch script "
        "computes its heat map, on one processor or on many GPUs; run the same command again to resume a stopped one.",
        (
            "python -m core.sweep --classifier timm:convnext_tiny.fb_in1k --download \\\n"
            "    --dataset imagenet100 --data-dir data/imagenet100 --output convnext.npz",
            "python -m core.sweep --classifier open_clip:local-dir:my_clip \\\n"
            "    --dataset cifar10 --data-dir data --output my_clip.npz",
            "torchrun --nproc-per-node 8 -m core.sweep --classifier open_clip:ViT-B-32/laion2b_s34b_b79k \\\n"
            "    --download --dataset cifar10 --data-dir data --output laion.npz",
        ),
        "Show the file with *Add a map* on the page *Frequency sensitivity*, or put it into `precomputed/heatmaps/` "
        'and start the app again. An app that is started with `CLIP_LAB_CLASSIFIERS="timm:resnet18, '
        'open_clip:local-dir:my_clip"` has such classifiers on this page and offers them in the live views.',
    ),
    HowTo(
        "A data set",
        "A folder with one folder of pictures per class, or an `.npz` with `images` (N, H, W, 3) uint8, `labels` (N,) "
        "and `classes` (K,). A zero-shot classifier takes any class names; a closed-set one must know them.",
        (
            "python -m core.sweep --classifier clip-vit-b-32 --download \\\n"
            "    --dataset my_photographs --limit 1000 --output clip_photographs.npz",
            "python -m core.sweep --classifier clip-vit-b-32 --download \\\n"
            "    --dataset my_images.npz --image-size 64 --epsilon 6 --output clip_images.npz",
        ),
        "`cifar10` and `imagenet100` are known by name. The size `v` of the wave is the paper's for 32 and 224 pixels, "
        "and yours to choose with `--epsilon` for any other.",
    ),
)
