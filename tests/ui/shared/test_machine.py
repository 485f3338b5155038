"""What is said about the machine."""

import sys

from ui.shared import machine


def test_versions_are_those_installed(monkeypatch):
    import streamlit

    monkeypatch.setattr(machine, "PACKAGES", ("streamlit", "no-such-package"))
    found = machine.versions()
    assert found["streamlit"] == streamlit.__version__
    assert found["Python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["no-such-package"] == "not installed"


def test_cores_and_memory_are_plausible():
    assert 1 <= machine.cores() <= 4096
    assert machine.installed_memory() is None or 2**27 < machine.installed_memory() < 2**50
