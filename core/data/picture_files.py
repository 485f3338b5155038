"""Untrusted pictures, decoded within limits, whole or their square; and PNGs."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
MAX_PIXELS = 50_000_000  # a 50-megapixel phone picture passes; 150 MB once decoded
MIN_SIDE = 8
_BACKGROUND = (255, 255, 255)
_CONVERTIBLE = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr")


class ImageError(ValueError):
    """Bytes that are not a usable picture; the message is one sentence for the visitor."""


def decode_image(data: bytes) -> np.ndarray:
    """Decode a picture like `open_picture`; return a uint8 (H, W, 3) array."""
    return np.array(open_picture(data))


def open_picture(data: bytes) -> Image.Image:
    """Decode an untrusted picture file into RGB pixels.

    Time and memory depend on the file; `whole_uploads` limits both.

    Applies the EXIF orientation, composes transparency over white, converts grey, palette and CMYK to RGB and 16 bits
    to 8 bits, and takes the first frame of an animation. Colour profiles are not applied, as in classifiers' training
    pipelines.

    Args:
        data: the bytes of a JPEG, PNG, WebP, GIF, BMP or TIFF file.
    Returns:
        The picture in mode RGB, height and width at least 8.
    Raises:
        ImageError: not a picture, or a damaged, oversized or tiny one.
        MemoryError: it takes more than is allowed; no other exception is raised.
    """
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            _check_size(*image.size)  # from the header, before decoding
            image.load()
            return _upright_rgb(image)
    except (ImageError, MemoryError):
        raise
    except Image.UnidentifiedImageError:
        raise ImageError(
            "this file is not a readable JPEG, PNG, WebP, GIF, BMP or TIFF picture; save it as one"
        ) from None
    except Image.DecompressionBombError:
        raise ImageError(f"this picture has far more than {MAX_PIXELS:,} pixels; save a smaller copy") from None
    except Exception as error:
        # Pillow's readers raise many undocumented exceptions for damaged bytes, from struct.error to IndexError.
        reason = str(error).split("\n")[0].strip().rstrip(".") or type(error).__name__
        raise ImageError(
            f"this picture is damaged or incomplete ({reason[:120]}); open it in a picture viewer and save it again"
        ) from error


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"this picture has {width} x {height} pixels, more than the limit of {MAX_PIXELS:,}; save a smaller copy"
        )
    if min(width, height) < MIN_SIDE:
        raise ImageError(
            f"this picture has only {width} x {height} pixels; choose one of at least {MIN_SIDE} x {MIN_SIDE}"
        )


def _upright_rgb(image: Image.Image) -> Image.Image:
    """Rotate a decoded picture upright and convert it to RGB."""
    # Damaged EXIF data must not fail a picture; rotated in place, it stays upright even if Pillow then fails to write
    # the remaining EXIF data.
    try:
        ImageOps.exif_transpose(image, in_place=True)
    except MemoryError:
        raise  # the picture would lie on its side
    except Exception:
        pass
    # In some versions of Pillow a 16-bit grey PNG has mode I, which otherwise means 32 bits.
    if image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG"):
        # Rounded; Pillow's own conversion clips at 255.
        image = Image.fromarray(np.rint(np.asarray(image, dtype=np.float32) / 257).astype(np.uint8))
    if image.mode not in _CONVERTIBLE:
        raise ImageError(
            f"this picture has an unsupported colour mode ({image.mode}); "
            "save it as a PNG or JPEG with 8 bits per colour"
        )
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    result, image = Image.new("RGB", image.size, _BACKGROUND), image.convert("RGBA")
    result.paste(image, mask=image)
    return result


# The usual evaluation transform for ImageNet: shorter side to 256, then the central 224 x 224.
_RESIZE_TO_CROP = 256 / 224


def square_image(image: np.ndarray | Image.Image, size: int, *, resize_to: int | None = None) -> np.ndarray:
    """Make a picture square: resize the shorter side, then crop the centre.

    Args:
        image: uint8 (H, W, 3), or a Pillow picture in mode RGB, which is not copied.
        size: size of the result in pixels, >= 1.
        resize_to: length of the shorter side before the crop, >= size. None means size * 256 / 224, so 256 for 224;
            `size` keeps all of a square picture.
    Returns:
        uint8 (size, size, 3). A `size` x `size` picture is returned unchanged; one with a shorter side of `resize_to`
        is only cropped.
    Source: torchvision's Resize (bilinear, antialiased) and CenterCrop on Pillow images, pixel for pixel.
    """
    if not isinstance(image, Image.Image):
        image = Image.fromarray(np.ascontiguousarray(image))
    resize_to = round(size * _RESIZE_TO_CROP) if resize_to is None else resize_to
    width, height = image.size
    if (width, height) == (size, size):
        return np.array(image)
    if min(height, width) != resize_to:
        if height <= width:
            height, width = resize_to, int(resize_to * width / height)
        else:
            height, width = int(resize_to * height / width), resize_to
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    left, top = round((image.width - size) / 2), round((image.height - size) / 2)
    return np.array(image.crop((left, top, left + size, top + size)))


def to_uint8(array: np.ndarray) -> np.ndarray:
    """Convert floats (3, H, W) in [0, 1] to a uint8 (H, W, 3) picture, rounded and clipped.

    Also takes tensors on the CPU.
    """
    array = np.asarray(array)
    return np.rint(np.clip(array, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0).copy()


def png_bytes(image: np.ndarray) -> bytes:
    """Encode a uint8 (H, W, 3) picture as PNG."""
    buffer = io.BytesIO()
    # Speed over size: pictures are sent once and shown briefly.
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def png_data_uri(image: np.ndarray) -> str:
    """Return a uint8 (H, W, 3) picture as a `data:image/png;base64,...` URL for <img>."""
    return "data:image/png;base64," + base64.b64encode(png_bytes(image)).decode("ascii")


MAX_RATIO = 4  # of an upload's sides; what a longer one has more is cut off at both ends


def whole_image(image: Image.Image, size: int) -> np.ndarray:
    """Return a whole picture with a shorter side of `size` pixels, uint8 (H, W, 3).

    The longer side has at most `MAX_RATIO` times as many; the middle is kept. Source: torchvision's Resize (bilinear,
    antialiased) on Pillow images.

    Args:
        image: in mode RGB. size: >= 1.
    """
    shorter, longer = sorted(image.size)
    cut = max(0, (longer - MAX_RATIO * shorter) // 2)
    across, down = (cut, 0) if image.width > image.height else (0, cut)
    box = (across, down, image.width - across, image.height - down)
    lengths = [max(size, int(size * length / shorter)) for length in (box[2] - box[0], box[3] - box[1])]
    target = (lengths[0], lengths[1])
    resized = image if box == (0, 0, *target) else image.resize(target, Image.Resampling.BILINEAR, box)
    return np.array(resized)


def framed_square(image: np.ndarray, position: float) -> np.ndarray:
    """Return the largest square of a picture, uint8 (S, S, 3) with S = min(H, W).

    Args:
        image: uint8 (H, W, 3).
        position: of the square along the longer side, from 0, its left or upper end, to 1.
    """
    height, width = image.shape[:2]
    size = min(height, width)
    left, top = (int((length - size) * position + 0.5) for length in (width, height))
    return np.ascontiguousarray(image[top : top + size, left : left + size])


_SECONDS = 5.0  # half to wait for other pictures, half for this one; a photograph takes at most 1.5
_MEMORY = 480_000_000  # bytes; a 50-megapixel photo takes 200 MB, 430 MB if it is rotated
_REFUSED = 3  # exit status: the output is an error message
_CODE = Path(__file__).resolve().parents[2]
_one_at_a_time = threading.Lock()


def whole_uploads(data: bytes, sizes: Sequence[int]) -> tuple[np.ndarray, ...]:
    """Return `whole_image` of an untrusted picture file in several sizes; decodes one file at a time.

    Returns:
        uint8 (H, W, 3) for each of `sizes`, which is its shorter side.
    Raises:
        ImageError: as for `open_picture`, or decoding exceeds the limits of memory or time.
    """
    if not _one_at_a_time.acquire(timeout=_SECONDS / 2):
        raise ImageError("the server is busy with other pictures; try again in a few seconds")
    try:
        done = subprocess.run(
            [sys.executable, "-m", "core.data.picture_files", *map(str, sizes)],
            input=data,
            capture_output=True,
            timeout=_SECONDS / 2,
            cwd=_CODE,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # each of its threads reserves memory
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ImageError(
            "reading this picture takes longer than we allow; save a smaller copy, or try again later"
        ) from None
    finally:
        _one_at_a_time.release()
    if done.returncode == _REFUSED:
        raise ImageError(done.stdout.decode("utf-8"))
    if done.returncode != 0:  # killed by the operating system, or a library hit the limit
        raise ImageError("reading this picture takes more memory than we allow; save a smaller copy")
    output = io.BytesIO(done.stdout)
    return tuple(np.load(output, allow_pickle=False) for _ in sizes)


def main() -> int:
    """Decode standard input into arrays on standard output; the arguments are their shorter sides."""
    sizes = [int(text) for text in sys.argv[1:]]
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    output = io.BytesIO()
    try:
        picture = open_picture(sys.stdin.buffer.read())
        for size in sizes:
            np.save(output, whole_image(picture, size))
    except ImageError as error:
        sys.stdout.buffer.write(str(error).encode("utf-8"))
        return _REFUSED
    sys.stdout.buffer.write(output.getvalue())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
