"""Python as the documents print it: the README's ten lines, and the notebook, each in a new folder."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import core

ROOT = Path(__file__).parents[1]
NOTEBOOK = ROOT / "docs/quickstart.ipynb"
MAX_BYTES = 600_000  # of the notebook with its pictures


def readme_lines():
    (block,) = re.findall(r"<!-- python -->\n```python\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    return block


def run_in(folder, code, **environment):
    """Run a program in a folder, with this package and without a display."""
    known = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg", **environment}
    run = subprocess.run([sys.executable, "-c", code], cwd=folder, env=known, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_readme_example_runs(tmp_path):
    assert len([line for line in readme_lines().splitlines() if line]) == 10
    run_in(tmp_path, readme_lines())
    assert core.Heatmap.load(tmp_path / "map.npz").size == 7 and (tmp_path / "castle.png").is_file()


def cells():
    return json.loads(NOTEBOOK.read_text("utf-8"))["cells"]


@pytest.mark.slow
def test_notebook_runs(tmp_path):
    run_in(tmp_path, "\n".join("".join(cell["source"]) for cell in cells() if cell["cell_type"] == "code"))


def test_notebook_is_executed_and_small():
    code = [cell for cell in cells() if cell["cell_type"] == "code"]
    pictures = [output["data"] for cell in code for output in cell["outputs"] if "image/png" in output.get("data", {})]
    assert len(pictures) >= 4 and NOTEBOOK.stat().st_size < MAX_BYTES
    assert not any(output["output_type"] == "error" for cell in code for output in cell["outputs"])
    assert [cell["execution_count"] for cell in code] == [*range(1, 1 + len(code))]
