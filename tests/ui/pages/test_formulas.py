"""Formulas in LaTeX, wherever they stand in the code: KaTeX shows a doubled backslash as a line break."""

import ast
import re
from pathlib import Path

import pytest

from core.pgd.settings import PENALTIES

ROOT = Path(__file__).parents[3]
FILES = [path for top in ("core", "ui", "web") for path in sorted((ROOT / top).rglob("*.py"))]


def doubled(source):
    """The strings of a source text, also within f-strings, in which a command follows two backslashes."""
    texts = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return [text for text in texts if isinstance(text, str) and re.search(r"\\\\[A-Za-z,;]", text)]


def test_no_formula_has_a_doubled_backslash():
    assert {path.name: found for path in FILES if (found := doubled(path.read_text("utf-8")))} == {}


@pytest.mark.parametrize("term", [row.term for row in PENALTIES.values() if row.term])
def test_a_doubled_backslash_in_a_penalty_would_be_found(term):
    settings = (ROOT / "core" / "pgd" / "settings.py").read_text("utf-8")
    assert term in settings and doubled(settings.replace(term, term.replace("\\", "\\\\")))
