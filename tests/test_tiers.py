"""Two tiers of tests: the README's command runs those not marked slow, `.ci/run` these and then the rest."""

import re
import tomllib
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent


def pytest_options(command):
    """Return the arguments after the last `pytest` of a command line."""
    return command.rpartition("-m pytest")[2].split()


def outside_both_tiers(paths):
    """Files with functions that pytest would collect under another name, or that exclude files."""
    sources = {path: path.read_text("utf-8") for path in paths}
    return {
        path
        for path, source in sources.items()
        if (not path.match("test_*.py") and re.search(r"^(    )?def test_", source, re.M))
        or re.search(r"^collect_ignore", source, re.M)
    }


def test_the_two_commands_run_every_test_once():
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]
    assert options["addopts"][-2:] == ["-m", "not slow"] and options["testpaths"] == ["tests"]
    readme, ci = (ROOT.joinpath(name).read_text("utf-8") for name in ("README.md", ".ci/run"))
    block = re.search(r"^<!-- tests -->\n```bash\n(.*?)\n```$", readme, re.M | re.S)[1]
    assert pytest_options(block) == ["-n", "auto", "--dist", "loadfile"]
    (slow,) = [line for line in ci.splitlines() if "-m pytest" in line]
    assert pytest_options(slow) == ["-m", "slow", "-n", "auto", "--dist", "loadfile"]
    assert outside_both_tiers(TESTS.rglob("*.py")) == set()


@pytest.mark.parametrize(
    ("name", "source", "outside"),
    [
        ("test_fine.py", "def test_it(): ...", False),
        ("fine_test_.py", "class TestIt:\n    def test_it(self): ...", True),
        ("conftest.py", "collect_ignore = ['test_it.py']", True),
    ],
)
def test_a_file_in_neither_tier_is_found(tmp_path, name, source, outside):
    path = tmp_path / name
    path.write_text(source)
    assert outside_both_tiers([path]) == ({path} if outside else set())
