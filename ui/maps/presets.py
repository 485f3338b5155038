"""The paper's figures as states of *Frequencies*, and labels of shipped maps."""

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
    """Maps, wave and pictures of a figure. frequency: (i, j). pictures: one of `picture_kinds`."""

    maps: tuple[str, ...]
    frequency: tuple[int, int]
    pictures: str = "CIFAR-10"

    @property
    def state(self) -> tuple[list[str], str, str]:
        """Return the page's state: maps, displayed quantity and pictures."""
        return list(self.maps), "Error", self.pictures


# The paper's two heat map figures, by name, with pictures of their data sets; the page opens with the first.
FIGURES = {
    "Figure 1": MapPreset((CLIP, RESNET56), (0, 1)),
    "Figure 2": MapPreset((RESNET50, EFFICIENTNET), (0, 9), pictures="Photographs"),
}
FIRST_FIGURE = FIGURES["Figure 1"]
