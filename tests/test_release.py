"""A release: one version everywhere, a wheel whose commands run, and a licence for all that ships."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from core.classifiers.registry import CLASSIFIERS, bundled_specs
from core.data.stored import VERSION
from core.fourier.heatmap import Heatmap
from tests.test_commands import COMMANDS
from tests.test_python import readme_lines

ROOT = Path(__file__).parents[1]
LICENCES = (ROOT / "docs/files.md").read_text(encoding="utf-8").partition("## Licences")[2]


def test_version_is_consistent():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    released = re.search(
        r"^## (\S+) (?!\(unreleased)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert citation["version"] == VERSION == released[1]
    assert f"Version {VERSION}" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_shipped_files_and_downloads_have_licences():
    rows = [row for row in LICENCES.splitlines() if row.startswith("| ")]
    for folder in (ROOT / "precomputed/samples").iterdir():
        provenance = json.loads((folder / "provenance.json").read_text("utf-8"))
        for photograph in provenance.get("photographs", ()):
            [row] = [row for row in rows if f"[{photograph['file']}]" in row]
            assert f"| {photograph['author']} | {photograph['licence']} |" in row
        assert f"`samples/{folder.name}/`" in LICENCES
    for spec in CLASSIFIERS.values():
        [row] = [row for row in rows if f"`{spec.name}`" in row]
        assert f"| {spec.licence} |" in row, spec.name
    assert {spec.licence for spec in bundled_specs().values()} == {"MIT"}
    runtime = json.loads((ROOT / "web/runtime/package.json").read_text())["dependencies"]
    for name in runtime.keys() - {"esbuild"}:  # which is not part of the page
        assert f"`{name}` {runtime[name]}" in LICENCES


@pytest.mark.slow
def test_wheel_runs_without_checkout(tmp_path):
    """Dependencies are those of this environment; that a clean one gets them is pip's part."""
    source, site = tmp_path / "source", tmp_path / "site"
    source.mkdir()
    for name in ("core", "precomputed"):  # a copy: setuptools leaves a folder `build` beside what it reads
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "requirements.txt", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, source], check=True)
    [wheel] = tmp_path.glob("*.whl")
    assert wheel.name == f"clip_robustness_lab-{VERSION}-py3-none-any.whl"
    subprocess.run([*pip, "install", "--no-deps", "--target", site, wheel], check=True)
    info = f"clip_robustness_lab-{VERSION}.dist-info"
    assert {path.name for path in site.iterdir()} == {"core", "precomputed", info}
    assert list(site.glob("*.dist-info/licenses/LICENSE"))
    network = ["--classifier", "mini-resnet", "--dataset", "cifar10-samples", "--limit", "4"]
    first = shlex.split(COMMANDS[0].text)
    assert first[:3] == ["python", "-m", "core.pgd"]

    def run(*command):
        environment = os.environ | {"PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}  # only the wheel's packages
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    for command in (
        ["-m", "core.sweep", "waves", *network, "--size", "3", "--output", "map.npz"],
        [*first[1:], "--steps", "2"],
    ):
        done = run(sys.executable, *command)
        assert done.returncode == 0, done.stderr
    assert Heatmap.load(tmp_path / "map.npz").size == 3 and (tmp_path / "drawn" / "grid.png").is_file()
    (tmp_path / "map.npz").unlink()
    lines = run(sys.executable, "-c", readme_lines())
    assert lines.returncode == 0 and Heatmap.load(tmp_path / "map.npz").size == 7, lines.stderr
    assert (site / "core" / "py.typed").is_file()
