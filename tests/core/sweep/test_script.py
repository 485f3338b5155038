"""The script over other transforms than waves as users run it: complete, resumed, refused."""

from dataclasses import dataclass

import numpy as np
import pytest

from core.data.corruptions import CORRUPTIONS
from core.fourier.outcomes import BLOCKS, CorruptionOutcomes, HybridOutcomes, StoredGradient
from core.sweep.__main__ import main, parse_cutoffs
from core.sweep.transforms import default_cutoffs
from tests.core.sweep.killed import kill_when_written


@dataclass(frozen=True)
class Script:
    """Facts about one command. slow: arguments that leave time to kill it. rows: number that it then measures."""

    name: str
    outcomes: type
    options: tuple
    slow: tuple
    rows: int
    fewer: tuple  # those of `options` with smaller counts
    tells: str

    def main(self, arguments):
        return main([self.name, *arguments])


SCRIPTS = {
    script.name: script
    for script in (
        Script(
            "hybrids",
            HybridOutcomes,
            ("--pairs", "30", "--cutoffs", "2,4,8"),
            ("--cutoffs", ",".join(str(k / 4) for k in range(4, 44))),
            41,
            ("--pairs", "3"),
            "30 pairs, ",
        ),
        Script(
            "corruptions",
            CorruptionOutcomes,
            (),
            ("--batch-size", "1"),
            25,
            ("--pictures", "3"),
            "20 pictures; clean top-1 error ",
        ),
    )
}
each_script = pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)


def command(script, archive, output, *more, name="mini-resnet"):
    options = ("--classifier", name, "--dataset", archive, "--device", "cpu", "--output", output)
    return [*map(str, options), *script.options, *more]


@each_script
def test_a_run_is_kept_with_its_provenance_and_repeats_itself(script, archive, tmp_path, capsys):
    output = tmp_path / "one.npz"
    assert script.main(command(script, archive, output)) == 0
    assert script.tells in capsys.readouterr().out and [path.name for path in tmp_path.iterdir()] == ["one.npz"]
    outcomes = script.outcomes.load(output)
    assert outcomes.measured.all() and outcomes.metadata["source"]["wall_seconds"] > 0
    assert (
        outcomes.metadata["classifier"]["name"] == "mini-resnet"
        and len(outcomes.metadata["classifier"]["sha256"]) == 64
    )
    written = output.read_bytes()
    assert script.main(command(script, archive, output)) == 0 and output.read_bytes() == written  # nothing was left


@pytest.mark.slow
@each_script
def test_a_killed_run_goes_on_by_the_same_command(script, archive, tmp_path):
    output, whole = tmp_path / "killed.npz", tmp_path / "whole.npz"
    arguments = command(script, archive, output, *script.slow)
    kill_when_written("core.sweep", [script.name, *arguments], output)
    assert 0 < script.outcomes.load(output).measured.sum() < script.rows
    assert script.main(arguments) == 0 == script.main(command(script, archive, whole, *script.slow))
    resumed, at_once = (script.outcomes.load(path).arrays() for path in (output, whole))
    for name, values in at_once.items():
        np.testing.assert_array_equal(resumed[name], values)


@each_script
def test_other_settings_on_the_same_output_are_refused(script, archive, tmp_path, capsys):
    output = tmp_path / "one.npz"
    assert script.main(command(script, archive, output, *script.fewer)) == 0
    for more, name, why in (
        ((*script.fewer, "--seed", "1"), "mini-resnet", "(seed '0', not '1'); choose another --output"),
        ((), "mini-resnet", "'3', not '"),
        (script.fewer, "mini-clip", "classifier.name 'mini-resnet', not 'mini-clip'; "),
    ):
        assert script.main(command(script, archive, output, *more, name=name)) == 2
        text = capsys.readouterr().err
        assert f"one.npz holds {script.name} of other settings" in text and why in text
    output.write_bytes(b"nothing of the kind")
    assert script.main(command(script, archive, output)) == 2
    assert f"not a {script.outcomes.FILE.name}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("script", "options", "why"),
    [
        *((script, options, why) for script in SCRIPTS for options, why in (
            (["--output", "map.png"], "ends in .npz"),
            (["--output", "nowhere/map.npz"], "does not exist"),
        )),
        ("corruptions", ["--output", "map.npz", "--pictures", "0"], "--pictures"),
        ("hybrids", ["--output", "map.npz", "--pairs", "0"], "--pairs"),
        ("hybrids", ["--output", "map.npz", "--cutoffs", "1,x"], "--cutoffs"),
    ],
)  # fmt: skip
def test_options_that_mean_nothing_are_refused(script, options, why, capsys):
    with pytest.raises(SystemExit):
        SCRIPTS[script].main(["--classifier", "mini-resnet", "--dataset", "cifar10", *options])
    assert why in capsys.readouterr().err


def test_every_error_is_told(archive, tmp_path, capsys):
    script, output = SCRIPTS["corruptions"], tmp_path / "one.npz"
    assert script.main(command(script, archive, output)) == 0
    stdout, outcomes = capsys.readouterr().out, CorruptionOutcomes.load(output)
    assert outcomes.pictures == 20 and outcomes.keys == tuple(CORRUPTIONS)
    assert all(row.label in stdout for row in CORRUPTIONS.values())
    assert f"{100 * outcomes.errors('fog', strength=3).measured.value:.1f} (" in stdout.splitlines()[-1]


def test_cutoffs_are_numbers_between_commas(archive, tmp_path):
    assert parse_cutoffs("1,2.5,4") == (1, 2.5, 4)
    script, output = SCRIPTS["hybrids"], tmp_path / "one.npz"
    assert script.main(command(script, archive, output)) == 0
    outcomes = HybridOutcomes.load(output)
    assert outcomes.cutoffs.tolist() == [2, 4, 8] and outcomes.pairs == 30


def test_photographs_are_mixed_at_their_own_side(tmp_path):
    output = tmp_path / "photographs.npz"
    arguments = [
        "hybrids",
        "--classifier",
        "efficientnet-lite0",
        "--dataset",
        "photographs",
        "--pairs",
        "3",
        "--cutoffs",
        "1,224",
    ]
    assert main([*arguments, "--output", str(output)]) == 0
    outcomes = HybridOutcomes.load(output)
    assert outcomes.metadata["image_size"] == 224 and len(outcomes.metadata["class_names"]) == 1000
    # almost only the low picture's waves, so its prediction equals that for the unmixed picture
    np.testing.assert_array_equal(outcomes.says[0, 1], outcomes.predictions[0] == outcomes.labels[0])
    assert default_cutoffs(224)[0] == 1 and default_cutoffs(224)[-1] == pytest.approx(112, rel=0.05)


def test_gradients_have_a_row_for_each_block_of_pictures(archive, tmp_path, capsys):
    output = tmp_path / "one.npz"
    line = ["gradients", "--classifier", "mini-resnet", "--dataset", str(archive), "--device", "cpu", "--output"]
    assert main([*line, str(output)]) == 0 and "20 pictures; mean energy " in capsys.readouterr().out
    gradient = StoredGradient.load(output)
    assert gradient.counts.tolist() == [1] * BLOCKS and np.isfinite(gradient.blocks).all()
    assert gradient.side == 31 and gradient.maps(gradient.energy).mean() == pytest.approx(1, abs=1e-3)
    assert main([*line, str(tmp_path / "few.npz"), "--limit", "19"]) == 2
    assert "gradients need at least 20 pictures; there are 19" in capsys.readouterr().err
