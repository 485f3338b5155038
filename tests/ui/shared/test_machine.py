"""What is said about the machine."""

import importlib.machinery
import sys
import types

import pytest

from ui.shared import machine


def stub_torch(gpus=(), importing=False):
    torch = types.ModuleType("torch")
    torch.__spec__ = importlib.machinery.ModuleSpec("torch", None)
    torch.__spec__._initializing = importing
    cards = [types.SimpleNamespace(name=name, total_memory=memory) for name, memory in gpus]
    torch.cuda = types.SimpleNamespace(
        is_available=lambda: bool(cards), device_count=lambda: len(cards), get_device_properties=cards.__getitem__
    )
    torch.get_num_threads = lambda: 7
    return torch


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


@pytest.mark.parametrize("importing", [None, True])
def test_device_stays_unknown_while_torch_is_not_there_or_half_there(monkeypatch, importing):
    monkeypatch.setitem(sys.modules, "torch", None if importing is None else stub_torch(importing=importing))
    assert machine.known_device() is None


def test_processor_and_gpus_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", stub_torch())
    assert machine.known_device() == "CPU, 7 threads; torch finds no GPU that it can use"
    monkeypatch.setitem(sys.modules, "torch", stub_torch([("Card A", 80e9), ("Card B", 16.4e9)]))
    assert machine.detect_device() == machine.known_device() == "Card A (80 GB), Card B (16 GB)"
