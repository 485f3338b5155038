"""Files of the Hugging Face Hub, in the cache shared by all of its clients. Does not import torch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from core.classifiers.fetch.download import (
    PROBE_SECONDS,
    Progress,
    call_with_deadline,
    download,
    refusal,
    sweep_partials,
)

FIRST_USED = "first-used"  # our name for a commit in the cache, like the hub's "main"


def hub_files(repo_id: str, revision: str | None) -> dict[str, int | None]:
    """Return the size in bytes of every file in a repository, by name.

    Raises:
        FileNotFoundError: as `hub_errors`, within `PROBE_SECONDS`.
    """
    from huggingface_hub import HfApi

    request = partial(HfApi().model_info, repo_id, revision=revision, files_metadata=True, timeout=PROBE_SECONDS)
    with hub_errors(repo_id, revision):
        return {file.rfilename: file.size for file in call_with_deadline(request).siblings or ()}


def hub_file(repo_id: str, name: str, revision: str | None) -> Path:
    """Fetch one small file of a repository into huggingface_hub's cache.

    Raises:
        FileNotFoundError: as `hub_errors`.
    """
    from huggingface_hub import hf_hub_download

    with hub_errors(repo_id, revision):
        return Path(hf_hub_download(repo_id, name, revision=revision))


def hub_weights(
    repo_id: str, name: str, revision: str | None, sha256: str | None = None, progress: Progress | None = None
) -> Path:
    """Fetch one large file of a repository into the hub's cache; resumes if interrupted.

    Args:
        sha256: required hex digest; None for the one stated by the hub.
    Raises:
        FileNotFoundError: as `hub_errors` and `download`.
        RuntimeError: it is another file; it is deleted.
    """
    from huggingface_hub import get_hf_file_metadata, get_token, hf_hub_url

    url = hf_hub_url(repo_id, name, revision=revision)
    with hub_errors(repo_id, revision):
        facts = call_with_deadline(lambda: get_hf_file_metadata(url, token=get_token()))
    if facts.etag is None:
        raise FileNotFoundError(f"the hub does not say which file huggingface.co/{repo_id} offers; try again later")
    stated = facts.etag if re.fullmatch("[0-9a-f]{64}", facts.etag) else None
    if sha256 and stated and stated != sha256:
        raise RuntimeError(
            f"huggingface.co/{repo_id} offers another file than the published one: its sha256 is {stated}, expected "
            f"{sha256}; nothing was fetched"
        )
    blobs = _folder(repo_id) / "blobs"
    sweep_partials(blobs, "*.incomplete")  # left by the hub's client, which never resumes them
    at_hub = urlsplit(facts.location).hostname == urlsplit(url).hostname
    key = {"Authorization": f"Bearer {token}"} if at_hub and (token := get_token()) else {}
    digest = sha256 or stated
    download(facts.location, blobs / facts.etag, sha256=digest, size=facts.size, headers=key, progress=progress)
    return hub_file(repo_id, name, revision)


def pinned_revision(repo_id: str) -> str | None:
    """Return the commit that this machine fetched first, if recorded."""
    path = _folder(repo_id) / "refs" / FIRST_USED
    return path.read_text().strip() if path.is_file() else None


def pin_revision(repo_id: str, commit: str) -> None:
    """Record a commit as the one to use from now on."""
    path = _folder(repo_id) / "refs" / FIRST_USED
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(commit)


def _folder(repo_id: str) -> Path:
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    return Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=repo_id, repo_type="model")


@contextmanager
def hub_errors(repo_id: str, revision: str | None) -> Iterator[None]:
    """Turn errors of huggingface_hub, httpx and the system into a FileNotFoundError of one sentence."""
    from huggingface_hub import constants, errors

    place = f"huggingface.co/{repo_id}"
    try:
        yield
    except errors.OfflineModeIsEnabled as error:
        raise FileNotFoundError("HF_HUB_OFFLINE forbids asking the hub; unset it to download") from error
    except errors.GatedRepoError as error:
        raise FileNotFoundError(
            f"{place} is open only to people who accepted its terms; accept them there and log in"
        ) from error
    except (errors.RepositoryNotFoundError, errors.RevisionNotFoundError) as error:
        raise FileNotFoundError(f"the hub has no public {place} at {revision or 'main'}") from error
    except Exception as error:
        host, reason = urlsplit(constants.ENDPOINT).hostname, str(error).partition("\n")[0]
        if isinstance(error, errors.HfHubHTTPError):
            raise FileNotFoundError(refusal(host, error.response.status_code)) from error
        raise FileNotFoundError(
            f"{host} did not deliver {place} ({reason}); check the network and try again"
        ) from error
