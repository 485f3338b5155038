"""Decoding of untrusted pictures within limits, their square part, and PNGs."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

_FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
_JPEGS = ("JPEG", "MPO")
MAX_PICTURE_BYTES = 50 * 2**20
MAX_PIXELS = 50_000_000  # a 50-megapixel phone picture passes; 150 MB once decoded
MIN_SIDE = 8
MAX_JPEG_SCANS = 100
_BACKGROUND = (255, 255, 255)
_STRIP = 2**20  # pixels converted at a time

_CONVERTIBLE = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr")
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
# Other uploaded files: offset, bytes at the offset, and the kind of file.
_OTHER_KINDS = (
    (0, b"%PDF", "a PDF document"),
    (0, b"PK\x03\x04", "a zip archive or an office document"),
    (0, b"8BPS", "a Photoshop document"),
    (4, (b"ftyphe", b"ftypmif1", b"ftypmsf1"), "a HEIC picture"),
    (4, b"ftypavif", "an AVIF picture"),
    (4, b"ftyp", "a video"),
)


class ImageError(ValueError):
    """Bytes that are not a usable picture; the message is one sentence for the visitor."""


def decode_image(data: bytes, *, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Decode a picture like `open_picture`; return a uint8 (H, W, 3) array."""
    return np.array(open_picture(data, max_pixels=max_pixels))


