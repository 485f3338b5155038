"""Untrusted bytes to a picture, or to one sentence that says why not."""

import io

import numpy as np
from PIL import Image

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
MAX_BYTES = 50 * 2**20
MAX_PIXELS = 50_000_000  # a 50-megapixel phone picture passes; 150 MB once decoded
MIN_SIDE = 8
MAX_JPEG_SCANS = 100
BACKGROUND = (255, 255, 255)

_CONVERTIBLE = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "CMYK", "YCbCr")
_EXIF_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\x00", b"MM\x00*")
_OTHER_KINDS = (
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"PK\x03\x04", "a zip archive or an office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"8BPS", "a Photoshop document"),
    (b"\x00\x00\x01\x00", "an icon"),
)
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")


class ImageError(ValueError):
    """These bytes give no picture; the message is one sentence for the person who sent them."""


def decode_image(data: bytes, *, max_pixels: int = MAX_PIXELS, max_bytes: int = MAX_BYTES) -> np.ndarray:
    """Decode a picture file from anywhere into RGB pixels.

    The picture is turned upright (EXIF orientation), transparency is laid over white as on a web page, grey,
    palette and CMYK become RGB, 16-bit levels are scaled to 8 bits, and an animation gives its first frame.
    Colour profiles are not applied, as in the pipelines that classifiers are trained with.

    Args:
        data: the bytes of a JPEG, PNG, WebP, GIF, BMP or TIFF file.
        max_pixels: most pixels accepted, checked from the header before anything is decoded.
        max_bytes: most bytes accepted.
    Returns:
        uint8 (H, W, 3), H and W at least 8.
    Raises:
        ImageError: no picture, a damaged, an oversized or a tiny one; never any other exception.
    """
    if not data:
        raise ImageError("this file is empty: choose a picture file")
    if len(data) > max_bytes:
        raise ImageError(
            f"this file has {len(data) / 1e6:.1f} MB, at most {max_bytes / 1e6:.0f} MB are taken: save a smaller copy"
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
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageError(
            f"this picture has far more than the {max_pixels:,} pixels that are taken: save a smaller copy"
        ) from None
    except Exception as error:
        # Pillow's readers meet damaged bytes with a dozen kinds of exception, from struct.error to
        # IndexError, none of them documented; here they all mean the same.
        raise ImageError(_damaged(_reason(error))) from error


def _check_size(image: Image.Image, data: bytes, max_pixels: int) -> None:
    width, height = image.size
    if width * height > max_pixels:
        raise ImageError(
            f"this picture has {width} x {height} pixels, at most {max_pixels:,} are taken: save a smaller copy"
        )
    if min(width, height) < MIN_SIDE:
        raise ImageError(
            f"this picture has only {width} x {height} pixels: choose one of at least {MIN_SIDE} x {MIN_SIDE}"
        )
    # A progressive JPEG is decoded once in full for each scan, and a scan can be ten bytes: a small file
    # could keep a processor busy for hours. In compressed data FF is followed by 00, so the markers can be
    # counted.
    if image.format in ("JPEG", "MPO") and data.count(b"\xff\xda") > MAX_JPEG_SCANS:
        raise ImageError(f"this JPEG has more than {MAX_JPEG_SCANS} scans, no camera writes that: save it again as PNG")


def _upright_rgb(image: Image.Image) -> np.ndarray:
    """Turn a decoded picture upright and into uint8 (H, W, 3)."""
    # A 16-bit grey PNG has mode I in some versions of Pillow; elsewhere I means 32 bits.
    deep = image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG")
    turn = _UPRIGHT.get(_orientation(image))
    if turn is not None:
        image = image.transpose(turn)
    if deep:
        return _grey_rgb(np.asarray(image))
    if image.mode not in _CONVERTIBLE:
        raise ImageError(
            f"this picture keeps its colours in a way that is not read here ({image.mode}): "
            "save it as a PNG or JPEG with 8 bits per colour"
        )
    if image.has_transparency_data:
        picture = image.convert("RGBA")
        image = Image.new("RGB", picture.size, BACKGROUND)
        image.paste(picture, mask=picture)
    return np.array(image.convert("RGB"))


def _grey_rgb(levels: np.ndarray) -> np.ndarray:
    """Scale 16-bit levels (H, W) to 8 bits, rounded; Pillow's own conversion cuts off what is above 255."""
    grey = np.rint(np.clip(levels.astype(np.float32), 0, 65535) / 257).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _orientation(image: Image.Image) -> int:
    # A picture with damaged EXIF data is still a picture.
    try:
        return int(image.getexif().get(_EXIF_ORIENTATION, 1))
    except Exception:
        return 1


def _unidentified(data: bytes) -> str:
    """The sentence for bytes that Pillow takes for no picture at all."""
    if data.startswith(_PICTURES) or (data[:4] == b"RIFF" and data[8:12] == b"WEBP"):
        return _damaged("its header makes no sense")
    return f"this file is {_kind(data)}: wanted JPEG, PNG, WebP, GIF, BMP or TIFF; save the picture as one"


def _kind(data: bytes) -> str:
    for start, kind in _OTHER_KINDS:
        if data.startswith(start):
            return kind
    if data[4:8] == b"ftyp":
        brand = data[8:12]
        return "a HEIC picture" if brand in _HEIC else "an AVIF picture" if brand == b"avif" else "a video"
    text = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in text or text.startswith(b"<?xml"):
        return "an SVG drawing or another XML file"
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    return "of no kind that is known here" if b"\x00" in data[:512] else "text"


def _damaged(reason: str) -> str:
    return f"this picture is damaged or incomplete ({reason}): open it in a picture viewer and save it again"


def _reason(error: Exception) -> str:
    return (str(error).split("\n")[0].strip().rstrip(".") or type(error).__name__)[:120]
