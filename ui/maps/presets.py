"""Preset states of *Frequencies*, opened by the URLs `story=1` to `story=5`, and their maps."""

from __future__ import annotations

from dataclasses import dataclass

CLIP = "CLIP ViT-B/32 · CIFAR-10 · published"
RESNET56 = "ResNet-56 · CIFAR-10 · published"
RESNET50 = "ResNet-50 · ImageNet100 · published"
MINI_CLIP = "Mini CLIP · CIFAR-10 · computed"
MINI_RESNET = "Mini ResNet · CIFAR-10 · computed"
MINI_RESNET_ROBUST = "Mini ResNet (robust) · CIFAR-10 · computed"
EFFICIENTNET = "EfficientNet-Lite0 · ImageNet, one image per class · computed"


@dataclass(frozen=True)
class MapPreset:
    """Initial state of the page. frequency: (i, j). show: one of `views.SHOWS`. pictures: one of `picture_kinds`."""

    title: str
    maps: tuple[str, ...]
    frequency: tuple[int, int]
    show: str = "Error"
    pictures: str = "CIFAR-10"

    @property
    def state(self) -> tuple[list[str], str, str]:
        """Return the page's state: maps, displayed quantity and pictures."""
        return list(self.maps), self.show, self.pictures


PRESETS = (
    MapPreset("Figure 1: the slowest waves", (CLIP, RESNET56), (0, 1)),
    MapPreset("Figure 1: the corners", (CLIP, RESNET56), (-14, -14)),
    MapPreset("Figure 1: where the two cross", (CLIP, RESNET56), (8, 8), show="Difference"),
    MapPreset("Figure 2: ImageNet at 224 pixels", (RESNET50, EFFICIENTNET), (0, 9), pictures="Photographs"),
    MapPreset("In miniature: networks trained here", (CLIP, MINI_CLIP, MINI_RESNET, MINI_RESNET_ROBUST), (-14, -14)),
)

# The paper's two heat map figures, by name, with pictures of their data sets.
FIGURES = {"Figure 1": PRESETS[0], "Figure 2": PRESETS[3]}
