"""The script, as users run it: whole, resumed, refused, and its figure."""

import numpy as np
import pytest

from core.sweep.hybrid.__main__ import main, parse_cutoffs
from core.sweep.hybrid.outcomes import HybridOutcomes
from core.sweep.hybrid.pairs import default_cutoffs
from tests.core.sweep.killed import kill_when_written


def command(archive, output, *more, cutoffs="2,4,8", name="mini-resnet"):
    given = ("--classifier", name, "--dataset", archive, "--pairs", "30", "--cutoffs", cutoffs, "--device", "cpu")
    return [*map(str, given), "--output", str(output), *more]


def test_a_run_is_kept_with_its_provenance_and_repeats_itself(archive, tmp_path, capsys):
    output = tmp_path / "one.npz"
    assert main(command(archive, output)) == 0
    assert "30 pairs, " in capsys.readouterr().out and [path.name for path in tmp_path.iterdir()] == ["one.npz"]
    found = HybridOutcomes.load(output)
    assert found.cutoffs.tolist() == [2, 4, 8] and found.done == 3 and found.pairs == 30
    assert found.metadata["classifier"]["name"] == "mini-resnet" and len(found.metadata["classifier"]["sha256"]) == 64
    assert found.metadata["source"]["wall_seconds"] > 0
    written = output.read_bytes()
    assert main(command(archive, output)) == 0 and output.read_bytes() == written  # nothing was left to do


def test_photographs_are_mixed_at_their_own_side(tmp_path, capsys):
    output = tmp_path / "photographs.npz"
    words = ["--classifier", "efficientnet-lite0", "--dataset", "photographs", "--pairs", "3", "--cutoffs", "1,224"]
    assert main([*words, "--output", str(output)]) == 0
    found = HybridOutcomes.load(output)
    assert found.metadata["image_size"] == 224 and len(found.metadata["class_names"]) == 1000
    # almost all of the low picture's waves, so what is said of it unmixed
    np.testing.assert_array_equal(found.says[0, 1], found.predictions[0] == found.labels[0])
    assert default_cutoffs(224)[0] == 1 and default_cutoffs(224)[-1] == pytest.approx(112, rel=0.05)


def test_a_killed_run_goes_on_by_the_same_command(archive, tmp_path):
    cutoffs = ",".join(str(k / 4) for k in range(4, 44))
    output, whole = tmp_path / "killed.npz", tmp_path / "whole.npz"
    kill_when_written("core.sweep.hybrid", command(archive, output, cutoffs=cutoffs), output)
    done = HybridOutcomes.load(output).done
    assert 0 < done < 40
    assert main(command(archive, output, cutoffs=cutoffs)) == 0 == main(command(archive, whole, cutoffs=cutoffs))
    resumed, at_once = HybridOutcomes.load(output), HybridOutcomes.load(whole)
    for name in ("says", "predictions", "clipped"):
        np.testing.assert_array_equal(getattr(resumed, name), getattr(at_once, name))


def test_other_settings_on_the_same_output_are_refused(archive, tmp_path, capsys):
    output = tmp_path / "one.npz"
    assert main(command(archive, output)) == 0
    for other in (command(archive, output, "--seed", "1"), command(archive, output, name="mini-clip")):
        assert main(other) == 2 and "other settings; choose another --output" in capsys.readouterr().err
    output.write_bytes(b"no file of hybrids")
    assert main(command(archive, output)) == 2 and "not a file of hybrids" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--output", "map.png"], "ends in .npz"),
        (["--output", "nowhere/map.npz"], "does not exist"),
        (["--output", "map.npz", "--pairs", "0"], "--pairs"),
        (["--output", "map.npz", "--cutoffs", "1,x"], "--cutoffs"),
        (["--output", "map.npz", "--edge", "soft"], "--edge"),
    ],
)
def test_options_that_mean_nothing_are_refused(words, why, capsys):
    with pytest.raises(SystemExit):
        main(["--classifier", "mini-resnet", "--dataset", "cifar10", *words])
    assert why in capsys.readouterr().err


def test_cutoffs_are_numbers_between_commas():
    assert parse_cutoffs("1,2.5,4") == (1, 2.5, 4)


def test_the_figure_names_its_networks_and_is_the_same_each_time(archive, tmp_path, capsys):
    files = [tmp_path / f"{name}.npz" for name in ("mini-resnet", "mini-resnet-robust")]
    for path in files:
        assert main(command(archive, path, name=path.stem)) == 0
    svg, png = tmp_path / "figure.svg", tmp_path / "figure.png"
    assert main(["plot", *map(str, files), "--output", str(svg)]) == 0
    first = svg.read_bytes()
    assert main(["plot", *map(str, files), "--output", str(svg)]) == 0
    assert (
        svg.read_bytes() == first and first.startswith(b"<?xml") and "mini-resnet-robust: " in capsys.readouterr().out
    )
    assert main(["plot", str(files[0]), "--output", str(png)]) == 0
    assert png.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(SystemExit):
        main(["plot", str(files[0]), "--output", "figure.pdf"])
    assert main(["plot", str(tmp_path / "none.npz"), "--output", str(png)]) == 2
