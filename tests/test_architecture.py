"""Import rules: no cycles, no Streamlit in the engine, and no torch on import or for a first paint."""

import ast
import contextlib
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

import core

ROOT = Path(__file__).parents[1]
MAX_ENTRIES = 8  # of a folder of code, without `__init__.py` and a README
# Packages from the ground; two on one floor do not import each other.
FLOORS = {
    "core": (
        ("shared",),
        ("data",),
        ("classifiers", "fourier"),
        ("pgd", "sweep"),
        ("claims",),
        ("reproduce",),
    ),
    "ui": (
        ("components", "server"),
        ("shared",),
        ("maps", "runs"),
        ("tools",),
        ("story",),
        ("pages",),
    ),
}
# What others import of the app: the article what it shows as well.
OFFERED = {
    "web": {"components", "shared", "maps", "tools", "story", "pages"},
    "core": set(),
    "precomputed": set(),
    "benchmarks": set(),
}


def module_name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {
    module_name(path): path
    for top in ("core", "ui", "web", "precomputed", "benchmarks")
    for path in (ROOT / top).rglob("*.py")
}


def modules_after(code):
    """Top-level names of the modules loaded by a fresh interpreter after running `code`."""
    script = f"import sys\n{code}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


def imports_of(source, *, types):
    """Our modules that a source text imports, also inside functions; `types`: include imports for type checkers."""
    modules = set()

    def visit(node):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not types:
            return
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                modules.add(inner if inner in MODULES else node.module)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(source))
    return modules & MODULES.keys()


def all_imports(*, types):
    return {name: imports_of(path.read_text("utf-8"), types=types) for name, path in MODULES.items()}


def packages(graph, *, whole):
    """The graph of packages and of files beside them: a package as one node, or its inner packages apart."""
    names = graph.keys() | set().union(*graph.values())
    package = {name: ".".join(name.split(".")[: 2 if whole else max(2, name.count("."))]) for name in names}
    joined = {name: set() for name in package.values()}
    for name, imported in graph.items():
        joined[package[name]] |= {package[module] for module in imported} - {package[name]}
    return joined


def order(graph):
    """Sort modules after those they import; raise CycleError, naming them, if there is a cycle."""
    return list(graphlib.TopologicalSorter(graph).static_order())


def test_no_module_imports_itself_by_way_of_others_not_even_for_types():
    assert len(order(all_imports(types=True))) >= len(MODULES)


def test_no_package_imports_itself_by_way_of_others_not_even_for_types():
    graph = packages(all_imports(types=True), whole=True)
    assert {"core.fourier", "core.shared", "ui.maps"} <= graph.keys() and len(order(graph)) == len(graph)
    assert "core.classifiers" not in graph["core.claims"], "maps are judged without loading any network"
    inner = packages(all_imports(types=True), whole=False)
    assert {"ui.maps", "ui.runs"} <= inner.keys() and len(order(inner)) == len(inner)


@pytest.mark.parametrize("top", FLOORS)
def test_packages_import_lower_floors_alone(top):
    floors = {f"{top}.{name}": floor for floor, names in enumerate(FLOORS[top]) for name in names}
    graph = packages(all_imports(types=True), whole=True)
    for package, floor in floors.items():
        above = {name for name in graph[package] if name.startswith(f"{top}.") and floors.get(name, 99) >= floor}
        assert not above, (package, above)
    assert {name for name in graph if name.startswith(f"{top}.")} == floors.keys()


@pytest.mark.parametrize("top", OFFERED)
def test_others_import_what_the_app_offers_them(top):
    imports = {name: imported for name, imported in all_imports(types=True).items() if name.split(".")[0] == top}
    taken = set().union(*imports.values())
    assert {name.split(".")[1] for name in taken if name.startswith("ui.")} == OFFERED[top]
    assert top == "web" or not any(name.startswith("web.") for name in taken)


def test_the_check_for_circles_can_fail():
    lazy = imports_of("def load():\n    from core.fourier.heatmap import Heatmap", types=False)
    graph = {
        "core.shared.files": lazy,
        "core.fourier.heatmap": imports_of("from core.shared.files import read_npz", types=False),
    }
    with pytest.raises(graphlib.CycleError, match=r"core\.fourier\.heatmap"):
        order(graph)


@pytest.mark.parametrize("types", [False, True])
def test_the_check_for_circles_of_packages_can_fail_where_no_file_is_in_one(types):
    back = "if TYPE_CHECKING:\n    from core.fourier.heatmap import METRICS"
    graph = {
        "core.fourier.heatmap": imports_of("from core.data.sample_sets import ClassSet", types=types),
        "core.data.datasets": imports_of(back, types=types),
    }
    assert len(order(graph)) == 3
    for whole in (True, False):
        with pytest.raises(graphlib.CycleError, match=r"core\.data") if types else contextlib.nullcontext():
            order(packages(graph, whole=whole))


