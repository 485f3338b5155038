"""Timing and printing of benchmarks, and a guard against gross regressions, by one ratio with a wide margin."""

import argparse
import json
from importlib.metadata import version

import pytest

from benchmarks import measure
from benchmarks.measure import Row, Times, in_turns, rows_of, run_script, spread


@pytest.mark.slow
def test_a_step_is_not_grossly_slower_than_bare_passes_and_ends_where_foolbox_does():
    rows = rows_of("pgd", "mini-resnet", "--batch", "1", "--rounds", "15", "--clock", "cpu")
    values = {(row.name, row.unit): row.value for row in rows}
    assert values["PGD step, inpainting", "ratio"] < 2.5  # of processor time; 1.1 on a quiet machine
    assert max(value for (_, unit), value in values.items() if unit == "largest difference") < 0.1


@pytest.mark.parametrize(
    ("target", "meets", "misses"),
    [
        ("<= 1.2", [1.2, -1], [1.3, float("nan")]),
        ("< 20", [19.9], [20, float("inf")]),
        (">= 1", [1], [0.9]),
        ("> 0", [1], [0]),
        ("= 0", [0], [1]),
        ("93 to 97", [93, 97], [92.9, 97.1]),
    ],
)
def test_a_row_misses_its_target_or_has_none(target, meets, misses):
    assert not any(Row("", value, "", target).missed for value in meets)
    assert all(Row("", value, "", target).missed for value in misses)
    assert not Row("", float("nan"), "").missed


def test_works_take_turns_and_ratios_are_those_within_a_turn(monkeypatch):
    now, calls = [0.0], []
    monkeypatch.setitem(measure.CLOCKS, "wall", lambda: now[0])

    def work(name, seconds):
        calls.append(name)
        now[0] += seconds * (10 if len(calls) > 6 else 1)  # the machine slows down after three turns

    works = {"a": lambda: work("a", 3.0), "b": lambda: work("b", 2.0)}
    times = in_turns(works, 4, warm_up=1)
    turns = [calls[k : k + 2] for k in range(0, 10, 2)]
    assert all(sorted(turn) == ["a", "b"] for turn in turns) and ["a", "b"] in turns and ["b", "a"] in turns
    assert len(times.seconds["a"]) == 4 and times.ratio("a", "b") == pytest.approx(1.5)
    assert Times({"a": [1.0, 2.0, 9.0]}).median_ms("a") == 2000


def test_a_spread_has_median_95th_percentile_and_largest():
    assert [row.value for row in spread("", range(1, 101), "ms")] == [50.5, 95, 100]
    assert spread("", [], "ms") == []


def test_a_script_prints_its_rows_as_markdown_or_as_json(capsys):
    rows = [Row("sweep", 0.971234, "ratio", ">= 0.9", "bare"), Row("fit", 1.5, "s")]
    assert run_script(lambda _: iter(rows), argparse.ArgumentParser(), []) == rows
    lines = ["| sweep | 0.9712 | ratio | >= 0.9 | bare |", "| fit | 1.5 | s |  |  |"]
    assert "\n".join(lines) in capsys.readouterr().out
    run_script(lambda _: iter(rows), argparse.ArgumentParser(), ["--json"])
    printed = json.loads(capsys.readouterr().out)
    assert [Row(**row) for row in printed["rows"]] == rows
    assert printed["facts"]["streamlit"] == version("streamlit") and " cores" in printed["facts"]["machine"]
