"""Classifiers with a fixed vocabulary. Imports torch: import it lazily."""

from __future__ import annotations

import torch
from torch import nn

from core.classifiers.kinds.base import Classifier
from core.classifiers.kinds.identity import Identity
from core.classifiers.kinds.preprocessing import Preprocess
from core.data.classes import ClassSet


class ClosedSetClassifier(Classifier):
    """A network with a fixed vocabulary, its logits restricted to some classes.

    Args:
        identity: name and weights of the classifier.
        network: normalised images -> logits over the vocabulary.
        preprocess: the network's preprocessing.
        vocabulary: the classes of the network's outputs, in order.
        classes: the K classes of the logits; None for the whole vocabulary.
    Raises:
        ValueError: a class is not in the vocabulary.
    """

    kind = "closed-set"
    columns: torch.Tensor | None

    def __init__(
        self,
        identity: Identity,
        network: nn.Module,
        preprocess: Preprocess,
        vocabulary: ClassSet,
        classes: ClassSet | None = None,
    ) -> None:
        super().__init__(identity, network, preprocess, classes or vocabulary)
        self.vocabulary = vocabulary
        chosen = vocabulary_columns(vocabulary, self.classes, identity.name)
        everything = chosen == list(range(len(vocabulary)))
        columns = None if everything else torch.tensor(chosen, device=self.device)
        self.register_buffer("columns", columns, persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (B, 3, H, W) in [0, 1] -> logits (B, K)."""
        logits = self.network(self.preprocess(images))
        return logits if self.columns is None else logits[:, self.columns]

    def for_classes(self, class_set: ClassSet, template: str | None = None) -> ClosedSetClassifier:
        if template is not None:
            raise ValueError(
                f"classifier {self.name!r} has a fixed vocabulary and reads no prompts, but got the template "
                f"{template!r}; leave the template out or take a zero-shot classifier"
            )
        return ClosedSetClassifier(self.identity, self.network, self.preprocess, self.vocabulary, class_set)


def vocabulary_columns(vocabulary: ClassSet, class_set: ClassSet, name: str) -> list[int]:
    """Return the output column of each class of `class_set`.

    ImageNet classes are matched by index or WordNet id if both sides have them, others by name.

    Args:
        vocabulary: the classifier's classes.
        class_set: the classes to find.
        name: the classifier's name, for messages.
    Raises:
        ValueError: the vocabulary lacks a class, or several of its classes share the name.
    """
    known: tuple[object, ...] = vocabulary.names
    keys: tuple[object, ...] = class_set.names
    if vocabulary.imagenet_indices and class_set.imagenet_indices:
        known, keys = vocabulary.imagenet_indices, class_set.imagenet_indices
    elif vocabulary.wnids and class_set.wnids:
        known, keys = vocabulary.wnids, class_set.wnids
    columns = {key: column for column, key in enumerate(known)}
    missing = [repr(class_set.names[k]) for k, key in enumerate(keys) if key not in columns]
    if missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        raise ValueError(
            f"classifier {name!r} knows only the {len(vocabulary)} {vocabulary.name} classes, which do not "
            f"include {', '.join(missing[:3])}{more}; use a data set of its classes, or a zero-shot classifier"
        )
    shared = [key for key in keys if known.count(key) > 1]
    if shared:
        raise ValueError(
            f"{shared[0]!r} names several classes of classifier {name!r}; "
            "give the class set's imagenet_indices or wnids"
        )
    return [columns[key] for key in keys]
