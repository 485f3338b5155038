"""Visitors' pictures, decoded within limits of time and memory whatever their bytes are.

No list of tricks is ever complete: a WebP of 38 bytes unpacks to a gigabyte, and a JPEG may hold a million segments
each of which is copied anew. So a picture is decoded in a process of its own, which the operating system stops.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from core.images.decode import MAX_PIXELS, ImageError, open_picture
from core.images.square import square_image

SECONDS = 5.0  # in all: half of them to wait for other pictures, half for this one; a photograph takes at most 1.5
MEMORY = 450_000_000  # bytes; a 50-megapixel photograph takes 200 MB, turned upright 400 MB
_REFUSED = 3  # exit status: the output is the sentence
_ROOT = Path(__file__).resolve().parents[2]
_one_at_a_time = threading.Lock()


def square_uploads(data: bytes, sizes: Sequence[int], *, max_pixels: int = MAX_PIXELS) -> tuple[np.ndarray, ...]:
    """`square_image` of a picture file from anywhere, in several sizes; one file at a time in this process.

    Args:
        max_pixels: as `open_picture`.
    Returns:
        uint8 (size, size, 3) for each of `sizes`.
    Raises:
        ImageError: as `open_picture`, or the picture would take too much memory or time.
    """
    if not _one_at_a_time.acquire(timeout=SECONDS / 2):
        raise ImageError("the server is busy with other pictures: try again in a few seconds")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "core.images.bounded", str(max_pixels), *map(str, sizes)],
            input=data,
            capture_output=True,
            timeout=SECONDS / 2,
            cwd=_ROOT,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # each of its threads would reserve memory
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ImageError("this picture takes too long to read: save a smaller copy, or try again later") from None
    finally:
        _one_at_a_time.release()
    if done.returncode == _REFUSED:
        raise ImageError(done.stdout.decode("utf-8"))
    if done.returncode != 0:  # ended by the operating system, or by a library that met the limit
        raise ImageError("this picture cannot be read within the memory that there is for one: save a smaller copy")
    pixels = np.split(np.frombuffer(done.stdout, np.uint8), np.cumsum([3 * size**2 for size in sizes])[:-1])
    return tuple(part.reshape(size, size, 3).copy() for part, size in zip(pixels, sizes, strict=True))


def main() -> int:
    """Decode standard input into squares of raw pixels on standard output.

    The arguments are the pixels taken at most, and the squares' sides.
    """
    max_pixels, *sizes = map(int, sys.argv[1:])
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    try:
        picture = open_picture(sys.stdin.buffer.read(), max_pixels=max_pixels)
        sys.stdout.buffer.write(b"".join(square_image(picture, size).tobytes() for size in sizes))
    except ImageError as error:
        sys.stdout.buffer.write(str(error).encode("utf-8"))
        return _REFUSED
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
