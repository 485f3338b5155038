"""Do the tests notice a mistake? Random single changes to the engine, each against the tests that mirror its file.

    python -m benchmarks.mutants --count 200 --seed 0
    python -m benchmarks.mutants --only core/pgd/ball.py:31   # those of one line

A mutant is one file with one comparison, operator, constant or condition changed. It dies when a test of the first tier
fails or hangs: of the mirrored file (`core/pgd/steps.py` has `tests/core/pgd/test_steps.py`) and, where they pass in
`QUICK` seconds, of the others in `FOLDERS` that stand beside it or import the mutated module or, where there is none, a
module that imports it. Nothing is changed in the checkout. What survives is listed; whether it is equivalent, a reader
decides. mutmut and cosmic-ray would want the whole suite for each mutant. With `--times FILE`, how long the test files
take is measured once.
"""

from __future__ import annotations

import argparse
import ast
import copy
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("fourier", "claims", "pgd", "sweep", "runs", "classifiers")
FOLDERS = ("tests/core", "tests/precomputed", "tests/ui")  # not those in a browser
QUICK = 60.0
COPIED, LINKED = ("core", "ui", "tests", "benchmarks"), ("precomputed", "data", "docs")
SWAPS: dict[Any, Any] = {
    **{
        ast.Eq: ast.NotEq,
        ast.NotEq: ast.Eq,
        ast.Is: ast.IsNot,
        ast.IsNot: ast.Is,
        ast.In: ast.NotIn,
        ast.NotIn: ast.In,
    },
    **{ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt},
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div},
    **{ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.And: ast.Or, ast.Or: ast.And},
}


@dataclass(frozen=True)
class Mutant:
    """A change of one expression. start, end: its place in the file's bytes."""

    path: Path
    line: int
    start: int
    end: int
    before: str
    after: str

    def source(self) -> bytes:
        """The mutated file."""
        whole = self.path.read_bytes()
        return whole[: self.start] + f"({self.after})".encode() + whole[self.end :]

    def __str__(self) -> str:
        line = self.path.read_text(encoding="utf-8").splitlines()[self.line - 1].strip()
        return f"{self.path.relative_to(ROOT)}:{self.line}: {self.before}  ->  {self.after}   in: {line}"


def mutants_of(path: Path) -> list[Mutant]:
    """Every mutant of a file, in its order; none where little can fail: annotations, decorators, texts, `__main__`."""
    whole = path.read_bytes()
    starts = [0]
    for line in whole.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found = []
    tree = ast.parse(whole)
    tree.body = [node for node in tree.body if not isinstance(node, ast.If) or "__main__" not in ast.unparse(node.test)]
    for node, changed in _changes(tree):
        start, end = starts[node.lineno - 1] + node.col_offset, starts[node.end_lineno - 1] + node.end_col_offset
        before = " ".join(whole[start:end].decode().split())
        found.append(Mutant(path, node.lineno, start, end, before, ast.unparse(changed)))
    return found


def _changes(parent: ast.AST) -> Iterator[tuple[Any, ast.expr]]:
    """Expressions below a node, each with what may stand in its place."""
    for name, field in ast.iter_fields(parent):
        if name in ("annotation", "returns", "decorator_list") or isinstance(parent, ast.JoinedStr):
            continue
        for node in field if isinstance(field, list) else [field]:
            if isinstance(node, ast.expr) and (changed := _changed(node)) is not None:
                yield node, changed
            elif name == "test" and ast.unparse(node) != "TYPE_CHECKING":  # of an if, a while or an assert
                yield node, ast.UnaryOp(ast.Not(), node)
            if isinstance(node, ast.AST):
                yield from _changes(node)


def _changed(node: ast.expr) -> ast.expr | None:
    """A copy with one thing changed; None if there is none to change."""
    changed: Any = copy.deepcopy(node)
    match changed:
        case ast.BinOp(left=ast.Constant(value=str())) | ast.BinOp(right=ast.Constant(value=str())):
            return None  # a path or a text
        case ast.Compare(ops=[operator]) if type(operator) in SWAPS:
            changed.ops = [SWAPS[type(operator)]()]
        case ast.BinOp(op=operator) | ast.BoolOp(op=operator) if type(operator) in SWAPS:
            changed.op = SWAPS[type(operator)]()
        case ast.UnaryOp(op=ast.Not()):
            return changed.operand
        case ast.Constant(value=bool(value)):
            changed.value = not value
        case ast.Constant(value=int(value) | float(value)):
            changed.value = value + 1 if value + 1 != value else 2 * value
        case _:
            return None
    return changed


