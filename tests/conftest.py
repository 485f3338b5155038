"""Settings for all tests, imported before torch."""

import atexit
import os
import tempfile

# Test processes and their servers run in parallel: one torch thread per core would make them wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A folder for the session's shared servers; the first process creates and removes it.
if "TEST_SESSION_FOLDER" not in os.environ:
    from tests.shared_server import end_session

    os.environ["TEST_SESSION_FOLDER"] = tempfile.mkdtemp(prefix="clip-lab-tests-")
    atexit.register(end_session, os.environ["TEST_SESSION_FOLDER"])
# Tests do not write to the user's cache; their servers inherit this.
os.environ["CLIP_LAB_CACHE"] = tempfile.mkdtemp(prefix="cache-", dir=os.environ["TEST_SESSION_FOLDER"])


def pytest_configure(config):
    """Begin with the browser tests: files of few tests that take long would, by xdist's order, end last and alone."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False
