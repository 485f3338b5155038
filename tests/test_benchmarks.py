"""A guard against gross regressions, by one ratio with a wide margin, and what a script of benchmarks prints."""

import argparse
import json
from importlib.metadata import version

import pytest

from benchmarks.measure import Row, rows_of, run_script


@pytest.mark.slow
def test_a_step_is_as_fast_as_bare_passes_and_ends_as_foolbox():
    rows = rows_of("pgd", "mini-resnet", "--batch", "1", "--rounds", "15", "--clock", "cpu")
    values = {(row.name, row.unit): row.value for row in rows}
    assert values["PGD step, inpainting", "ratio"] < 2.5  # of processor time; 1.1 on a quiet machine
    assert max(value for (_, unit), value in values.items() if unit == "largest difference") < 0.1


def test_a_script_prints_its_rows_as_markdown_or_as_json(capsys):
    rows = [Row("sweep", 0.971234, "ratio", ">= 0.9", "bare"), Row("fit", 1.5, "s")]
    assert run_script(lambda _: iter(rows), argparse.ArgumentParser(), []) == rows
    lines = ["| sweep | 0.9712 | ratio | >= 0.9 | bare |", "| fit | 1.5 | s |  |  |"]
    assert "\n".join(lines) in capsys.readouterr().out
    run_script(lambda _: iter(rows), argparse.ArgumentParser(), ["--json"])
    printed = json.loads(capsys.readouterr().out)
    assert [Row(**row) for row in printed["rows"]] == rows
    assert printed["facts"]["streamlit"] == version("streamlit") and " cores" in printed["facts"]["machine"]
