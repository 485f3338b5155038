"""Import contracts (pyproject.toml), file lengths, and no torch before the first paint."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import core

ROOT = Path(__file__).parents[1]
ROOMS = ("core", "ui", "precomputed", "web", "benchmarks")
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for room in ROOMS
    for path in (ROOT / room).rglob("*.py")
}
# For each contract of pyproject.toml, a line that breaks it.
FORBIDDEN = {
    "Rooms: each imports only those below it": ("precomputed/makers/recognition.py", "import ui.shared.page"),
    "Packages of core, from the top": ("core/data/datasets.py", "def load():\n    import core.fourier.heatmap"),
    "Packages of ui, from the top": ("ui/maps/rings.py", "import ui.runs.card"),
    "No cycles": ("core/fourier/waves.py", "if TYPE_CHECKING:\n    import core.fourier.heatmap"),
    "Programs and tools are imported by nobody": ("core/reproduce/report.py", "import core.pgd.__main__"),
    "The engine does without Streamlit": ("core/shared/text.py", "def show():\n    import streamlit"),
    "The product does without its tests": ("ui/pages/models.py", "from tests.core import toy"),
    "The article needs no server and no runs": ("web/findings_page.py", "from ui.runs import card"),
    "Maps are judged without any network": ("core/claims/__init__.py", "from core.classifiers import networks"),
}


def broken_contracts(folder):
    """Names of the contracts in pyproject.toml that the modules in a folder break."""
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo", ROOT / "pyproject.toml"]
    printed = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300).stdout
    verdicts = dict(re.findall(r"^(.*) (KEPT|BROKEN)$", printed, re.MULTILINE))
    assert verdicts.keys() == FORBIDDEN.keys(), printed
    return {name for name, verdict in verdicts.items() if verdict == "BROKEN"}


def test_imports_keep_their_contracts():
    assert broken_contracts(ROOT) == set()


def test_every_import_contract_can_fail(tmp_path):
    for path in MODULES.values():
        copy = tmp_path / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    for file, line in FORBIDDEN.values():
        with (tmp_path / file).open("a") as module:
            module.write(f"{line}\n")
    assert broken_contracts(tmp_path) == FORBIDDEN.keys()


def test_files_and_names_of_tests_are_short():
    files = {path: path.read_text("utf-8") for path in (*MODULES.values(), *(ROOT / "tests").rglob("*.py"))}
    assert [path for path, text in files.items() if len(text.splitlines()) > 450] == []
    assert [name for text in files.values() for name in re.findall(r"^def (test_\w{56,})", text, re.MULTILINE)] == []


LAZY = {"core.classifiers.classifier", "core.classifiers.networks", "core.classifiers.zero_shot", "core.pgd.steps"}
PAGES = {name for name in MODULES if "ui.pages." in name}
# In one interpreter, in turn: what runs, and the modules that it leaves alone.
STAGES = {
    "the start of the server": (
        "import app\napp.read_pages()\n"
        "from streamlit.runtime.scriptrunner.exec_code import modified_sys_path\nbefore = list(sys.path)\n"
        "with modified_sys_path(str(app.NAVIGATION)):\n    assert sys.path == before",
        {"scipy.stats", "torch"},
    ),
    "the engine and the pages": (
        "".join(f"import {name}\n" for name in sorted({n for n in MODULES if n.startswith("core.")} - LAZY | PAGES)),
        {"torch"},
    ),
    "judging two maps": (
        "from core.claims.finding import NamedMap\nfrom core.claims.claim_table import findings\n"
        "from core.fourier.heatmap import Heatmap\n"
        "named = NamedMap('a', 'a', Heatmap.load('precomputed/heatmaps/mini-clip_cifar10.npz'))\n"
        "assert findings(named, named, [named])",
        {"torch"},
    ),
}


@pytest.fixture(scope="module")
def loaded():
    """{stage: names of the modules that are loaded after it} of a fresh interpreter."""
    script = "import sys\n" + "".join(f"{code}\nprint(*sys.modules)\n" for code, _ in STAGES.values())
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return {stage: set(line.split()) for stage, line in zip(STAGES, result.stdout.splitlines(), strict=True)}


@pytest.mark.parametrize("stage", STAGES)
def test_slow_libraries_are_not_imported_before_they_are_needed(stage, loaded):
    assert "streamlit" in loaded[stage] and not loaded[stage] & STAGES[stage][1]


def test_core_exports_its_public_names():
    for name in core.__all__:
        assert getattr(core, name) is not None
    names = [
        node for node in ast.walk(ast.parse(Path(core.__file__).read_text("utf-8"))) if isinstance(node, ast.ImportFrom)
    ]
    typed = {name.asname: node.module for node in names for name in node.names if node.module.startswith("core.")}
    assert typed == core._MODULE_OF and dir(core) == core.__all__, "type checkers see what programs get"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = core.nothing


def test_javascript_lock_file_has_no_addresses():
    lock = (ROOT / ".ci" / "javascript" / "package-lock.json").read_text("utf-8")
    assert "sha512-" in lock and "://" not in lock and "resolved" not in lock
