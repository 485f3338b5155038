"""Profiles in a cache of their own, for tests of what reads them."""

import os
import tempfile
from pathlib import Path

from core.shared.files import CACHE


def use_profile(monkeypatch, folder):
    """Make a folder the only profile of an empty cache."""
    cache = Path(tempfile.mkdtemp(prefix="cache-", dir=os.environ["TEST_SESSION_FOLDER"]))
    (cache / "profiles").mkdir()
    (cache / "profiles" / "profile").symlink_to(folder)
    monkeypatch.setenv(CACHE, str(cache))
