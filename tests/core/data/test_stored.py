"""Stored results of profiles: found beside the project's, reloaded when they change, and never an error on a page."""

import os
from dataclasses import replace

import pytest

from core.claims.quantities import stored_hybrids
from core.data.sample_sets import PRECOMPUTED
from core.data.stored import VARIABLE, missing_profiles, profile_folders, read_stored, stored_files
from core.fourier.outcomes import HybridOutcomes
from core.shared.files import CACHE, ArchiveError


@pytest.fixture
def profile(tmp_path, monkeypatch):
    """An empty profile that the operator configures."""
    folder = tmp_path / "profile"
    (folder / "hybrids").mkdir(parents=True)
    monkeypatch.setenv(VARIABLE, str(folder))
    return folder


def named(source, name):
    """A stored result under another network's name."""
    facts = source.metadata
    return replace(source, metadata={**facts, "classifier": {**facts["classifier"], "name": name}})


def test_profiles_come_after_the_project_in_the_order_of_the_variable(tmp_path, monkeypatch):
    first, second = tmp_path / "b", tmp_path / "a"
    for folder in (first / "hybrids", second / "hybrids", tmp_path / "cache" / "profiles" / "c" / "hybrids"):
        folder.mkdir(parents=True)
        (folder / "x.npz").touch()
    monkeypatch.setenv(VARIABLE, os.pathsep.join(map(str, (first, second))))
    monkeypatch.setenv(CACHE, str(tmp_path / "cache"))
    assert [folder.name for folder in profile_folders()] == ["b", "a", "c"]
    files = stored_files("hybrids")
    assert [path.parts[-3] for path in files[-3:]] == ["b", "a", "c"]
    assert all(PRECOMPUTED in path.parents for path in files[:-3])


def test_an_operators_folder_that_is_not_there_is_named(tmp_path, monkeypatch):
    assert missing_profiles() == []
    monkeypatch.setenv(VARIABLE, os.pathsep.join((str(tmp_path), "/nowhere/clip", "")))
    assert missing_profiles() == ["CLIP_LAB_PROFILES names '/nowhere/clip', which is no folder."]


def test_a_networks_results_are_read_from_a_profile_once_they_lie_there(profile):
    before = stored_hybrids()
    assert "toy" not in before and stored_hybrids() is before
    stored = named(before["mini-clip"], "toy")
    stored.save(profile / "hybrids" / "toy.npz")
    assert stored_hybrids()["toy"].pairs == stored.pairs


def test_the_projects_own_results_count_first(profile):
    other = stored_hybrids()["mini-resnet"]
    named(other, "mini-clip").save(profile / "hybrids" / "mini-clip.npz")
    assert stored_hybrids()["mini-clip"].metadata["classifier"]["sha256"] != other.metadata["classifier"]["sha256"]


def test_a_damaged_file_of_a_profile_is_left_out_and_one_of_the_project_is_not(profile, tmp_path, monkeypatch):
    (profile / "hybrids" / "toy.npz").write_bytes(b"no archive")
    with pytest.warns(UserWarning, match=r"toy\.npz is left out: toy\.npz: not a file of hybrids"):
        assert "mini-clip" in stored_hybrids() and "toy" not in stored_hybrids()
    monkeypatch.setattr("core.data.stored.PRECOMPUTED", tmp_path)
    with pytest.raises(ArchiveError, match=r"toy\.npz"):
        list(read_stored(HybridOutcomes.load, [profile / "hybrids" / "toy.npz"]))
