"""Stored results of profiles: found beside the project's, reloaded when they change, and never an error on a page."""

from dataclasses import replace

import pytest

from core.claims.statistics import stored_hybrids
from core.data.stored import read_stored
from core.fourier.outcomes import HybridOutcomes
from core.shared.files import ArchiveError
from tests.profiles import use_profile


@pytest.fixture
def profile(tmp_path, monkeypatch):
    """An empty profile in the cache."""
    folder = tmp_path / "profile"
    (folder / "hybrids").mkdir(parents=True)
    use_profile(monkeypatch, folder)
    return folder


def named(source, name):
    """A stored result under another network's name."""
    facts = source.metadata
    return replace(source, metadata={**facts, "classifier": {**facts["classifier"], "name": name}})


def test_results_are_read_from_a_profile_once_there(profile):
    before = stored_hybrids()
    assert "toy" not in before and stored_hybrids() is before
    stored = named(before["mini-clip"], "toy")
    stored.save(profile / "hybrids" / "toy.npz")
    assert stored_hybrids()["toy"].n == stored.n


def test_the_projects_own_results_count_first(profile):
    other = stored_hybrids()["mini-resnet"]
    named(other, "mini-clip").save(profile / "hybrids" / "mini-clip.npz")
    assert stored_hybrids()["mini-clip"].metadata["classifier"]["sha256"] != other.metadata["classifier"]["sha256"]


def test_a_damaged_file_of_a_profile_is_left_out(profile, tmp_path, monkeypatch):
    (profile / "hybrids" / "toy.npz").write_bytes(b"no archive")
    with pytest.warns(UserWarning, match=r"toy\.npz is left out: toy\.npz: not a file of hybrids"):
        assert "mini-clip" in stored_hybrids() and "toy" not in stored_hybrids()
    monkeypatch.setattr("core.data.stored.PRECOMPUTED", tmp_path)
    with pytest.raises(ArchiveError, match=r"toy\.npz"):
        list(read_stored(HybridOutcomes.load, [profile / "hybrids" / "toy.npz"]))
