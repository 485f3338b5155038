"""Tables and figures of heat maps, read back."""

import csv
import io

import numpy as np
from PIL import Image

from core.fourier.heatmap import TOP1, colormap_table, heatmap_csv, heatmap_png
from tests.core.fourier.maps.test_heatmap import example


def test_csv_has_one_row_per_cell_with_counts_rates_and_intervals():
    rows = list(csv.DictReader(io.StringIO(heatmap_csv(example()))))
    assert len(rows) == 9
    first = rows[3]
    assert (first["i"], first["j"], first["images"], first["top1_errors"]) == ("0", "-1", "10", "1")
    assert float(first["top1_rate"]) == 0.1
    assert float(first["top1_low"]) < 0.1 < float(first["top1_high"])
    assert list(first)[-3:] == ["top5_rate", "top5_low", "top5_high"], "the map has no probabilities"
    missing = rows[-1]
    assert (missing["images"], missing["top1_errors"], missing["top1_rate"]) == ("0", "", "")


def test_csv_has_every_number_that_the_map_holds():
    probability = np.array([[np.nan, 0, 1], [0.25, 0, 0.25], [1, 0, np.nan]])
    rows = list(csv.DictReader(io.StringIO(heatmap_csv(example(true_probability=probability)))))
    assert [rows[k]["true_probability"] for k in (3, 1, 8)] == ["0.250000", "0.000000", ""]


def test_png_is_a_picture_that_shows_the_values_colours():
    data = heatmap_png(np.array([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, np.nan]]), TOP1, title="a map")
    picture = np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
    assert picture.shape[0] > 600 and picture.shape[1] > 600
    flat = picture.reshape(-1, 3)
    low, *_, high = colormap_table(TOP1.colormap)
    for colour in (high, low, [0xB0, 0xB0, 0xB0]):
        assert (flat == colour).all(axis=1).sum() > 10_000


def test_png_shows_a_dollar_sign_as_it_is():
    def figure(title, footnote):
        return heatmap_png(np.zeros((3, 3)), TOP1, title=title, footnote=footnote)

    # As a formula, each is refused with a ValueError.
    assert figure(r"$\undefined{$", "") and figure("", r"$\undefined{$")
