"""Write the static edition: maps, waves, stories, stored runs, and live runs in the visitor's own browser.

    python -m precomputed.static_site OUT [--app https://…] [--stored | --check]

OUT/index.html opens from the file system; or upload the folder to a static Space or any web server. It sends no other
requests. npm installs the runtime during the build; --stored omits it. --check opens the finished site in Chromium and
Firefox and compares predictions and a run with torch.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from streamlit.logger import set_log_level

from core.shared.cli import run_script


def main(argv: Sequence[str] | None = None) -> int:
    """Write the site and print its size."""
    parser = argparse.ArgumentParser(prog="python -m precomputed.static_site", description="Write the static edition.")
    parser.add_argument("folder", type=Path, metavar="OUT")
    parser.add_argument("--app", default="", help="URL of the full app, for the link that opens it")
    parser.add_argument("--stored", action="store_true", help="only what is stored: no predictions, no live runs")
    parser.add_argument(
        "--check", action="store_true", help="then open it in Chromium and Firefox, and compare it with torch"
    )
    args = parser.parse_args(argv)
    if args.app and not args.app.startswith(("https://", "http://")):
        parser.error(f"argument --app: expected a URL that begins with https:// or http://, got {args.app!r}")
    set_log_level("ERROR")  # otherwise Streamlit warns on import that it runs without a page

    def work() -> str:
        from precomputed.static_site.site import write_site

        size = write_site(args.folder, args.app, stored=args.stored)
        summary = f"{args.folder / 'index.html'}: {size / 1e6:.1f} MB in all"
        if args.check:
            from precomputed.static_site.check import check_site

            summary += f"\n{check_site(args.folder)}"
        return summary

    return run_script(work, "run the same command again")


if __name__ == "__main__":
    raise SystemExit(main())