def open_picture(data: bytes, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode an untrusted picture file into RGB pixels.

    Time and memory depend on the file; `square_uploads` limits both.

    Applies the EXIF orientation, composes transparency over white, converts grey, palette and CMYK to RGB and 16 bits
    to 8 bits, and takes the first frame of an animation. Colour profiles are not applied, as in classifiers' training
    pipelines.

    Args:
        data: the bytes of a JPEG, PNG, WebP, GIF, BMP or TIFF file.
        max_pixels: maximum number of pixels, checked from the header before decoding. A JPEG of more is
            decoded at half its side, unless it is progressive.
    Returns:
        The picture in mode RGB, height and width at least 8.
    Raises:
        ImageError: not a picture, or a damaged, oversized or tiny one; no other exception is raised.
    """
    if not data:
        raise ImageError("this file is empty; choose a picture file")
    if len(data) > MAX_PICTURE_BYTES:
        raise ImageError(
            f"this file has {len(data) / 1e6:.1f} MB, more than the limit of {MAX_PICTURE_BYTES / 1e6:.0f} MB; "
            "save a smaller copy"
        )
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            # A phone's largest photographs are decoded at half their side. A progressive one is kept whole in memory.
            if image.format in _JPEGS and image.width * image.height > max_pixels and "progressive" not in image.info:
                image.draft(None, (image.width // 2, image.height // 2))
            _check_size(image, data, max_pixels)
            image.load()
            return _upright_rgb(image)
    except ImageError:
        raise
    except Image.UnidentifiedImageError:
        raise ImageError(_unidentified(data)) from None
    except Image.DecompressionBombError:
        raise ImageError(f"this picture has far more than {max_pixels:,} pixels; save a smaller copy") from None
    except MemoryError:
        raise ImageError("this picture takes too much memory to read; save a smaller copy") from None
    except Exception as error:
        # Pillow's readers raise many undocumented exceptions for damaged bytes, from struct.error to IndexError.
        reason = str(error).split("\n")[0].strip().rstrip(".") or type(error).__name__
        raise ImageError(_damaged(reason[:120])) from error


def _check_size(image: Image.Image, data: bytes, max_pixels: int) -> None:
    width, height = image.size
    if image.format == "WEBP":
        max_pixels //= 2  # the decoder keeps four copies with alpha
    if width * height > max_pixels:
        raise ImageError(
            f"this picture has {width} x {height} pixels, more than the limit of {max_pixels:,}; save a smaller copy"
        )
    if min(width, height) < MIN_SIDE:
        raise ImageError(
            f"this picture has only {width} x {height} pixels; choose one of at least {MIN_SIDE} x {MIN_SIDE}"
        )
    # A progressive JPEG is fully decoded once per scan, and a scan can have ten bytes: a small file could keep a
    # processor busy for hours. In compressed data FF is followed by 00, so the markers can be counted.
    if image.format in _JPEGS and data.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise ImageError(f"this JPEG has more than {MAX_JPEG_SCANS} scans, as no camera writes; save it as PNG")


def _upright_rgb(image: Image.Image) -> Image.Image:
    """Rotate a decoded picture upright and convert it to RGB."""
    # Damaged EXIF data must not fail a picture; rotated in place, it stays upright even if Pillow then fails to write
    # the remaining EXIF data.
    with suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)
    if image.mode == "RGB" and not image.has_transparency_data:
        return image
    result = Image.new("RGB", image.size, _BACKGROUND)
    # In strips: converting the whole picture takes several times its memory.
    rows = max(1, _STRIP // image.width)
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        _paste_rgb(result, strip, top, image.format)
    return result


def _paste_rgb(result: Image.Image, strip: Image.Image, top: int, file_format: str | None) -> None:
    """Paste a strip of a picture in any mode into a white RGB picture."""
    # In some versions of Pillow a 16-bit grey PNG has mode I, which otherwise means 32 bits.
    if strip.mode.startswith("I;16") or (strip.mode == "I" and file_format == "PNG"):
        # Rounded; Pillow's own conversion clips at 255.
        grey = np.rint(np.clip(np.asarray(strip, dtype=np.float32), 0, 65535) / 257).astype(np.uint8)
        result.paste(Image.fromarray(grey).convert("RGB"), (0, top))
        return
    if strip.mode not in _CONVERTIBLE:
        raise ImageError(
            f"this picture has an unsupported colour mode ({strip.mode}); "
            "save it as a PNG or JPEG with 8 bits per colour"
        )
    if strip.has_transparency_data:
        strip = strip.convert("RGBA")
        result.paste(strip, (0, top), strip)
    else:
        result.paste(strip.convert("RGB"), (0, top))


def _unidentified(data: bytes) -> str:
    """Return the message for bytes that Pillow does not recognise."""
    if data.startswith(_PICTURES) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        return _damaged("its header is invalid")
    return f"this file is {_kind(data)}, not JPEG, PNG, WebP, GIF, BMP or TIFF; save the picture as one"


def _kind(data: bytes) -> str:
    for start, signature, kind in _OTHER_KINDS:
        if data.startswith(signature, start):
            return kind
    text = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in text or text.startswith(b"<?xml"):
        return "an SVG drawing or another XML file"
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    return "of an unknown kind" if b"\x00" in data[:512] else "text"


def _damaged(reason: str) -> str:
    return f"this picture is damaged or incomplete ({reason}); open it in a picture viewer and save it again"


# The usual evaluation transform for ImageNet: shorter side to 256, then the central 224 x 224.
_RESIZE_TO_CROP = 256 / 224
_MAX_ASPECT = 8


def square_image(image: np.ndarray | Image.Image, size: int, *, resize_to: int | None = None) -> np.ndarray:
    """Make a picture square: resize the shorter side, then crop the centre.

    Args:
        image: uint8 (H, W, 3), or a Pillow picture in mode RGB, which is not copied.
        size: side of the result in pixels, >= 1.
        resize_to: length of the shorter side before the crop, >= size. None means size * 256 / 224, so 256 for 224;
            `size` keeps all of a square picture.
    Returns:
        uint8 (size, size, 3). A `size` x `size` picture is returned unchanged; one whose shorter side is `resize_to` is
        only cropped.
    Raises:
        ValueError: wrong type or shape, or inconsistent sizes.
    Source: torchvision's Resize (bilinear, antialiased) and CenterCrop on Pillow images, pixel for pixel.
        Differs by: for strips longer than 8 times their width only the middle is resized, to bound the work.
    """
    if not isinstance(image, Image.Image):
        _check_picture(image)
        image = Image.fromarray(np.ascontiguousarray(image))
    resize_to = round(size * _RESIZE_TO_CROP) if resize_to is None else resize_to
    if not 1 <= size <= resize_to:
        raise ValueError(f"size must be from 1 to resize_to; got size {size} and resize_to {resize_to}")
    width, height = image.size
    if (width, height) == (size, size):
        return np.array(image)

    if _MAX_ASPECT * min(height, width) < max(height, width):
        image = _crop_centre(image, *(min(length, _MAX_ASPECT * min(height, width)) for length in (height, width)))
        width, height = image.size
    if min(height, width) != resize_to:
        if height <= width:
            height, width = resize_to, int(resize_to * width / height)
        else:
            height, width = int(resize_to * height / width), resize_to
        image = image.resize((width, height), Image.Resampling.BILINEAR)
    return np.array(_crop_centre(image, size, size))


def _crop_centre(image: Image.Image, height: int, width: int) -> Image.Image:
    left, top = round((image.width - width) / 2), round((image.height - height) / 2)
    return image.crop((left, top, left + width, top + height))


def to_uint8(array: np.ndarray) -> np.ndarray:
    """Convert floats (3, H, W) in [0, 1] to a uint8 (H, W, 3) picture, rounded and clipped.

    Also takes tensors on the CPU.

    Raises:
        ValueError: wrong shape, or NaN.
    """
    array = np.asarray(array)
    if array.ndim != 3 or array.shape[0] != 3 or array.dtype.kind != "f":
        raise ValueError(f"expected floats (3, H, W) in [0, 1], got {array.dtype} {array.shape}")
    if np.isnan(array).any():
        raise ValueError("expected values in [0, 1], got NaN")
    return np.rint(np.clip(array, 0, 1) * 255).astype(np.uint8).transpose(1, 2, 0).copy()


def png_bytes(image: np.ndarray) -> bytes:
    """Encode a uint8 (H, W, 3) picture as PNG.

    Raises:
        ValueError: wrong type or shape.
    """
    _check_picture(image)
    buffer = io.BytesIO()
    # Speed over size: pictures are sent once and shown briefly.
    Image.fromarray(np.ascontiguousarray(image)).save(buffer, format="PNG", compress_level=1)
    return buffer.getvalue()


def png_data_uri(image: np.ndarray) -> str:
    """Return a uint8 (H, W, 3) picture as a `data:image/png;base64,...` URL for <img>."""
    return "data:image/png;base64," + base64.b64encode(png_bytes(image)).decode("ascii")


def _check_picture(image: np.ndarray) -> None:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or min(image.shape) < 1:
        raise ValueError(f"expected a uint8 (H, W, 3) picture, got {image.dtype} {image.shape}")


_SECONDS = 5.0  # half to wait for other pictures, half for this one; a photograph takes at most 1.5
_MEMORY = 450_000_000  # bytes; a 50-megapixel photograph takes 200 MB, 400 MB if it is rotated
_REFUSED = 3  # exit status: the output is an error message
_CODE = Path(__file__).resolve().parents[2]
_one_at_a_time = threading.Lock()


def square_uploads(data: bytes, sizes: Sequence[int]) -> tuple[np.ndarray, ...]:
    """Return `square_image` of an untrusted picture file in several sizes; decodes one file at a time.

    Returns:
        uint8 (size, size, 3) for each of `sizes`.
    Raises:
        ImageError: as for `open_picture`, or decoding takes too much memory or time.
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

        resource.setrlimit(resource.RLIMIT_DATA, (_MEMORY, _MEMORY))
    try:
        picture = open_picture(sys.stdin.buffer.read())
        sys.stdout.buffer.write(b"".join(square_image(picture, size).tobytes() for size in sizes))
    except ImageError as error:
        sys.stdout.buffer.write(str(error).encode("utf-8"))
        return _REFUSED
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
