"""The script, as users run it: whole, resumed, and refused."""

import numpy as np
import pytest

from core.images.disturbances import DISTURBANCES
from core.sweep.disturb.__main__ import main
from core.sweep.disturb.outcomes import DisturbedOutcomes
from tests.core.sweep.killed import kill_when_written


def command(archive, output, *more, name="mini-resnet"):
    return ["--classifier", name, "--dataset", str(archive), "--device", "cpu", "--output", str(output), *more]


def test_a_run_tells_every_error_is_kept_and_repeats_itself(archive, tmp_path, capsys):
    output = tmp_path / "one.npz"
    assert main(command(archive, output)) == 0
    told = capsys.readouterr().out
    assert "20 pictures; top-1 error undisturbed " in told and [path.name for path in tmp_path.iterdir()] == ["one.npz"]
    found = DisturbedOutcomes.load(output)
    assert found.measured.all() and found.pictures == 20 and found.keys == tuple(DISTURBANCES)
    assert all(row.label in told for row in DISTURBANCES.values())
    assert f"{100 * found.errors('fog', strength=3).measured.value:.1f} (" in told.splitlines()[-1]
    assert found.metadata["classifier"]["name"] == "mini-resnet" and found.metadata["source"]["wall_seconds"] > 0
    written = output.read_bytes()
    assert main(command(archive, output)) == 0 and output.read_bytes() == written  # nothing was left to do


def test_a_killed_run_goes_on_by_the_same_command(archive, tmp_path):
    output, whole = tmp_path / "killed.npz", tmp_path / "whole.npz"
    kill_when_written("core.sweep.disturb", command(archive, output, "--batch-size", "1"), output)
    assert 0 < DisturbedOutcomes.load(output).measured.sum() < 24
    assert main(command(archive, output)) == 0 == main(command(archive, whole))
    resumed, at_once = DisturbedOutcomes.load(output), DisturbedOutcomes.load(whole)
    np.testing.assert_array_equal(resumed.correct, at_once.correct)
    np.testing.assert_allclose(resumed.spectrum, at_once.spectrum, rtol=1e-5)


def test_other_settings_on_the_same_output_are_refused(archive, tmp_path, capsys):
    output = tmp_path / "one.npz"
    assert main(command(archive, output, "--pictures", "3")) == 0
    for other in (
        command(archive, output, "--seed", "1"),
        command(archive, output),
        command(archive, output, name="mini-clip"),
    ):
        assert main(other) == 2 and "other settings; choose another --output" in capsys.readouterr().err
    output.write_bytes(b"nothing of the kind")
    assert main(command(archive, output)) == 2 and "not a file of disturbances" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--output", "map.png"], "ends in .npz"),
        (["--output", "nowhere/map.npz"], "does not exist"),
        (["--output", "map.npz", "--pictures", "0"], "--pictures"),
    ],
)
def test_options_that_mean_nothing_are_refused(words, why, capsys):
    with pytest.raises(SystemExit):
        main(["--classifier", "mini-resnet", "--dataset", "cifar10", *words])
    assert why in capsys.readouterr().err
