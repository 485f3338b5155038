"""Heat maps: rates from counts, printed rates, cropping, and files that are safe to load."""

import csv
import dataclasses
import io
import json

import numpy as np
import pytest
from PIL import Image

from core.fourier.heatmap import MAX_SIZE, TOP1, Heatmap, colormap_table, heatmap_csv, heatmap_png
from core.shared.files import ArchiveError
from tests.core.squares import heatmap_of

METADATA = {
    "classifier": {"name": "toy", "weights_id": "none", "sha256": None, "kind": "closed-set"},
    "dataset": {"name": "dots", "split": "test", "n": 10, "content_hash": "0"},
    "image_size": 8,
    "epsilon": 1.0,
    "class_names": ["a", "b"],
    "source": {"type": "computed"},
}


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


def printed(percent, size=1):
    """A map of printed rates, as in hostile files: a few kilobytes for any size."""
    unknown = np.full((size, size), -1, dtype=np.int64)
    return example(
        top1_errors=unknown,
        top5_errors=unknown,
        count=np.zeros_like(unknown),
        clean=np.full(3, -1, dtype=np.int64),
        printed_rates=np.full((2, size, size), percent / 100),
    )


def test_rate_is_nan_where_not_computed():
    rate = example().error_rate
    assert np.isnan(rate[2, 2])
    np.testing.assert_allclose(rate[0], [np.nan, 0.2, 0.3])
    assert example().rate(5)[1, 0] == 0.1
    assert example().clean_rate(1) == 0.1
    assert example(clean=np.array([1, -1, 10], dtype=np.int64)).clean_rate(5) is None


@pytest.mark.parametrize(
    ("percent", "half_points"), [(54.3, 0.05), (10.0, 0.05), (9.99, 0.005), (5.83, 0.005), (0.916, 0.0005)]
)
def test_printed_rates_are_rounded_to_three_digits(percent, half_points):
    assert printed(percent).rounding()[0, 0] * 100 == pytest.approx(half_points)


def test_interval_of_printed_rates_is_widened_by_their_rounding():
    heatmap = printed(54.3)
    squares = {"top1_errors": 543, "top5_errors": 0, "count": 1000}
    counted = example(**{name: np.full((1, 1), value) for name, value in squares.items()})
    of_1000 = dataclasses.replace(heatmap, metadata=METADATA | {"dataset": METADATA["dataset"] | {"n": 1000}})
    assert of_1000.interval().low < counted.interval().low
    assert of_1000.interval().high > counted.interval().high
    assert of_1000.interval().low == pytest.approx(counted.interval().low, abs=0.0006)
    assert heatmap.clean_rate() is None


def test_crop_keeps_the_centre():
    assert example().crop(1).top1_errors.tolist() == [[0]]
    assert example().crop(3).size == example().crop(31).size == 3
    with pytest.raises(ValueError, match="must be odd"):
        example().crop(2)


def test_save_and_load_give_the_same_map(tmp_path):
    example().save(tmp_path / "map.npz")
    loaded = Heatmap.load(tmp_path / "map.npz")
    for name in ("top1_errors", "top5_errors", "count", "clean"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(example(), name))
    assert loaded.metadata == METADATA and loaded.printed_rates is None and example().equals(loaded)
    assert [path.name for path in tmp_path.iterdir()] == ["map.npz"]
    with pytest.raises(OSError, match="No such file"):
        example().save(tmp_path / "nowhere" / "map.npz")


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("metadata", "[" + "[]," * 700_000 + "[]]", "metadata must be one text of at most 2,097,152 characters"),
        ("counts", np.zeros((3000, 3000), dtype=np.int64), "counts unpacks to .* bytes, more than is allowed"),
    ],
    ids=["memory", "bomb"],
)
def test_a_file_that_would_fill_the_memory_is_refused(name, array, message):
    arrays = {**example().arrays(), "metadata": json.dumps(METADATA | {"schema": 2, "transform": "waves"})}
    np.savez_compressed(buffer := io.BytesIO(), **{**arrays, name: np.array(array)})
    with pytest.raises(ArchiveError, match=rf"odd\.npz: .*{message}"):
        Heatmap.from_bytes(buffer.getvalue(), name="odd.npz")


def test_from_bytes_refuses_a_large_map_and_load_takes_it(tmp_path):
    large = printed(50, MAX_SIZE + 2)
    large.save(tmp_path / "large.npz")
    assert Heatmap.load(tmp_path / "large.npz").size == MAX_SIZE + 2
    with pytest.raises(ArchiveError, match=r"large\.npz: .* 513 .* 511"):
        Heatmap.from_bytes(large.to_bytes(), name="large.npz")
    assert Heatmap.from_bytes(large.crop(MAX_SIZE).to_bytes(), name="cropped.npz").size == MAX_SIZE


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"counts": np.zeros((6, 2), dtype=np.int64)}, "not those of a square of odd size"),
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
    assert heatmap.variance_ratio == pytest.approx(0.7)
    assert dataclasses.replace(heatmap, numbers={}).variance_ratio == 1


# Exports


def test_csv_has_every_number_of_every_cell():
    probability = np.array([[np.nan, 0, 1], [0.25, 0, 0.25], [1, 0, np.nan]])
    rows = list(csv.DictReader(io.StringIO(heatmap_csv(example(true_probability=probability)))))
    cell, missing = rows[3], rows[-1]
    assert len(rows) == 9 and [cell[name] for name in ("i", "j", "images", "top1_errors")] == ["0", "-1", "10", "1"]
    assert float(cell["top1_rate"]) == 0.1 and float(cell["top1_low"]) < 0.1 < float(cell["top1_high"])
    assert [missing[name] for name in ("images", "top1_errors", "top1_rate")] == ["0", "", ""]
    assert [rows[k]["true_probability"] for k in (3, 1, 8)] == ["0.250000", "0.000000", ""]
    plain = heatmap_csv(example()).splitlines()[0]
    assert plain.endswith("top5_rate,top5_low,top5_high"), "the map has no probabilities"


def test_png_is_a_picture_that_shows_the_values_colours():
    data = heatmap_png(np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, np.nan]]), TOP1, title="a map")
    picture = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert picture.shape[0] > 600 and picture.shape[1] > 600
    flat = picture.reshape(-1, 3)
    low, *_, high = colormap_table(TOP1.colormap)
    for colour in (high, low, [0xB0, 0xB0, 0xB0]):
        assert (np.abs(flat.astype(int) - colour).max(axis=1) <= 1).sum() > 10_000  # it rounds down
