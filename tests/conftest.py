"""What holds for all tests. Imported before any of them imports torch."""

import atexit
import os
import tempfile

# Several processes test side by side, and start servers: with a torch thread on each core they wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A folder that the processes of a session share: the first one makes it and ends it, with the servers that run there.
if "TEST_SESSION_FOLDER" not in os.environ:
    from tests.shared_server import end_session

    os.environ["TEST_SESSION_FOLDER"] = tempfile.mkdtemp(prefix="clip-lab-tests-")
    atexit.register(end_session, os.environ["TEST_SESSION_FOLDER"])
# Nothing that tests compute stays in the cache of who runs them; servers that they start inherit this.
os.environ["CLIP_LAB_CACHE"] = tempfile.mkdtemp(prefix="cache-", dir=os.environ["TEST_SESSION_FOLDER"])
