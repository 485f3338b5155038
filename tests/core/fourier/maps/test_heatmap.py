"""Heat maps: rates from counts, printed rates, cropping, and files that are safe to load."""

import dataclasses
import io
import json
import re
import resource
import zipfile

import numpy as np
import pytest

from core.fourier.heatmap import MAX_SIDE, Heatmap, HeatmapError
from tests.core.squares import heatmap_of

METADATA = {
    "classifier": {"name": "toy", "weights_id": "none", "sha256": None, "kind": "closed-set"},
    "dataset": {"name": "dots", "split": "test", "n": 10, "content_hash": "0"},
    "image_size": 8,
    "epsilon": 1.0,
    "class_names": ["a", "b"],
    "source": {"type": "computed"},
}


FACTS = METADATA | {"schema": 2, "transform": "waves"}


def example(**changes):
    errors = np.array([[-1, 2, 3], [1, 0, 1], [3, 2, -1]], dtype=np.int64)
    count = np.where(errors < 0, 0, 10).astype(np.int64)
    fields = {
        "top1_errors": errors,
        "top5_errors": np.minimum(errors, 1),
        "count": count,
        "clean": np.array([1, 0, 10], dtype=np.int64),
        "metadata": METADATA,
    }
    return heatmap_of(**(fields | changes))


def printed(percent, side=1):
    """A map of printed rates, as in hostile files: a few kilobytes for any side."""
    unknown = np.full((side, side), -1, dtype=np.int64)
    return example(
        top1_errors=unknown,
        top5_errors=unknown,
        count=np.zeros_like(unknown),
        clean=np.full(3, -1, dtype=np.int64),
        printed_rates=np.full((2, side, side), percent / 100),
    )


def test_rate_divides_counts_and_marks_what_was_not_computed():
    rate = example().error_rate
    assert np.isnan(rate[2, 2])
    np.testing.assert_allclose(rate[0], [np.nan, 0.2, 0.3])
    assert example().rate(5)[1, 0] == 0.1
    assert example().clean_rate(1) == 0.1
    assert example(clean=np.array([1, -1, 10], dtype=np.int64)).clean_rate(5) is None


def test_interval_contains_the_rate_and_is_wilsons():
    rate, low, high = example().interval()
    np.testing.assert_array_equal(rate, example().rate())
    # Wilson's interval of 1 in 10, from the closed form in the statistics books.
    assert (low[1, 0], high[1, 0]) == (pytest.approx(0.017876, abs=1e-5), pytest.approx(0.404150, abs=1e-5))
    assert np.isnan(low[2, 2]) and np.isnan(high[2, 2])


@pytest.mark.parametrize(
    ("percent", "half_points"), [(54.3, 0.05), (10.0, 0.05), (9.99, 0.005), (5.83, 0.005), (0.916, 0.0005)]
)
def test_rounding_of_printed_rates_is_half_a_unit_of_the_third_digit(percent, half_points):
    assert printed(percent).rounding()[0, 0] * 100 == pytest.approx(half_points)


def test_interval_of_printed_rates_is_widened_by_their_rounding():
    heatmap = printed(54.3)
    counted = example(
        top1_errors=np.full((1, 1), 543, dtype=np.int64),
        top5_errors=np.zeros((1, 1), dtype=np.int64),
        count=np.full((1, 1), 1000, dtype=np.int64),
    )
    of_1000 = dataclasses.replace(heatmap, metadata=METADATA | {"dataset": METADATA["dataset"] | {"n": 1000}})
    assert of_1000.interval().low < counted.interval().low
    assert of_1000.interval().high > counted.interval().high
    assert of_1000.interval().low == pytest.approx(counted.interval().low, abs=0.0006)
    assert heatmap.clean_rate() is None


def test_crop_keeps_the_centre_and_returns_smaller_maps_unchanged():
    assert example().crop(1).top1_errors.tolist() == [[0]]
    assert example().crop(3).side == example().crop(31).side == 3
    with pytest.raises(ValueError, match="must be odd"):
        example().crop(2)


