"""Texts, charts and downloads of a run."""

import base64
import io
import re
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from core.pgd.run import PGDRun
from core.pgd.settings import PENALTIES
from core.pgd.starts import OPENING, RUNS, stored_classifier
from core.shared.numbers import confidence
from tests.ui.run_forge import sound_run
from ui.runs.outcome import run_animation, run_facts, run_picture
from ui.runs.replay import stored_example
from ui.shared.pictures import Figure, picture_row, to_picture

STORED = sorted(RUNS.glob("*.npz"))


@pytest.fixture(scope="module", params=["inpainting", "generation"])
def run(request) -> PGDRun:
    return PGDRun.load(next(path for path in STORED if path.stem.startswith(request.param)))


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_stored_runs_load_and_say_where_they_come_from(path):
    stored = PGDRun.load(path)
    kind, name = path.stem.partition("_")[0], stored_classifier(path)
    assert (
        stored.metadata["kind"] == ("generation" if kind == OPENING else kind)
        and stored.metadata["classifier"]["name"] == name
    )
    assert path.stem.endswith("__views") == (stored.config.search == "views")
    assert run_facts(stored)["Computed"].startswith("20") and "None" not in str(run_facts(stored))
    assert path.stat().st_size < 2e6


def test_stored_example_prefers_the_size_then_the_classifiers():
    for kind in ("inpainting", "generation"):
        example = stored_example(kind, "photographs", ["efficientnet-lite0"], "eq3")
        assert example is not None and example.runs[0].start.shape[-1] == 224
    assert stored_example("nothing", "photographs", [], "eq3") is None


@pytest.mark.parametrize("penalty", ["eq3", "mean_square"])
@pytest.mark.parametrize("pair", [("mini-clip", "mini-clip-robust"), ("efficientnet-lite0",)], ids="+".join)
def test_stored_example_has_the_chosen_penalty_and_classifiers(pair, penalty):
    example = stored_example("inpainting", "photographs" if len(pair) == 1 else "cifar10", pair, penalty)
    assert tuple(run.metadata["classifier"]["name"] for run in example.runs) == pair
    assert {run.metadata["objective"]["penalty"] for run in example.runs} == {penalty}


def test_run_file_of_any_version_says_which_rule_it_used():
    sentences = set()
    for penalty in PENALTIES:
        run = sound_run("inpainting")
        run = replace(run, metadata={**run.metadata, "objective": {**run.metadata["objective"], "penalty": penalty}})
        loaded = PGDRun.from_bytes(run.to_bytes(), name="run")
        assert loaded.metadata["objective"]["penalty"] == penalty
        sentences.add(run_facts(loaded)["Settings"])
    assert len(sentences) == len(PENALTIES)


def test_losses_are_numbers(run):
    loss = run_facts(run)["Loss"]
    assert "-0" not in loss and "nan" not in loss


@pytest.mark.parametrize(("share", "text"), [(1.0, "over 99.9 %"), (0.0, "under 0.1 %"), (0.5, "50.0 %")])
def test_percent_never_claims_certainty(share, text):
    assert confidence(share) == text


@pytest.fixture(scope="module")
def pair() -> list[PGDRun]:
    return [PGDRun.load(RUNS / f"inpainting_cifar10-5__{name}.npz") for name in ("mini-clip", "mini-clip-robust")]


def tiles(image: Image.Image, count: int) -> list[np.ndarray]:
    """The pictures of a sheet without gaps and captions."""
    pixels = np.asarray(image.convert("RGB"))
    assert pixels.shape[1] == count * 224 + (count - 1) * 8
    return [pixels[:224, 232 * k : 232 * k + 224] for k in range(count)]


def enlarge(pixels: np.ndarray) -> np.ndarray:
    picture = Image.fromarray(pixels.transpose(1, 2, 0))
    return np.asarray(picture.resize((224, 224), Image.Resampling.BICUBIC))


def test_picture_shows_the_original_and_the_last_frame_of_each_run(pair):
    pictures = tiles(Image.open(io.BytesIO(run_picture(pair, 0))), 3)
    for tile, pixels in zip(pictures, (pair[0].original[0], *(run.frames[-1, 0] for run in pair)), strict=True):
        assert np.array_equal(tile, enlarge(pixels))


