"""Import rules: no cycles, no Streamlit in the engine, and no torch on import or for a first paint."""

import ast
import graphlib
import re
import subprocess
import sys
from functools import cache, partial
from pathlib import Path

import pytest

import core

ROOT = Path(__file__).parents[1]
# Packages from the ground; two on one floor do not import each other.
FLOORS = {
    "core": (
        ("shared",),
        ("data",),
        ("classifiers", "fourier"),
        ("pgd", "sweep"),
        ("api", "claims"),
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
# What each top imports, besides itself; the article all that the app shows, neither its server nor its runs.
OFFERED = {
    "core": (),
    "ui": ("core",),
    "precomputed": ("core",),
    "benchmarks": ("core",),
    "web": ("core", *(f"ui.{name}" for name in ("components", "shared", "maps", "tools", "story", "pages"))),
}


def module_name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {module_name(path): path for top in OFFERED for path in (ROOT / top).rglob("*.py")}


def imports_of(source):
    """Names of modules that a source text imports, also inside functions and for type checkers."""
    modules = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            modules.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            modules |= inner & MODULES.keys() or {node.module}
    return modules


@cache
def all_imports():
    return {name: imports_of(path.read_text("utf-8")) for name, path in MODULES.items()}


def ours(imports):
    return {name: modules & MODULES.keys() for name, modules in imports.items()}


def packages(imports, *, whole):
    """The graph of packages and of files beside them: a package as one node, or its inner packages apart."""
    graph = ours(imports)
    names = graph.keys() | set().union(*graph.values())
    package = {name: ".".join(name.split(".")[: 2 if whole else max(2, name.count("."))]) for name in names}
    joined = {name: set() for name in package.values()}
    for name, imported in graph.items():
        joined[package[name]] |= {package[module] for module in imported} - {package[name]}
    return joined


def order(graph):
    """Sort modules after those they import; raise CycleError, naming them, if there is a cycle."""
    return list(graphlib.TopologicalSorter(graph).static_order())


GRAPHS = {"files": ours, "packages": partial(packages, whole=True), "inner packages": partial(packages, whole=False)}


@pytest.mark.parametrize("kind", GRAPHS)
def test_nothing_imports_itself_by_way_of_others(kind):
    graph = GRAPHS[kind](all_imports())
    assert {"files": "core.fourier.waves"}.get(kind, "core.fourier") in graph and len(order(graph)) == len(graph)


def test_the_check_for_circles_can_fail_where_no_file_is_in_one():
    imports = {
        "core.fourier.heatmap": imports_of("def load():\n    from core.data.sample_sets import ClassSet"),
        "core.data.datasets": imports_of("if TYPE_CHECKING:\n    from core.fourier.heatmap import METRICS"),
    }
    assert len(order(ours(imports))) == 3
    for whole in (True, False):
        with pytest.raises(graphlib.CycleError, match=r"core\.data"):
            order(packages(imports, whole=whole))


@pytest.mark.parametrize("top", FLOORS)
def test_packages_import_lower_floors_alone(top):
    floors = {f"{top}.{name}": floor for floor, names in enumerate(FLOORS[top]) for name in names}
    graph = packages(all_imports(), whole=True)
    for package, floor in floors.items():
        above = {name for name in graph[package] if name.startswith(f"{top}.") and floors.get(name, 99) >= floor}
        assert not above, (package, above)
    assert {name for name in graph if name.startswith(f"{top}.")} == floors.keys()
    claims = {name for module, names in all_imports().items() if module.startswith("core.claims.") for name in names}
    networks = ("classifier", "loaders", "networks", "zero_shot")
    assert claims.isdisjoint(f"core.classifiers.{name}" for name in networks), "maps are judged without any network"


def test_files_and_the_names_of_tests_are_short():
    tests = (ROOT / "tests").rglob("*.py")
    files = {path: path.read_text("utf-8") for path in (*MODULES.values(), *tests)}
    assert [path for path, text in files.items() if len(text.splitlines()) > 450] == []
    assert [name for text in files.values() for name in re.findall(r"^def (test_\w{56,})", text, re.MULTILINE)] == []


@pytest.mark.parametrize("top", OFFERED)
def test_each_top_imports_what_others_offer_it(top):
    imported = set().union(*(modules for name, modules in ours(all_imports()).items() if name.split(".")[0] == top))
    assert not {name for name in imported if not name.startswith((top, *OFFERED[top]))}


def test_the_engine_does_not_import_streamlit():
    users = {name.split(".")[0] for name, modules in all_imports().items() if "streamlit" in modules}
    assert "ui" in users and "core" not in users


def test_a_constant_has_few_namesakes_in_other_modules():
    modules = {}
    for name, path in MODULES.items():
        for node in ast.parse(path.read_text("utf-8")).body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", ast.Pass())]
            for target in (inner for outer in targets for inner in ast.walk(outer) if isinstance(inner, ast.Name)):
                if target.id.isupper() and len(target.id) > 1:
                    modules.setdefault(target.id, set()).add(name)
    shared = {constant: names for constant, names in modules.items() if len(names) > 1}
    assert len(modules) > 600 and sum(map(len, shared.values())) <= 25, shared


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
        "from core.claims.finding import NamedMap\nfrom core.claims.table import findings\n"
        "from core.fourier.heatmap import Heatmap\n"
        "named = NamedMap('a', 'a', Heatmap.load('precomputed/heatmaps/mini-clip_cifar10.npz'))\n"
        "assert len(findings(named, named, [named])) > 9",
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
def test_a_first_paint_waits_for_no_library_without_need(stage, loaded):
    assert "streamlit" in loaded[stage] and not loaded[stage] & STAGES[stage][1]


def test_every_download_is_by_the_button_whose_file_stays():
    files = [path for path in (ROOT / "ui").rglob("*.py") if "st.download_button" in path.read_text("utf-8")]
    assert files == [ROOT / "ui/shared/downloads.py"]


def test_core_offers_its_public_names():
    for name in core.__all__:
        assert getattr(core, name) is not None
    names = [
        node for node in ast.walk(ast.parse(Path(core.__file__).read_text("utf-8"))) if isinstance(node, ast.ImportFrom)
    ]
    typed = {name.asname: node.module for node in names for name in node.names if node.module.startswith("core.")}
    assert typed == core._MODULE_OF and dir(core) == core.__all__, "type checkers see what programs get"
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = core.nothing


def test_what_checks_the_javascript_is_locked_without_an_address():
    lock = (ROOT / ".ci" / "javascript" / "package-lock.json").read_text("utf-8")
    assert "sha512-" in lock and "://" not in lock and "resolved" not in lock
