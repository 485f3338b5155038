"""Validation of a run file's metadata: every used field has a known type and size, or the file is refused."""

import copy
import io
import json
import zipfile

import numpy as np
import pytest

from core.runs.file import PGDRun, RunFileError
from tests.ui.run_forge import arrays_of, hostile_arrays, packed


def altered(path: str, value: object, kind: str = "inpainting") -> bytes:
    """A file with `value` at `path` of its metadata, e.g. "source.date"."""
    arrays = arrays_of(kind)
    *parents, last = path.split(".")
    place = arrays["metadata"]
    for parent in parents:
        place = place[parent]
    place[last] = value
    return packed(arrays)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("seed", True, "seed must be a whole number"),
        ("seed", -1, "seed must be"),
        ("seed", 10**400, "seed must be"),
        ("kind", "poem", "kind must be one of inpainting, generation"),
        ("targets", [True], "targets must be indices"),
        ("targets", [10], "targets must be indices"),
        ("targets", [-1], "targets must be indices"),
        ("class_names", [], "class_names must be of length 1 to 50,000"),
        ("class_names", ["a"] * 50_001, "class_names must be of length 1 to 50,000"),
        ("class_names", ["a"] * 9 + ["b" * 1001], "texts of at most 1,000 characters"),
        ("class_names", [["a"]] * 10, "class names must be texts"),
        ("objective", {"kind": "generation"}, "objective.kind must be inpainting"),
        ("objective.weight", "10", "objective.weight must be"),
        ("objective.weight", float("nan"), "objective.weight must be"),
        ("objective.weight", 10**400, "objective.weight must be"),
        ("objective.penalty", ["eq3"], "objective.penalty must be"),
        ("objective.penalty", None, "needs its weight and penalty"),
        ("classifier", {}, "classifier.name must be a text; got 'None'"),
        ("classifier.sha256", 3, "classifier.sha256 must be a text"),
        ("images.credit", {"a": 1}, "images.credit must be a text"),
        ("images.credit", "a" * 10_001, "images.credit must be of length 0 to 10,000"),
        ("images.change", "much", "images.change must be a list"),
        ("images.change", [{"inside": "1", "outside": 0}], "images.change.inside must be a number"),
        ("images.change", [{"inside": 0.1}], "images.change.outside must be a number"),
        ("images.change", [{"inside": float("inf"), "outside": 0}], "images.change.inside must be 0 to 1"),
        ("source.date", 20250304, "source.date must be a text"),
        ("source.wall_seconds", "long", "source.wall_seconds must be"),
        ("source.wall_seconds", 1e300, "source.wall_seconds must be"),
        ("terms", ["cross_entropy", 3], "name of a loss term"),
        ("terms", ["cross_entropy", "a\n\nb"], "name of a loss term"),
        ("terms", ["penalty", "penalty"], "same name"),
        ("terms", "ab", "terms must be a list"),
        ("terms", [f"t{k}" for k in range(9)], "terms must be of length 1 to 8"),
        ("config.steps", 2, "cannot have 4 states"),
        ("config.epsilon", 10**400, "too large"),
    ],
)
def test_field_of_another_type_or_size_is_refused_in_one_sentence(path, value, message):
    with pytest.raises(RunFileError, match=message) as caught:
        PGDRun.from_bytes(altered(path, value), name="odd.npz")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 400


@pytest.mark.parametrize("part", ["classifier", "images", "source"])
def test_fields_that_nobody_needs_may_be_missing_or_null(part):
    arrays = arrays_of()
    facts = arrays["metadata"][part]
    empty = {key: facts[key] for key in ("name", "weights_id") if key in facts}
    for bare in (empty, empty | dict.fromkeys(facts.keys() - empty.keys())):
        changed = copy.deepcopy(arrays)
        changed["metadata"][part] = bare
        PGDRun.from_bytes(packed(changed), name="bare")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("name", ["curves", "terms", "logits"])
def test_numbers_that_are_none_are_refused(name, value):
    arrays = arrays_of()
    arrays[name].flat[-1] = value
    with pytest.raises(RunFileError, match="finite"):
        PGDRun.from_bytes(packed(arrays), name="odd.npz")


@pytest.mark.parametrize("value", [-0.5, 3.0])
def test_probability_that_is_none_is_refused(value):
    arrays = arrays_of()
    arrays["curves"][1, 0] = value
    with pytest.raises(RunFileError, match="target_probability must lie in"):
        PGDRun.from_bytes(packed(arrays), name="odd.npz")


def test_steps_whose_differences_overflow_are_refused():
    arrays = arrays_of(frames=5)
    arrays["frame_steps"] = np.array([0, 2**63 - 1, -(2**63), -1, 4])
    assert (np.diff(arrays["frame_steps"]) > 0).all(), "subtraction would be fooled"
    with pytest.raises(RunFileError, match="must rise from step 0"):
        PGDRun.from_bytes(packed(arrays), name="odd.npz")


def test_picture_without_pixels_is_refused():
    with pytest.raises(RunFileError):
        PGDRun.from_bytes(packed(arrays_of("generation", size=(0, 5))), name="odd.npz")


def test_deeply_nested_metadata_is_refused():
    arrays = arrays_of()
    data = io.BytesIO()
    np.savez(data, **dict(arrays, metadata=np.array("[" * 100_000)))
    with pytest.raises(RunFileError):
        PGDRun.from_bytes(data.getvalue(), name="odd.npz")


def test_limit_bounds_what_is_unpacked():
    arrays = arrays_of(frames=400)
    arrays["frame_deltas"][:] = 0
    data = packed(arrays)
    assert len(data) < 100_000 < arrays["frame_deltas"].nbytes
    with pytest.raises(RunFileError, match="frame_deltas unpacks to"):
        PGDRun.from_bytes(data, name="bomb.npz", limit=1_000_000)


def test_archive_of_very_many_members_is_refused_before_they_are_listed():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for number in range(1100):
            archive.writestr(str(number), b"")
    with pytest.raises(RunFileError, match="more than 1,000 members"):
        PGDRun.from_bytes(data.getvalue(), name="bomb.npz")


def test_texts_are_kept_as_they_are():
    text = "<b>[x](y)</b>"
    run = PGDRun.from_bytes(packed(hostile_arrays("generation", text)), name="odd.npz")
    assert run.metadata["class_names"][0] == text and json.dumps(run.metadata["source"])
    longest = ["a"] * 9 + ["b" * 1000]
    assert PGDRun.from_bytes(altered("class_names", longest), name="long.npz").metadata["class_names"] == longest
