"""What holds for all tests. Imported before any of them imports torch."""

import os

# Several processes test side by side, and start servers: with a torch thread on each core they wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
