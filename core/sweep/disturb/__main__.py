"""Former name of `python -m core.sweep.corruption`."""

from core.sweep.corruption.__main__ import main

if __name__ == "__main__":
    raise SystemExit(main())
