"""Decoding of untrusted bytes to a picture, or a one-sentence error."""

import io
from contextlib import suppress

import numpy as np
from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
MAX_BYTES = 50 * 2**20
MAX_PIXELS = 50_000_000  # a 50-megapixel phone picture passes; 150 MB once decoded
MIN_SIDE = 8
MAX_JPEG_SCANS = 100
BACKGROUND = (255, 255, 255)
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

    Time and memory depend on the file; `core.images.bounded` limits both.

    Applies the EXIF orientation, composes transparency over white, converts grey, palette and CMYK to RGB and 16 bits
    to 8 bits, and takes the first frame of an animation. Colour profiles are not applied, as in classifiers' training
    pipelines.

    Args:
        data: the bytes of a JPEG, PNG, WebP, GIF, BMP or TIFF file.
        max_pixels: maximum number of pixels, checked from the header before decoding.
    Returns:
        The picture in mode RGB, height and width at least 8.
    Raises:
        ImageError: not a picture, or a damaged, oversized or tiny one; no other exception is raised.
    """
    if not data:
        raise ImageError("this file is empty; choose a picture file")
    if len(data) > MAX_BYTES:
        raise ImageError(
            f"this file has {len(data) / 1e6:.1f} MB, more than the limit of {MAX_BYTES / 1e6:.0f} MB; save a smaller "
            "copy"
        )
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
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
    if image.format in ("JPEG", "MPO") and data.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise ImageError(f"this JPEG has more than {MAX_JPEG_SCANS} scans, as no camera writes; save it as PNG")


def _upright_rgb(image: Image.Image) -> Image.Image:
    """Rotate a decoded picture upright and convert it to RGB."""
    # Damaged EXIF data must not fail a picture; rotated in place, it stays upright even if Pillow then fails to write
    # the remaining EXIF data.
    with suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)
    if image.mode == "RGB" and not image.has_transparency_data:
        return image
    result = Image.new("RGB", image.size, BACKGROUND)
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
