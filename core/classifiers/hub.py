"""Weight files on the Hugging Face Hub. Imports no torch.

Everything that could wait on the network runs under a deadline before huggingface_hub's own, more patient
machinery is let loose on the large file.
"""

from __future__ import annotations

import fnmatch
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.classifiers.download import PROBE_SECONDS, Progress, call_with_deadline, probe
from core.classifiers.weights import check_sha256

SHA256 = re.compile(r"[0-9a-f]{64}")
REPO_ID = re.compile(r"[\w][\w.-]*/[\w][\w.-]*")


@dataclass(frozen=True)
class HubFile:
    """The first of some files in a repository of the hub, together with others that must lie beside it.

    Args:
        repo_id: "owner/name".
        weights: names of the weight file, best first.
        beside: further files that are needed.
        extras: patterns of files to take along where they exist (a tokenizer's).
        revision: commit to pin, or None for the newest.
        download_bytes: size of the weight file, if known beforehand.
    Raises:
        ValueError: not a repository name.
    """

    repo_id: str
    weights: tuple[str, ...]
    beside: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    revision: str | None = None
    download_bytes: int | None = None

    def __post_init__(self) -> None:
        if not REPO_ID.fullmatch(self.repo_id):
            raise ValueError(f"a hub repository is called owner/name, got {self.repo_id!r}")

    @property
    def origin(self) -> str:
        return f"huggingface.co/{self.repo_id}"

    def locate(self) -> Path | None:
        from huggingface_hub import try_to_load_from_cache

        for name in self.weights:
            path = try_to_load_from_cache(self.repo_id, name, revision=self.revision)
            if isinstance(path, str) and all((Path(path).parent / other).is_file() for other in self.beside):
                return Path(path)
        return None

    def missing(self) -> str:
        return f"its weights (hub repository {self.repo_id}) are not in this machine's cache"

    def remote_bytes(self) -> int | None:
        _, files = self._listing()
        return sum(size or 0 for name, (size, _) in files.items() if name in self._wanted(files))

    def fetch(self, progress: Progress | None = None) -> Path:
        from huggingface_hub import hf_hub_download

        commit, files = self._listing()
        weights, *others = self._wanted(files)
        try:
            for name in others:
                hf_hub_download(self.repo_id, name, revision=commit)
            bar = _reporting_bar(progress, files[weights][0]) if progress else None
            path = Path(hf_hub_download(self.repo_id, weights, revision=commit, tqdm_class=bar))
            # `locate` looks under the revision asked for: a pin as given, else the newest.
            if self.revision is None:
                hf_hub_download(self.repo_id, weights)
        except Exception as error:  # huggingface_hub raises its own, httpx's and the system's errors
            raise FileNotFoundError(
                f"the download of {self.origin}/{weights} broke off ({error}); try again"
            ) from error
        try:
            check_sha256(path, files[weights][1])
        except RuntimeError:
            path.resolve().unlink()  # else the next look would find it
            raise
        return path

    def _listing(self) -> tuple[str | None, dict[str, tuple[int | None, str | None]]]:
        """The commit, and each file's size and sha256, as the hub states them."""
        from huggingface_hub import HfApi, constants
        from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

        if constants.HF_HUB_OFFLINE:
            raise FileNotFoundError("HF_HUB_OFFLINE forbids asking the hub; unset it to download")
        probe(constants.ENDPOINT, PROBE_SECONDS / 2)

        def ask() -> Any:
            return HfApi().model_info(
                self.repo_id, revision=self.revision, files_metadata=True, timeout=PROBE_SECONDS / 2
            )

        try:
            info = call_with_deadline(ask, PROBE_SECONDS / 2)
        except GatedRepoError as error:
            raise FileNotFoundError(
                f"{self.origin} is open only to people who accepted its terms; accept them there and log in"
            ) from error
        except (RepositoryNotFoundError, RevisionNotFoundError) as error:
            raise FileNotFoundError(f"the hub has no public {self.origin} at {self.revision or 'main'}") from error
        except Exception as error:
            raise FileNotFoundError(f"the hub did not answer about {self.origin} ({error}); try again") from error
        files = {s.rfilename: (s.size, getattr(s.lfs, "sha256", None)) for s in info.siblings or ()}
        return info.sha, files

    def _wanted(self, files: dict[str, Any]) -> list[str]:
        """Names to fetch, the weight file first."""
        weights = next((name for name in self.weights if name in files), None)
        absent = [name for name in self.beside if name not in files] + ([] if weights else [" or ".join(self.weights)])
        if weights is None or absent:
            raise FileNotFoundError(f"{self.origin} lacks {', '.join(absent)}, so it cannot be loaded")
        extras = [name for name in files if any(fnmatch.fnmatch(name, pattern) for pattern in self.extras)]
        return list(dict.fromkeys([weights, *self.beside, *extras]))


def cached_digest(path: Path) -> str | None:
    """The sha256 a file in the hub's cache must have, if `path` is one: the cache names large files by it."""
    blob = path.resolve()
    return blob.name if blob.parent.name == "blobs" and SHA256.fullmatch(blob.name) else None


def _reporting_bar(progress: Progress, size: int | None) -> type:
    """A progress bar for huggingface_hub that draws nothing and tells `progress` how much of `size` has arrived."""
    from tqdm import tqdm

    class ReportingBar(tqdm):
        def __init__(self, *args: Any, **options: Any) -> None:
            self.received = options.get("initial") or 0  # a broken-off download is resumed
            options.pop("name", None)  # huggingface_hub's own bars are grouped by it
            super().__init__(*args, **{**options, "disable": True})

        def update(self, n: float | None = 1) -> bool | None:
            self.received += int(n or 0)
            progress(min(self.received, size or self.received), size)
            return None

    return ReportingBar
