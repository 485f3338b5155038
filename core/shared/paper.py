"""The paper's settings (Galindo & Faria, Understanding CLIP Robustness, sec. 2), and what it leaves open.

PGD's lengths and the hole are for 224 pixels and scale with the image's size.
"""

from typing import Any

IMAGE_SIZE = 224
TEMPLATE = "a photo of a {class}"

# Sec. 2.1, by image size in pixels: L2 norm v of the wave per channel, and size of the heat map.
EPSILON = {32: 4.0, 224: 15.7}
MAP_SIZE = {32: 31, 224: 63}

# Sec. 2.2, Eq. 3: size of the square hole, and lambda, the text's constant, which the printed equation lacks.
HOLE_SIZE = 60
PENALTY_WEIGHT = 10.0

# PGD by task: epsilon of sec. 2.2; the paper states neither the steps nor their length, which are those of the
# notebooks of Santurkar et al. 2019, the code it names. Epsilon and the step size are L2 lengths, pixels in [0, 1].
PGD_SETTINGS: dict[str, dict[str, Any]] = {
    "inpainting": {"epsilon": 21.6, "step_size": 0.1, "steps": 720},
    "generation": {"epsilon": 40, "step_size": 1, "steps": 60},
}

# The networks of its heat maps, by registry name.
CLIP_NAME, RESNET_NAMES = "clip-vit-b-32", ("resnet-50", "resnet-56")
WEIGHTS_OF = {
    CLIP_NAME: "open_clip ViT-B-32-quickgelu/openai",
    "resnet-50": "torchvision resnet50 IMAGENET1K_V1",
    "resnet-56": "pytorch_resnet_cifar10 resnet56-4bfd9763",
}