def test_no_folder_of_code_has_more_entries_than_a_reader_can_hold():
    folders = {path.parent for path in MODULES.values() if path.parts[len(ROOT.parts)] != "precomputed"}
    folders |= {path.parent for name in ("engine", "page") for path in (ROOT / "web" / name).glob("*.js")}

    def counts(path):  # what git leaves of a moved package, its bytecode, is no entry
        files = path.rglob("*") if path.is_dir() else [path]
        return path.name not in ("__init__.py", "README.md") and any(
            file.is_file() and "__pycache__" not in file.parts for file in files
        )

    entries = {
        folder.relative_to(ROOT).as_posix(): {path.name for path in folder.iterdir() if counts(path)}
        for folder in folders
    }
    assert {"ui/components", "core/fourier", "web/page"} <= entries.keys()
    assert not {folder: names for folder, names in entries.items() if len(names) > MAX_ENTRIES}


def test_the_engine_imports_neither_streamlit_nor_pages():
    engine = [name for name in MODULES if name.startswith("core.") and not name.endswith("__main__")]
    assert "core.sweep.waves" in engine and "core.classifiers.classifier" in engine
    loaded = modules_after("\n".join(f"import {name}" for name in engine))
    assert "torch" in loaded and not loaded & {"streamlit", "ui", "precomputed"}


def test_the_check_for_streamlit_can_fail():
    assert "streamlit" in modules_after("import core.fourier.heatmap, streamlit")


def test_importing_the_engine_and_the_pages_does_not_import_torch():
    lazy = ("core.classifiers.classifier", "core.classifiers.networks", "core.pgd.steps")
    names = [name for name in MODULES if name.startswith("core.") and name not in lazy]
    pages = {name for name in MODULES if "ui.pages." in name} - {"ui.pages.navigation"}  # a script that runs on import
    names += sorted(pages)
    assert {"ui.pages.frequency", "core.pgd.run", "core.sweep.__main__"} <= set(names)
    assert "torch" not in modules_after("\n".join(f"import {name}" for name in names))


def test_a_run_of_the_pages_leaves_the_folders_of_imports_alone():
    modules_after(
        "import app, sys\nfrom streamlit.runtime.scriptrunner.exec_code import modified_sys_path\n"
        "before = list(sys.path)\nwith modified_sys_path(str(app.NAVIGATION)):\n    assert sys.path == before"
    )


def test_judging_two_maps_does_not_import_torch():
    loaded = modules_after(
        "from core.claims.claim import NamedMap\nfrom core.claims.verdicts import findings\n"
        "from core.fourier.heatmap import Heatmap\n"
        "named = NamedMap('a', 'a', Heatmap.load('precomputed/heatmaps/mini-clip_cifar10.npz'))\n"
        "assert {found.claim.section for found in findings(named, named, [named])} >= {'3.1', '1', '4', 'ours'}"
    )
    assert "scipy" in loaded and "torch" not in loaded


def test_what_the_server_reads_at_its_start_leaves_the_statistics_of_scipy_alone():
    modules_after("import app\napp.read_pages()\nimport sys\nassert 'scipy.stats' not in sys.modules")


def test_first_prediction_of_a_bundled_clip_waits_for_no_other_library():
    loaded = modules_after(
        "import torch\nfrom core.classifiers.text import parse_class_list\n"
        "from ui.tools.own_words import DEFAULT_CLASSES\n"
        "from ui.server.cache import classifier_for\n"
        "images = torch.rand(1, 3, 32, 32, requires_grad=True)\n"
        "classifier_for('mini-clip', 'cifar10')(images).sum().backward()\n"
        "classifier_for('mini-clip-robust', parse_class_list(DEFAULT_CLASSES))(images)"
    )
    assert "torch" in loaded and not loaded & {"open_clip", "timm", "torchvision"}


def test_every_download_is_by_the_button_whose_file_stays():
    files = [path for path in (ROOT / "ui").rglob("*.py") if "st.download_button" in path.read_text("utf-8")]
    assert files == [ROOT / "ui/shared/page.py"]


def test_core_offers_its_public_names():
    for name in core.__all__:
        assert getattr(core, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = core.nothing


def test_what_checks_the_javascript_is_locked_without_an_address():
    lock = (ROOT / ".ci" / "javascript" / "package-lock.json").read_text("utf-8")
    assert "sha512-" in lock and "://" not in lock and "resolved" not in lock
