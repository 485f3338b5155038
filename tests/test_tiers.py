"""Two tiers of tests: the README's command runs those not marked slow, `.ci/run` these and then the rest."""

import re
import tomllib
from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent


def pytest_options(command):
    """Return the arguments after the last `pytest` of a command line."""
    return command.rpartition("-m pytest")[2].split()


def test_the_two_commands_run_every_test_once():
    options = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["pytest"]["ini_options"]
    assert options["addopts"][-2:] == ["-m", "not slow"] and options["testpaths"] == ["tests"]
    readme, ci = (ROOT.joinpath(name).read_text("utf-8") for name in ("README.md", ".ci/run"))
    block = re.search(r"^<!-- tests -->\n```bash\n(.*?)\n```$", readme, re.M | re.S)[1]
    assert pytest_options(block) == ["-n", "auto", "--dist", "loadfile"]
    (slow,) = [line for line in ci.splitlines() if "-m pytest" in line]
    assert pytest_options(slow) == ["-m", "slow", "-n", "auto", "--dist", "loadfile"]
    for path in TESTS.rglob("*.py"):  # pytest collects no test outside test_*.py
        assert path.match("test_*.py") or not re.search(r"^(    )?def test_", path.read_text("utf-8"), re.M), path
