"""What to look at first: each story chooses maps, a way to show them, and a wave. The numbers are the maps' own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ui.maps.catalogue import Entry

CLIP = "CLIP ViT-B/32 · CIFAR-10 · published"
RESNET56 = "ResNet-56 · CIFAR-10 · published"
RESNET50 = "ResNet-50 · ImageNet100 · published"
MINI_CLIP = "Mini CLIP · CIFAR-10 · computed"
MINI_RESNET = "Mini ResNet · CIFAR-10 · computed"
MINI_RESNET_ROBUST = "Mini ResNet, robust · CIFAR-10 · computed"
EFFICIENTNET = "EfficientNet-Lite0 · ImageNet, one image per class · computed"


@dataclass(frozen=True)
class Story:
    """A preset. show: "Error", "Minus clean" or "Difference". frequency: (i, j)."""

    title: str
    body: str
    maps: tuple[str, ...]
    frequency: tuple[int, int]
    show: str = "Error"
    pictures: str = "CIFAR-10"


STORIES = (
    Story(
        "Figure 1: CLIP against a ResNet",
        "The paper's runs on CIFAR-10. The ResNet hardly minds the slowest waves, in the middle of its map; CLIP does: "
        "one cycle per image costs it about 15 points more.",
        (CLIP, RESNET56),
        (0, 1),
    ),
    Story(
        "The corners: CLIP holds out",
        "The fastest waves a 32-pixel image can carry, a fine checkerboard: half of CLIP's predictions stay right, "
        "three quarters of the ResNet's are wrong.",
        (CLIP, RESNET56),
        (-14, -14),
    ),
    Story(
        "A surprise: they cross twice",
        "CLIP has more errors below radius 2.5 and fewer in the corners, as the paper says. In between it has fewer "
        "from radius 3 to 10, and more again from 11 to 14, where the ResNet recovers.",
        (CLIP, RESNET56),
        (8, 8),
        show="Difference",
    ),
    Story(
        "Figure 2: ImageNet at 224 pixels",
        "The paper's ResNet-50 on 100 ImageNet classes beside a small CNN computed here on all 1,000. Both are calm in "
        "the middle and have most errors around radius 10.",
        (RESNET50, EFFICIENTNET),
        (0, 9),
        pictures="Photographs",
    ),
    Story(
        "In miniature: networks trained here",
        "The small CLIP has the real one's shape: worst at radius 11, and half of its predictions right again in the "
        "corners, where the small ResNet is wrong nine times in ten. Trained against attacks, that ResNet misclassifies"
        " 44 to 54 %, whatever the wave, from radius 3 on. One small network each: a hint, no proof.",
        (CLIP, MINI_CLIP, MINI_RESNET, MINI_RESNET_ROBUST),
        (-14, -14),
    ),
)


def story_text(story: Story, entries_by_label: Mapping[str, Entry]) -> str:
    """What the story says about the maps that it shows."""
    return story.body
