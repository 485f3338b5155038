"""Caption targets and the contrastive loss on them. Imports torch at the top: import it lazily."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F


def caption_targets(
    class_probabilities: Tensor, attributes: Tensor, caption_labels: Tensor, caption_attributes: Tensor
) -> Tensor:
    """Return the probability that each caption is true of each image.

    Args:
        class_probabilities: (B, K), rows sum to one; one-hot without a teacher.
        attributes: (B, A) bool, which attributes hold of each image.
        caption_labels: (T,) int64, the class each caption names.
        caption_attributes: (T,) int64, the attribute it claims; -1 for none.
    Returns:
        (B, T) in [0, 1]: the probability of the caption's class, zero where the claimed attribute does not hold.
    """
    always = attributes.new_ones((len(attributes), 1))
    holds = torch.cat([attributes, always], dim=1)[:, caption_attributes]  # index -1 is the column of ones
    return class_probabilities[:, caption_labels] * holds


def contrastive_loss(image_features: Tensor, text_features: Tensor, scale: Tensor, truth: Tensor) -> Tensor:
    """Return the symmetric cross-entropy where an image may have several true captions, and a caption several images.

    Args:
        image_features: (B, D), unit rows.
        text_features: (T, D), unit rows.
        scale: factor of the cosines (inverse temperature).
        truth: (B, T) non-negative, from `caption_targets`. Captions true of no image count as negatives only.
    Source: CLIP (Radford et al. 2021) with the targets of UniCL (Yang et al. 2022): with ten classes, most
    captions of a batch are true of many of its images, which CLIP's own loss would count as errors.
    """
    logits = scale * image_features @ text_features.T
    by_image = truth / truth.sum(dim=1, keepdim=True).clamp_min(1e-6)
    loss_images = -(by_image * F.log_softmax(logits, dim=1)).sum(dim=1).mean()
    mass = truth.sum(dim=0)
    described = mass > 1e-3
    by_caption = truth[:, described] / mass[described]
    loss_captions = -(by_caption * F.log_softmax(logits[:, described], dim=0)).sum(dim=0).mean()
    return (loss_images + loss_captions) / 2
