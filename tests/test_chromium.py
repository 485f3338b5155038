"""Messages of `python -m tests.chromium` when a driver or browser does not start."""

import sys

import pytest

from tests.chromium import main, problem

LOADER = "echo 'error while loading shared libraries: {}: cannot open shared object file: No such file' >&2; exit 127"


@pytest.mark.parametrize(
    ("library", "hint"), [("libatomic.so.1", "apt-get install libatomic1"), ("libnss3.so", "install-deps chromium")]
)
def test_problem_names_the_missing_package(library, hint):
    sentence = problem("sh", "-c", LOADER.format(library))
    assert library in sentence and hint in sentence and "\n" not in sentence


def test_problem_of_what_starts_is_none_and_of_what_is_not_there_is_a_sentence():
    assert problem(sys.executable, "--version") == ""
    assert "nowhere does not start" in problem("/nowhere")


def test_main_refuses_a_browser_that_does_not_start(tmp_path, monkeypatch, capsys):
    broken = tmp_path / "chromium"
    broken.write_text(f"#!/bin/sh\n{LOADER.format('libatomic.so.1')}\n")
    broken.chmod(0o755)
    monkeypatch.setenv("CHROMIUM", str(broken))
    assert main() == 1
    assert "chromium needs libatomic.so.1" in capsys.readouterr().out