class Tests:
    """A copy of the checkout in `folder`, and what its tests say of mutants there. seconds: of each test file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in COPIED:
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in filter(lambda name: (ROOT / name).exists(), LINKED):
            (folder / name).symlink_to(ROOT / name)
        shutil.copy(ROOT / "pyproject.toml", folder)
        self.seconds: dict[Path, float] = {}

    def measure(self, report: Path) -> None:
        """What each test file takes with nothing changed, from pytest's XML, which is written where there is none.

        Raises:
            RuntimeError: a test fails with nothing changed.
        """
        if not report.exists() and not self._pass([*FOLDERS, f"--junitxml={report.resolve()}"], 3600):
            report.unlink(missing_ok=True)
            raise RuntimeError("a test fails with nothing changed")
        for case in ElementTree.parse(report).iter("testcase"):
            test = Path(*case.attrib["classname"].split(".")).with_suffix(".py")
            self.seconds[test] = self.seconds.get(test, 0) + float(case.attrib["time"])

    def dies(self, mutant: Mutant) -> bool:
        """Whether a test fails or hangs: first of the mirrored file, then of the others, all in one process."""
        path = mutant.path.relative_to(ROOT)
        tests = self._tests_of(path)
        (self.folder / path).write_bytes(mutant.source())
        try:
            return bool(tests) and not self._pass(map(str, tests), 60 + 4 * sum(map(self.seconds.__getitem__, tests)))
        finally:
            shutil.copy(mutant.path, self.folder / path)

    def _tests_of(self, path: Path) -> list[Path]:
        """The test file that mirrors a file of the engine, if there is one, then the others, the quickest first."""
        mirrored = Path("tests") / path.with_name(f"test_{path.stem.strip('_')}.py")
        beside = {test for test in self.seconds if test.parent == mirrored.parent}
        found = beside | self.seconds.keys() & self._importing("tests", path)
        if not found:
            above = (self._importing("tests", one) for one in self._importing("core", path))
            found = self.seconds.keys() & set().union(*above)
        quick = [test for test in found - {mirrored} if self.seconds[test] <= QUICK]
        return [*(found & {mirrored}), *sorted(quick, key=self.seconds.__getitem__)]

    def _importing(self, folder: str, path: Path) -> set[Path]:
        """The files of a folder that name a module of the engine."""
        module = re.compile(rf"\b{re.escape('.'.join(path.with_suffix('').parts))}\b")
        package = re.compile(rf"from {re.escape('.'.join(path.parent.parts))} import .*\b{path.stem}\b")
        texts = {one: one.read_text(encoding="utf-8") for one in sorted((self.folder / folder).rglob("*.py"))}
        return {
            one.relative_to(self.folder) for one, text in texts.items() if module.search(text) or package.search(text)
        }

    def _pass(self, tests: Iterable[str], seconds: float) -> bool:
        command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]
        try:
            return subprocess.run(command, cwd=self.folder, capture_output=True, timeout=seconds).returncode == 0
        except subprocess.TimeoutExpired:
            return False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--packages", nargs="+", default=PACKAGES, metavar="NAME", help="folders of core/")
    parser.add_argument("--only", nargs="+", default=[], metavar="FILE:LINE", help="all mutants of these lines")
    parser.add_argument("--times", type=Path, metavar="FILE", help="keep the seconds of the test files there")
    given = parser.parse_args()
    paths = sorted(path for name in given.packages for path in (ROOT / "core" / name).rglob("*.py"))
    mutants = [mutant for path in paths for mutant in mutants_of(path)]
    chosen = random.Random(given.seed).sample(mutants, min(given.count, len(mutants)))
    if given.only:
        chosen = [one for one in mutants if f"{one.path.relative_to(ROOT)}:{one.line}" in given.only]
    killed = 0
    with tempfile.TemporaryDirectory() as folder:
        tests = Tests(Path(folder))
        tests.measure(given.times or Path(folder, "times.xml"))
        for number, mutant in enumerate(chosen, 1):
            dies = tests.dies(mutant)
            killed += dies
            print(f"{'killed' if dies else 'SURVIVED'}  {mutant}  ({killed} of {number})", flush=True)
    print(f"{killed} of {len(chosen)} killed; {len(mutants)} mutants there are")


if __name__ == "__main__":
    main()