def test_animation_is_lossless_smooth_and_ends_with_the_last_frame(pair):
    animation = Image.open(io.BytesIO(run_animation(pair, 0)))
    assert animation.n_frames == min(61, len(pair[0].frames))
    for number, frame in ((0, 0), (animation.n_frames - 1, -1)):
        animation.seek(number)
        for tile, run in zip(tiles(animation, 3)[1:], pair, strict=True):
            assert np.array_equal(tile, enlarge(run.frames[frame, 0]))


def test_photograph_is_taken_away_pixel_for_pixel():
    run = PGDRun.load(RUNS / "inpainting_photographs-0__efficientnet-lite0.npz")
    original, last = tiles(Image.open(io.BytesIO(run_picture([run], 0))), 2)
    assert np.array_equal(original, run.original[0].transpose(1, 2, 0))
    assert np.array_equal(last, run.frames[-1, 0].transpose(1, 2, 0))


@pytest.mark.parametrize("size", [32, 224])
def test_picture_row_is_lossless_and_enlarged_by_the_browser_smoothly(size):
    picture = np.random.default_rng(0).integers(0, 256, (size, size, 3), dtype=np.uint8)
    row = picture_row([Figure("start", "", picture)])
    (png,) = re.findall(r'src="data:image/png;base64,([^"]+)"', row)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(png)))), picture)
    assert "image-rendering" not in row


def test_to_picture_rounds_floats():
    assert to_picture(np.full((3, 1, 1), 0.5, dtype=np.float32)).tolist() == [[[128, 128, 128]]]


def test_origin_of_an_untrusted_run_is_drawn_without_its_optional_parts(run):
    bare = replace(run, metadata={**run.metadata, "images": {}, "source": {}})
    facts = run_facts(bare)
    assert "unknown" in facts["Picture"] and "unknown" in facts["Computed"] and "%" in facts["Its probability"]


def change_by_hand(run: PGDRun, frame: int, row: int) -> tuple[float, float]:
    """Mean change in and around the hole of a frame, out of 255, pixel by pixel."""
    inside, outside = [], []
    _, height, width = run.start[row].shape
    for y in range(height):
        for x in range(width):
            change = [
                abs(int(run.frames[frame, row, c, y, x]) - round(float(run.start[row, c, y, x]) * 255))
                for c in (0, 1, 2)
            ]
            in_hole = run.mask is None or run.mask[0, 0, y, x]
            (inside if in_hole else outside).append(sum(change) / 3)
    return sum(inside) / len(inside), sum(outside) / max(1, len(outside))


@pytest.mark.parametrize("penalty", ["", "-mean-square"])
def test_outcome_says_of_the_stored_pair_what_its_files_say(penalty):
    runs = [
        PGDRun.load(RUNS / f"inpainting_cifar10-5{penalty}__{name}.npz") for name in ("mini-clip", "mini-clip-robust")
    ]
    for run in runs:
        change, facts = run.metadata["images"]["change"][0], run_facts(run)
        assert facts["Mean change of the hole"] == f"{255 * change['inside']:.1f} of 255"
        # Independent of the stored start: comparing the last frame with the original outside the hole gives the same.
        assert change_by_hand(run, len(run.frames) - 1, 0)[0] == pytest.approx(255 * change["inside"], abs=0.5)
        assert facts["Steps"] == "720 of 720"


def test_default_pair_shows_the_contrast_that_the_page_is_about():
    """Both become confident, and nothing outside the hole changes, under Eq. 3, minimised."""
    runs = stored_example("inpainting", "cifar10", ("mini-clip", "mini-clip-robust"), "eq3").runs
    assert all(float(run.curves["target_probability"][-1, 0]) > 0.9 for run in runs)
    assert all(run.metadata["images"]["change"][0]["outside"] == 0 for run in runs)


@pytest.mark.parametrize("start", ["blur", "independent"])
def test_stored_drawings_are_those_of_the_chosen_start(start):
    runs = stored_example("generation", "cifar10", ("mini-clip", "mini-clip-robust"), start).runs
    assert {run.metadata["images"]["start"] for run in runs} == {start} and len(runs) == 2


def test_numbers_of_several_pictures_are_their_means(run):
    first, last = (confidence(float(share)) for share in run.curves["target_probability"][[0, -1]].mean(axis=1))
    norm, facts = run.curves["perturbation_norm"][-1].mean(), run_facts(run)
    assert facts["Its probability"] == f"{first} → {last}"
    assert facts["Change (L2 norm)"] == f"{norm:.2f} of at most {run.config.epsilon:.3g}"
