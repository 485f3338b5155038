"""Kill a script as soon as its output exists."""

import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[3]


def kill_when_written(module: str, arguments: list[str], output: Path) -> None:
    """Start `python -m MODULE WORDS` and kill it once `output` exists; it must not have exited before."""
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=ROOT, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not output.exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
