"""What holds for all tests. Imported before any of them imports torch."""

import atexit
import os
import shutil
import tempfile

# Several processes test side by side, and start servers: with a torch thread on each core they wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Nothing that tests compute stays in the cache of who runs them; servers that they start inherit this.
os.environ["CLIP_LAB_CACHE"] = tempfile.mkdtemp(prefix="clip-lab-tests-")
atexit.register(shutil.rmtree, os.environ["CLIP_LAB_CACHE"], ignore_errors=True)
