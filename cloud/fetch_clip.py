"""Fetch the paper's CLIP while an image is built: `CLIP=1 python cloud/fetch_clip.py`. CLIP=0 leaves it out.

The file is checked by its digest. Without a network the build goes on, and the server tries again when it starts.
"""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from core.classifiers.registry import PAPERS_CLIP, classifier_spec  # noqa: E402
from core.classifiers.weights import check_sha256  # noqa: E402
from core.shared.text import sentence  # noqa: E402


def main(environment: os._Environ[str] | dict[str, str] = os.environ) -> str:
    """Fetch the weights unless they are here; return one sentence on what the image has now.

    environment: `CLIP` is 0 or 1, 1 if unset.
    """
    if environment.get("CLIP", "1") == "0":
        return "CLIP=0: this image has no CLIP. Visitors can download it on the page Models."
    spec = classifier_spec(PAPERS_CLIP)
    try:
        path = spec.weights.locate() or spec.weights.fetch()
        digest = check_sha256(path, spec.weights.sha256)
    except (FileNotFoundError, RuntimeError) as error:  # a network that is missing or breaks off, or another file
        return f"{sentence(str(error))} The image is built without CLIP, and the server fetches it when it starts."
    return f"{spec.title} is in this image: {path.stat().st_size / 1e6:,.0f} MB, sha256 {digest[:12]}…"


if __name__ == "__main__":
    print(main())
