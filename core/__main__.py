"""`clip-lab`, or `python -m core`: the scripts by name, and the app of a checkout."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

SCRIPTS = {
    "sweep": ("core.sweep.__main__", "the error under waves (a heat map), hybrid images or corruptions"),
    "pgd": ("core.pgd.__main__", "fill holes and draw classes in many pictures"),
    "profile": ("core.reproduce.profile", "everything that the app shows of one network"),
    "reproduce": ("core.reproduce.__main__", "the paper's figures beside its own numbers"),
}
_APP = Path(__file__).resolve().parents[1] / "app.py"
USAGE = "\n".join(
    (
        "usage: clip-lab COMMAND ..., and clip-lab COMMAND --help for its options",
        *(f"  {name:<10} {what}" for name, (_, what) in SCRIPTS.items()),
        f"  {'app':<10} the laboratory in a browser, from a checkout of the repository",
    )
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the named script; return the exit status."""
    name, *rest = (sys.argv[1:] if argv is None else argv) or ["--help"]
    if name in ("-h", "--help"):
        print(USAGE)
        return 0
    if name == "app":
        return _run_app(rest)
    if name not in SCRIPTS:
        print(f"{USAGE}\nerror: there is no command {name!r}", file=sys.stderr)
        return 2
    return import_module(SCRIPTS[name][0]).main(rest)


def _run_app(options: Sequence[str]) -> int:
    if not _APP.is_file():
        print(
            "error: the app runs from a checkout of the repository; this package has the engine alone", file=sys.stderr
        )
        return 2
    os.chdir(_APP.parent)  # where Streamlit finds its settings
    os.execv(sys.executable, [sys.executable, "-m", "streamlit", "run", _APP.name, *options])


if __name__ == "__main__":
    raise SystemExit(main())
