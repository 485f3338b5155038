"""What holds for all tests. Imported before any of them imports torch."""

import os

import pytest

# Several processes test side by side, and start servers: with a torch thread on each core they wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """`-n auto`: one process more than there are cores, since tests in a browser wait half of their time."""
    return (os.cpu_count() or 1) + 1
