"""What is said, drawn and downloaded of a run."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.runs.file import PGDRun
from core.runs.stored import RUNS
from ui.runs.downloads import run_animation, run_json, run_png
from ui.runs.examples import stored_example
from ui.runs.figures import Curve, amplified_change, curve_chart, to_picture
from ui.runs.words import losses, origin, percent, verdict

STORED = sorted(RUNS.glob("*.npz"))


@pytest.fixture(scope="module", params=["inpainting", "generation"])
def run(request) -> PGDRun:
    return PGDRun.load(next(path for path in STORED if path.stem.startswith(request.param)))


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_stored_runs_load_and_say_where_they_come_from(path):
    stored = PGDRun.load(path)
    kind, _, name = path.stem.partition("_")[0], None, path.stem.rpartition("__")[2]
    assert stored.metadata["kind"] == kind and stored.metadata["classifier"]["name"] == name
    assert "Computed 20" in origin(stored) and "None" not in origin(stored)
    assert path.stat().st_size < 2e6


def test_stored_example_prefers_the_size_then_the_classifiers():
    for kind in ("inpainting", "generation"):
        found = stored_example(kind, 224, ["efficientnet-lite0"])
        assert found is not None and found.runs[0].start.shape[-1] == 224
    assert stored_example("nothing", 224, []) is None


@pytest.mark.parametrize("penalty", ["norm", "mean_square"])
@pytest.mark.parametrize("pair", [("mini-clip", "mini-clip-robust"), ("efficientnet-lite0",)], ids="+".join)
def test_stored_example_has_the_chosen_penalty_and_classifiers(pair, penalty):
    found = stored_example("inpainting", 224 if len(pair) == 1 else 32, pair, penalty)
    assert tuple(run.metadata["classifier"]["name"] for run in found.runs) == pair
    assert {run.metadata["objective"]["penalty"] for run in found.runs} == {penalty}


def test_verdict_is_one_plain_sentence_with_the_runs_numbers(run):
    sentence = verdict(run, 0)
    probability = run.curves["target_probability"][:, 0]
    assert percent(float(probability[-1])) in sentence and percent(float(probability[0])) in sentence
    assert f"{255 * run.metadata['images']['change'][0]['inside']:.1f} of 255" in sentence
    assert "-0" not in losses(run, 0) and "nan" not in losses(run, 0)


@pytest.mark.parametrize(("share", "text"), [(1.0, "over 99.9 %"), (0.0, "under 0.1 %"), (0.5, "50.0 %")])
def test_percent_never_claims_certainty(share, text):
    assert percent(share) == text


def test_png_is_the_last_frame_pixel_for_pixel(run):
    picture = np.asarray(Image.open(io.BytesIO(run_png(run, 0))))
    assert np.array_equal(picture, run.frames[-1, 0].transpose(1, 2, 0))


def test_webp_animation_is_lossless_and_gif_has_as_many_frames(run):
    scale = max(1, 224 // run.frames.shape[-1])
    animation = Image.open(io.BytesIO(run_animation(run, 0, "WEBP")))
    for frame, pixels in ((0, run.frames[0, 0]), (animation.n_frames - 1, run.frames[-1, 0])):
        animation.seek(frame)
        shown = np.asarray(animation.convert("RGB"))[::scale, ::scale]
        assert np.array_equal(shown, pixels.transpose(1, 2, 0))
    assert animation.n_frames == min(61, len(run.frames))
    gif = Image.open(io.BytesIO(run_animation(run, 0, "GIF")))
    assert gif.is_animated and gif.size == animation.size


def test_json_holds_settings_curves_and_predictions(run):
    content = json.loads(run_json(run))
    assert content["config"].items() >= run.config.to_json().items()
    assert content["curves"]["loss"][0][-1] == pytest.approx(float(run.curves["loss"][-1, 0]))
    assert len(content["top_classes_after"][0]) == 5


def test_amplified_change_is_grey_where_nothing_changed_and_exact_elsewhere():
    start = np.full((3, 2, 2), 100 / 255, dtype=np.float32)
    image = np.full((3, 2, 2), 100, dtype=np.uint8)
    image[0, 0, 0] = 103
    picture = amplified_change(image, start, 10)
    assert picture[1, 1].tolist() == [128, 128, 128]
    assert picture[0, 0].tolist() == [158, 128, 128]


def test_to_picture_rounds_floats():
    assert to_picture(np.full((3, 1, 1), 0.5, dtype=np.float32)).tolist() == [[[128, 128, 128]]]


@pytest.mark.parametrize("values", [[0.0, 0.0], [0.0, 1e-9, 2.0], [5.0], [1e4, 1e-6]])
def test_curve_chart_draws_any_losses_inside_the_frame(values):
    chart = curve_chart("Loss", [Curve("a", np.array(values))], steps=10, log=True)
    assert "nan" not in chart and "inf" not in chart
    points = chart.split('points="')[1].split('"')[0].split()
    assert all(0 <= float(point.split(",")[1]) <= 170 for point in points)


def test_origin_of_an_untrusted_run_is_drawn_without_its_optional_parts(run):
    bare = replace(run, metadata={**run.metadata, "images": {}, "source": {}})
    assert "unknown" in origin(bare) and verdict(bare, 0).endswith(".")