def test_save_and_load_give_the_same_map(tmp_path):
    example().save(tmp_path / "map.npz")
    loaded = Heatmap.load(tmp_path / "map.npz")
    for name in ("top1_errors", "top5_errors", "count", "clean"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(example(), name))
    assert loaded.metadata == METADATA and loaded.printed_rates is None and example().equals(loaded)
    assert [path.name for path in tmp_path.iterdir()] == ["map.npz"]
    with pytest.raises(FileNotFoundError, match="create it first"):
        example().save(tmp_path / "nowhere" / "map.npz")


def test_file_is_readable_with_numpy_alone_and_without_pickle(tmp_path):
    printed(9.99).save(tmp_path / "map.npz")
    with np.load(tmp_path / "map.npz", allow_pickle=False) as archive:
        assert json.loads(str(archive["metadata"]))["classifier"]["name"] == "toy"
        np.testing.assert_allclose(archive["printed_rates"][1:], 0.0999)


def with_member(name, array):
    arrays = {**example().arrays(), "metadata": np.array(json.dumps(FACTS))}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **{**arrays, name: array})
    return buffer.getvalue()


def rewritten(compression=zipfile.ZIP_DEFLATED, **members):
    """The example's file, with other compression or other members."""
    buffer = io.BytesIO()
    source = zipfile.ZipFile(io.BytesIO(example().to_bytes()))
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for entry in source.infolist():
            archive.writestr(entry.filename, members.get(entry.filename.removesuffix(".npy"), source.read(entry)))
    return buffer.getvalue()


def damaged_files():
    whole = example().to_bytes()
    yield "empty", b""
    yield "text", b"not a map"
    yield "truncated", whole[: len(whole) // 2]
    yield "flipped", whole[:200] + bytes(byte ^ 255 for byte in whole[200:300]) + whole[300:]
    yield "pickle", with_member("counts", np.array([{"a": 1}], dtype=object))
    yield "other shape", with_member("counts", np.zeros(7, dtype=np.int64))
    yield "too many hits", with_member("hits", np.full((6, 2), 11, dtype=np.int64))
    yield "float counts", with_member("counts", np.zeros(6))
    yield "no metadata", with_member("metadata", np.array("{}"))
    yield "metadata is a list", with_member("metadata", np.array("[1]"))
    yield "deep metadata", with_member("metadata", np.array("[" * 100_000))
    yield "several metadata", with_member("metadata", np.array(["{}", "{}"]))
    yield "numbers without a row", with_member("hits", np.int64(1))
    yield "count without a row", with_member("counts", np.int64(1))
    yield "hybrids", with_member("metadata", np.array(json.dumps(FACTS | {"transform": "hybrids"})))
    # Python 3.11 parses integers of up to 4,300 digits, but converts none of over 308 digits to float.
    for fact in ("image_size", "epsilon"):
        yield f"endless {fact}", with_member("metadata", np.array(json.dumps(FACTS | {fact: 10**400})))
    yield "endless v", with_member("metadata", np.array(json.dumps(FACTS | {"epsilon": float("inf")})))
    yield "no n", with_member("metadata", np.array(json.dumps(FACTS | {"dataset": {"name": "dots"}})))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("count.npy", b"x")
    yield "LZMA", rewritten(zipfile.ZIP_LZMA)
    yield "members missing", buffer.getvalue()


@pytest.mark.parametrize("data", [pytest.param(data, id=name) for name, data in damaged_files()])
def test_load_refuses_a_damaged_file_and_names_it(tmp_path, data):
    assert Heatmap.from_bytes(with_member("counts", example().counts), name="whole.npz").side == 3
    path = tmp_path / "broken.npz"
    path.write_bytes(data)
    with pytest.raises(HeatmapError, match=r"broken\.npz"):
        Heatmap.load(path)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("metadata", json.dumps(FACTS | {"schema": 3}), "schema '3' is unknown .* reads schema 2"),
        ("metadata", "[" + "[]," * 700_000 + "[]]", ".*metadata must be one text of at most 2,097,152 characters"),
        ("counts", np.zeros((3000, 3000), dtype=np.int64), ".*counts unpacks to .* bytes, which is too large"),
    ],
    ids=["schema", "memory", "bomb"],
)
def test_from_bytes_says_what_it_cannot_take(name, array, message):
    with pytest.raises(HeatmapError, match=rf"odd\.npz: {message}"):
        Heatmap.from_bytes(with_member(name, np.array(array)), name="odd.npz")


