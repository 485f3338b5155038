"""Zero-shot classifiers: CLIPs, and their embeddings of prompts, bundled, cached or computed. Imports torch."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from core.classifiers.classifier import Classifier, Preprocess
from core.classifiers.weights import Identity
from core.data.sample_sets import ClassSet
from core.shared import paper
from core.shared.files import DAMAGE, cache_folder, make_folder, npz_bytes, write_atomically

_EMBEDDING_BATCH = 64  # prompts per pass through the text tower
PROMPT_FILE = "prompt_embeddings.npz"
_CACHE_VERSION = 1  # of the cache file's content
_TOLERANCE = 1e-5


def save_prompt_embeddings(folder: Path, prompts: Sequence[str], embeddings: np.ndarray, weights_sha256: str) -> None:
    """Write embeddings to `PROMPT_FILE`: these prompts then need no text tower.

    Args:
        folder: the model's.
        prompts: K sentences.
        embeddings: (K, D) float32, unit rows.
        weights_sha256: digest of the weights that produced them.
    """
    arrays = {"prompts": np.array(prompts), "embeddings": embeddings, "weights_sha256": np.array(weights_sha256)}
    write_atomically(folder / PROMPT_FILE, npz_bytes(**arrays))


def load_prompt_embeddings(folder: Path, weights_sha256: str | None) -> dict[str, np.ndarray]:
    """Load (D,) float32 embeddings by prompt; empty if the folder holds none for these weights."""
    path = folder / PROMPT_FILE
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as file:
        if str(file["weights_sha256"]) != weights_sha256:
            return {}
        return dict(zip(file["prompts"].tolist(), file["embeddings"], strict=True))


def cached_embeddings(identity: Identity, prompts: list[str], embed: Callable[[list[str]], np.ndarray]) -> np.ndarray:
    """Return (K, D) unit rows of K prompts, read from the cache, or embedded and cached if possible.

    A cache file counts if the text tower still gives the same embedding of its first prompt, up to
    rounding: architecture or tokenizer may have changed.

    Args:
        identity: identifies the weights; without a digest nothing is cached.
        embed: K sentences -> (K, D) float32 unit rows.
    """
    if identity.sha256 is None:
        return embed(prompts)
    facts = json.dumps([_CACHE_VERSION, identity.name, identity.sha256, prompts]).encode()
    path = cache_folder() / "embeddings" / f"{hashlib.sha256(facts).hexdigest()}.npz"
    with suppress(*DAMAGE), np.load(path, allow_pickle=False) as file:
        rows, first = file["embeddings"], embed(prompts[:1])
        if np.abs(rows[:1] - first).max() < _TOLERANCE:
            return rows
    rows = embed(prompts)
    with suppress(OSError):  # full disk or read-only folder: compute them again next time
        make_folder(path.parent)
        write_atomically(path, npz_bytes(embeddings=rows))
    return rows


class ClipModel(nn.Module):
    """An open_clip model without classes.

    Args:
        identity: identifies the classifier.
        network: an open_clip model.
        tokenizer: list of prompts -> int64 tokens (K, L).
        preprocess: the image tower's preprocessing.
        embedded: (D,) unit rows by prompt, for prompts that need no text tower.
    """

    def __init__(
        self,
        identity: Identity,
        network: Any,
        tokenizer: Callable[[list[str]], torch.Tensor],
        preprocess: Preprocess,
        embedded: Mapping[str, np.ndarray] | None = None,
    ) -> None:
        super().__init__()
        self.identity = identity
        self.network = network
        self.tokenizer = tokenizer
        self.preprocess = preprocess
        self.embedded = embedded or {}
        self.requires_grad_(False)
        self.eval()

    def for_classes(self, class_set: ClassSet, template: str | None = None) -> ZeroShotClassifier:
        """Return a classifier for these classes that shares the towers.

        Args:
            class_set: the K classes.
            template: prompt pattern with one `{class}`; None for the paper's.
        Raises:
            ValueError: a bad template.
        """
        return ZeroShotClassifier(self, class_set, paper.TEMPLATE if template is None else template)

    def embed_prompts(self, prompts: list[str], *, keep: bool = False) -> torch.Tensor:
        """Embed K sentences as (K, D) unit rows.

        keep: True to read and write the cache file.
        """
        known = self.embedded
        new = [prompt for prompt in dict.fromkeys(prompts) if prompt not in known]
        if new:
            rows = cached_embeddings(self.identity, new, self._embed) if keep else self._embed(new)
            known = {**known, **dict(zip(new, rows, strict=True))}
        return torch.from_numpy(np.stack([known[prompt] for prompt in prompts])).to(self.preprocess.mean.device)

    @torch.no_grad()
    def _embed(self, prompts: list[str]) -> np.ndarray:
        """Embed K sentences as (K, D) float32 unit rows with the text tower."""
        tokens = self.tokenizer(prompts)
        lengths = tokens.argmax(dim=1) + 1  # the end token has the highest number; padding is 0
        order = lengths.argsort()  # a batch is as long as its longest prompt
        rows = []
        for some in order.split(_EMBEDDING_BATCH):
            network, read = with_context(self.network, int(lengths[some].max()))
            text = tokens[some, :read].to(self.preprocess.mean.device)
            rows.append(network.encode_text(text, normalize=True).float().cpu())
        return torch.cat(rows)[order.argsort()].numpy()


def with_context(network: Any, length: int) -> tuple[Any, int | None]:
    """Return the model with a text tower that reads `length` tokens, and that length; None for full length.

    In a causal tower a token does not depend on later ones, so short prompts get the same embedding in a tenth of the
    time. Other towers are returned unchanged.
    """
    mask = getattr(network, "attn_mask", None)
    if mask is None or getattr(network, "text_pool_type", None) != "argmax":
        return network, None
    short = copy.copy(network)  # shares all weights; the original is not changed, as other threads may use it
    position = nn.Parameter(network.positional_embedding[:length], requires_grad=False)
    short._parameters = {**network._parameters, "positional_embedding": position}
    short._buffers = {**network._buffers, "attn_mask": mask[:length, :length]}
    return short, length


class ZeroShotClassifier(Classifier):
    """Logits: the logit scale times the cosine between the image and each class's prompt.

    The prompts are embedded once, on construction.

    Args:
        clip: the towers.
        class_set: the K classes.
        template: prompt pattern with one `{class}`.
    Raises:
        ValueError: a bad template.
    """

    kind = "zero-shot"
    class_embeddings: torch.Tensor

    def __init__(self, clip: ClipModel, class_set: ClassSet, template: str = paper.TEMPLATE) -> None:
        prompts = fill_template(template, class_set)
        super().__init__(clip.identity, clip.network, clip.preprocess, class_set)
        self.template = template
        rows = clip.embed_prompts(prompts, keep=class_set.name != "custom")  # never cache visitors' words in a file
        self.register_buffer("class_embeddings", rows, persistent=False)  # (K, D)
        self.tokenizer = clip.tokenizer
        self.embedded = {**clip.embedded, **dict(zip(prompts, rows.cpu().numpy(), strict=True))}

    def class_logits(self, images: torch.Tensor) -> torch.Tensor:
        network: Any = self.network
        features = F.normalize(network.encode_image(self.preprocess(images)), dim=-1)  # (B, D)
        logits = network.logit_scale.exp() * features @ self.class_embeddings.T
        bias = getattr(network, "logit_bias", None)  # only SigLIP has one
        return logits if bias is None else logits + bias

    def for_classes(self, class_set: ClassSet, template: str | None = None) -> ZeroShotClassifier:
        clip = ClipModel(self.identity, self.network, self.tokenizer, self.preprocess, self.embedded)
        return clip.for_classes(class_set, self.template if template is None else template)


def fill_template(template: str, class_set: ClassSet) -> list[str]:
    """Return one prompt per class.

    Args:
        template: text with exactly one `{class}`; other braces are left alone.
        class_set: the classes to fill in.
    Raises:
        ValueError: no slot, or more than one.
    """
    if template.count("{class}") != 1:
        raise ValueError(
            f"a prompt template holds {{class}} exactly once, got {template!r}; the paper's is {paper.TEMPLATE!r}"
        )
    return [template.replace("{class}", name) for name in class_set.names]
