"""A map that sharpens in the app: its text, and the script continues its file."""

import io
import shlex

import numpy as np
import pytest

from core.classifiers.registry import load_classifier
from core.data.datasets import load_dataset
from core.data.samples import load_samples
from core.fourier.maps.heatmap import Heatmap
from core.sweep.__main__ import main
from core.sweep.loop.config import SweepConfig
from core.sweep.maps import growing_heatmaps
from ui.sweeps.images import SweepImages, read_upload
from ui.sweeps.panel import progress_text
from ui.sweeps.sharpening import PrecisionPoint, passes_to_next_point, script_command, sharpening, sweep_options


def archive(side=32, **changes):
    images = np.random.default_rng(0).integers(0, 256, (8, side, side, 3), dtype=np.uint8)
    arrays = {"images": images, "labels": np.arange(8) % 2, "classes": np.array(["cat", "dog"])} | changes
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def test_time_to_the_next_point_follows_the_last_two_rounds():
    assert passes_to_next_point([PrecisionPoint(8.0, 1000)], 10**6) == (7, round(1000 * (8 / 7) ** 2))
    rounds = [PrecisionPoint(16.0, 1000), PrecisionPoint(8.0, 4000)]  # halved with four times the passes
    assert passes_to_next_point(rounds, 10**6) == (7, round(4000 * (8 / 7) ** 2))
    assert passes_to_next_point(rounds, 5000) is None
    assert passes_to_next_point([PrecisionPoint(0.9, 1000)], 10**6) is None
    assert passes_to_next_point([PrecisionPoint(5.0, 1000), PrecisionPoint(4.9999, 4000)], 10**6) is None


def test_a_map_begun_in_the_app_goes_on_by_the_command_shown(tmp_path, monkeypatch, capsys):
    (tmp_path / "two words.npz").write_bytes(archive())
    chosen = read_upload(archive(), "two words.npz")
    config = SweepConfig(side=3, epsilon=15.7, batch_size=8, **sweep_options(8))
    classifier = load_classifier("mini-clip", chosen.dataset.classes)
    states = sharpening(growing_heatmaps(classifier, chosen.dataset, config))
    state = next(state for state in states if len(state.rounds) == 1)
    assert "5 of 8 images under every wave, the estimate is precise to ±" in progress_text(state)
    assert state.estimated is state.heatmap and 0 < state.share < 1
    state.heatmap.save(tmp_path / "map.npz")
    monkeypatch.chdir(tmp_path)
    command = shlex.split(script_command(state.heatmap, chosen.script))
    assert command[command.index("--epsilon") + 1] == "15.7"
    assert main(command[3:]) == 0
    assert "9 of 9 cells, estimated to" in capsys.readouterr().out
    *_, whole = states
    more = Heatmap.load("map.npz")
    np.testing.assert_array_equal(more.top1_errors, whole.heatmap.top1_errors)


def test_an_uploaded_archive_is_what_the_script_reads(tmp_path):
    (tmp_path / "mine.npz").write_bytes(archive())
    chosen, read = read_upload(archive(), "mine.npz"), load_dataset(tmp_path / "mine.npz")
    assert isinstance(chosen, SweepImages) and chosen.dataset.content_hash == read.content_hash
    assert (chosen.dataset.name, chosen.dataset.split) == (read.name, read.split) and chosen.classes.names == (
        "cat",
        "dog",
    )
    samples = load_samples("cifar10-samples")
    known = archive(classes=np.array(samples.classes.names))
    assert read_upload(known, "known.npz").classes == "cifar10"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"PK nothing", "not a usable image archive"),
        (archive(side=20), "images of 20 x 20 pixels; expected 32 x 32 or 224 x 224"),
        (archive(labels=np.arange(8)), "labels should be 0 to 1, go from 0 to 7"),
        (archive(labels=np.zeros(8)), "labels should be whole numbers"),
        (archive(classes=np.array(["cat", " "])), "no empty name"),
        (archive(classes=np.array([f"class {k}" for k in range(101)])), "101 classes; this server takes 2 to 100"),
        (archive(images=np.zeros((2001, 32, 32, 3), np.uint8), labels=np.zeros(2001, int)), "at most 2,000"),
    ],
)
def test_a_bad_archive_gets_a_sentence(data, message):
    assert message in read_upload(data, "[x](y).npz")
