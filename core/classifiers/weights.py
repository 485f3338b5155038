"""Where a classifier's weights lie, whether they are here, and how to get them. Imports no torch.

A source answers two questions. `locate` finds what is already on this machine, without any network. `fetch` may
download, after a probe that gives up within seconds on a dead network.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from core.classifiers.download import Progress, download, probe


class WeightSource(Protocol):
    """What every kind of source offers."""

    @property
    def download_bytes(self) -> int | None:
        """Size of a download: None if unknown, 0 if this source never downloads."""

    @property
    def origin(self) -> str:
        """Where a download comes from, for people; empty if this source never downloads."""

    def locate(self) -> Path | None:
        """The weight file on this machine, or None. No network."""

    def missing(self) -> str:
        """A sentence on what `locate` did not find and what to do about it."""

    def remote_bytes(self) -> int | None:
        """Ask the network how large the download is.

        Raises:
            FileNotFoundError: the network or the file cannot be reached; one sentence, within five seconds.
        """

    def fetch(self, progress: Progress | None = None) -> Path:
        """Download the weights and return the weight file.

        Args:
            progress: called now and then with bytes so far and bytes in all (None if unknown), in some thread.
        Raises:
            FileNotFoundError: as `remote_bytes`, or the download broke off.
            RuntimeError: what arrived is not what was published.
        """


class _Local:
    """A source that never downloads."""

    download_bytes = 0
    origin = ""

    def missing(self) -> str:
        raise NotImplementedError

    def remote_bytes(self) -> int | None:
        raise FileNotFoundError(self.missing())

    def fetch(self, progress: Progress | None = None) -> Path:
        raise FileNotFoundError(self.missing())


@dataclass(frozen=True)
class PackageFile(_Local):
    """A file inside an installed Python package, found without importing the package."""

    package: str
    path: str
    distribution: str

    def locate(self) -> Path | None:
        folder = package_folder(self.package)
        path = folder / self.path if folder else None
        return path if path and path.is_file() else None

    def missing(self) -> str:
        return f"the package {self.distribution} is not installed; run 'pip install {self.distribution}'"


@dataclass(frozen=True)
class FolderFile(_Local):
    """The first of some files in a folder, together with other files that must lie beside it."""

    folder: Path
    weights: tuple[str, ...]
    beside: tuple[str, ...] = ()

    def locate(self) -> Path | None:
        if not all((self.folder / name).is_file() for name in self.beside):
            return None
        return next((self.folder / name for name in self.weights if (self.folder / name).is_file()), None)

    def missing(self) -> str:
        if not self.folder.is_dir():
            return f"the folder {self.folder} does not exist; check the path"
        wanted = [name for name in self.beside if not (self.folder / name).is_file()] or [" or ".join(self.weights)]
        return f"the folder {self.folder} lacks {', '.join(wanted)}; add the file or check the path"


@dataclass(frozen=True)
class UrlFile:
    """One file behind a URL, kept where torch.hub keeps its own, so that either finds the other's."""

    url: str
    sha256: str | None = None
    download_bytes: int | None = None

    @property
    def origin(self) -> str:
        return urlsplit(self.url).hostname or self.url

    @property
    def path(self) -> Path:
        return torch_hub_folder() / self.url.rsplit("/", 1)[-1]

    def locate(self) -> Path | None:
        return self.path if self.path.is_file() else None

    def missing(self) -> str:
        return f"its weight file {self.path.name} is not on this machine"

    def remote_bytes(self) -> int | None:
        return probe(self.url)

    def fetch(self, progress: Progress | None = None) -> Path:
        download(self.url, self.path, sha256=self.sha256, progress=progress)
        return self.path


def package_folder(package: str) -> Path | None:
    """The folder of an installed package, or None. Does not import it."""
    spec = importlib.util.find_spec(package)
    folders = list(spec.submodule_search_locations or ()) if spec else []
    return Path(folders[0]) if folders else None


def torch_hub_folder() -> Path:
    """Where torch.hub keeps downloaded weights: $TORCH_HOME/hub/checkpoints."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "torch"
    return Path(os.environ.get("TORCH_HOME", cache)).expanduser() / "hub" / "checkpoints"


def check_sha256(path: Path, expected: str | None = None) -> str:
    """Refuse a file that is not the one published.

    Args:
        path: the file.
        expected: hex digest, or its first digits (torchvision publishes only eight); None accepts any.
    Returns:
        The file's whole sha256 as hex.
    Raises:
        RuntimeError: the digest differs; names the file and both digests.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if expected and not digest.startswith(expected):
        raise RuntimeError(
            f"weight file {path} is not the published one: its sha256 is {digest}, expected {expected}; "
            "it may be damaged or cut short, so delete it and fetch it again"
        )
    return digest


def format_bytes(count: int | None) -> str:
    """605143284 -> '605.1 MB (605,143,284 bytes)'; None -> 'unknown size'."""
    return "unknown size" if count is None else f"{count / 1e6:.1f} MB ({count:,} bytes)"
