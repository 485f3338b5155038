"""Decoding of visitors' pictures within limits of time and memory.

Attacks are too many to list: a WebP of 38 bytes unpacks to a gigabyte, and a JPEG may hold a million segments that are
each copied. So a picture is decoded in its own process, with limits enforced by the operating system.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.images.decode import ImageError, open_picture
from core.images.square import square_image

SECONDS = 5.0  # half to wait for other pictures, half for this one; a photograph takes at most 1.5
MEMORY = 450_000_000  # bytes; a 50-megapixel photograph takes 200 MB, 400 MB if it is rotated
_REFUSED = 3  # exit status: the output is an error message
_ROOT = Path(__file__).resolve().parents[2]
_one_at_a_time = threading.Lock()


def square_uploads(data: bytes, sizes: Sequence[int]) -> tuple[np.ndarray, ...]:
    """Return `square_image` of an untrusted picture file in several sizes; decodes one file at a time.

    Returns:
        uint8 (size, size, 3) for each of `sizes`.
    Raises:
        ImageError: as for `open_picture`, or decoding takes too much memory or time.
    """
    if not _one_at_a_time.acquire(timeout=SECONDS / 2):
        raise ImageError("the server is busy with other pictures; try again in a few seconds")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "core.images.bounded", *map(str, sizes)],
            input=data,
            capture_output=True,
            timeout=SECONDS / 2,
            cwd=_ROOT,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # each of its threads reserves memory
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ImageError("this picture takes too long to read; save a smaller copy, or try again later") from None
    finally:
        _one_at_a_time.release()
    if done.returncode == _REFUSED:
        raise ImageError(done.stdout.decode("utf-8"))
    if done.returncode != 0:  # killed by the operating system, or a library hit the limit
        raise ImageError("this picture takes too much memory to read; save a smaller copy")
    pixels = np.split(np.frombuffer(done.stdout, np.uint8), np.cumsum([3 * size**2 for size in sizes])[:-1])
    return tuple(part.reshape(size, size, 3).copy() for part, size in zip(pixels, sizes, strict=True))


def main() -> int:
    """Decode standard input into squares of raw pixels on standard output; the arguments are their sides."""
    sizes = [int(text) for text in sys.argv[1:]]
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    try:
        picture = open_picture(sys.stdin.buffer.read())
        sys.stdout.buffer.write(b"".join(square_image(picture, size).tobytes() for size in sizes))
    except ImageError as error:
        sys.stdout.buffer.write(str(error).encode("utf-8"))
        return _REFUSED
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