@pytest.mark.parametrize(
    "fact", ["image_size", "dataset.n", "classifier.patch_grid", "sample.images_per_wave", "clean_measured_here.n"]
)
def test_what_is_counted_is_at_least_one(fact):
    def file(value):
        parent, _, name = fact.rpartition(".")
        within = {**METADATA.get(parent, {}), name: value}
        return with_member("metadata", np.array(json.dumps(FACTS | ({parent: within} if parent else within))))

    assert Heatmap.from_bytes(file(1), name="one.npz").side == 3
    with pytest.raises(HeatmapError, match=re.escape(fact)):
        Heatmap.from_bytes(file(0), name="none.npz")


def test_from_bytes_refuses_a_large_map_and_load_takes_it(tmp_path):
    large = printed(50, MAX_SIDE + 2)
    large.save(tmp_path / "large.npz")
    assert Heatmap.load(tmp_path / "large.npz").side == MAX_SIDE + 2
    with pytest.raises(HeatmapError, match=r"large\.npz: a map of 513 x 513 cells, over the limit of 511 x 511"):
        Heatmap.from_bytes(large.to_bytes(), name="large.npz")
    assert Heatmap.from_bytes(large.crop(MAX_SIDE).to_bytes(), name="cropped.npz").side == MAX_SIDE


def test_an_error_about_a_file_is_one_short_line():
    fields = np.zeros(3, dtype=[(f"field{k}", "<i8") for k in range(300)])
    with pytest.raises(HeatmapError, match="hits must be") as caught:
        Heatmap.from_bytes(with_member("hits", fields), name="a\nb" * 10_000)
    assert len(str(caught.value)) < 600 and "\n" not in str(caught.value)


def test_same_compares_numbers_and_metadata():
    assert not example().equals(example(clean=np.array([2, 0, 10], dtype=np.int64)))
    assert not example().equals(example(metadata=METADATA | {"epsilon": 2.0}))
    assert not example().equals(example(true_probability=np.full((3, 3), np.nan)))


def test_load_of_a_forged_shape_touches_no_memory_for_it():
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<i8", "fortran_order": False, "shape": (40000, 40000)})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(HeatmapError, match=r"forged\.npz"):
        Heatmap.from_bytes(rewritten(counts=header.getvalue()), name="forged.npz")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB; the shape implies 12 GiB


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"counts": np.zeros((6, 2), dtype=np.int64)}, "not those of a square with an odd side"),
        ({"hits": np.full((6, 2), 11)}, "hits must lie between -1"),
        ({"numbers": {"printed_rates": np.full((6, 2, 2), 54.3)}}, r"numbers in \[0, 1\]; got 54.3"),
        ({"numbers": {"true_probability": np.zeros(5)}}, r"true_probability must be \(6,\) float64"),
    ],
)
def test_heatmap_refuses_impossible_numbers(changes, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(example(), **changes)


def test_variance_share_is_pooled_over_the_waves():
    count, unknown = np.full((3, 3), 11), np.full((3, 3), -1)
    errors = np.array([[3, 5, 8], [2, -1, 2], [8, 5, 3]])
    count[1, 1] = 0
    rate = errors / 11
    variance = np.where(count > 0, 0.7 * rate * (1 - rate) / 10, np.nan)
    metadata = {"dataset": {"n": 100}, "class_names": ["a", "b"]}
    heatmap = heatmap_of(errors, unknown, count, np.full(3, -1), metadata, sampling_variance=variance)
    assert heatmap.variance_share == pytest.approx(0.7)
    assert dataclasses.replace(heatmap, numbers={}).variance_share == 1
