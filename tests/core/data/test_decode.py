"""Untrusted bytes: any input gives the right picture or a one-sentence error."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from core.data.picture_files import MAX_JPEG_SCANS, ImageError, decode_image

LOSSLESS = {"PNG": {}, "WEBP": {"lossless": True, "exact": True}, "TIFF": {}, "BMP": {}}


def encode(image, file_format, **options):
    buffer = io.BytesIO()
    image.save(buffer, format=file_format, **options)
    return buffer.getvalue()


def picture(height=12, width=16, seed=0):
    return np.random.default_rng(seed).integers(0, 256, size=(height, width, 3), dtype=np.uint8)


def smooth_picture(size=64):
    ramp = np.linspace(0, 255, size).astype(np.uint8)
    return np.stack([*np.meshgrid(ramp, ramp), np.full((size, size), 128, dtype=np.uint8)], axis=2)


@pytest.mark.parametrize("file_format", LOSSLESS)
def test_decode_image_returns_the_pixels(file_format):
    pixels = picture()
    decoded = decode_image(encode(Image.fromarray(pixels), file_format, **LOSSLESS[file_format]))
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, pixels)


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK"])
def test_decode_image_turns_other_colours_into_rgb(mode):
    image = Image.fromarray(smooth_picture()).convert(mode)
    decoded = decode_image(encode(image, "TIFF"))
    np.testing.assert_array_equal(decoded, np.asarray(image.convert("RGB")))


def test_decode_image_reads_a_cmyk_jpeg_in_the_right_polarity():
    white = Image.new("CMYK", (16, 16), (0, 0, 0, 0))
    assert decode_image(encode(white, "JPEG")).min() > 250


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_decode_image_scales_16_bits_instead_of_clipping(file_format):
    levels = np.linspace(0, 65535, 256).round().astype(np.uint16).reshape(16, 16)
    decoded = decode_image(encode(Image.fromarray(levels), file_format))
    np.testing.assert_array_equal(decoded[:, :, 1], np.arange(256).reshape(16, 16))


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_decode_image_lays_transparency_over_white(mode):
    grey = Image.new("RGBA", (9, 9), (100, 100, 100, 255))
    for x, alpha in enumerate((0, 51, 255)):
        grey.putpixel((x, 0), (100, 100, 100, alpha))
    decoded = decode_image(encode(grey.convert(mode), "PNG"))
    assert decoded[0, :3, 0].tolist() == [255, 224, 100]


def test_decode_image_lays_a_transparent_palette_colour_over_white():
    image = Image.new("P", (8, 8), 0)
    image.putpalette([0, 0, 0, 10, 20, 30])
    image.putpixel((3, 0), 1)
    decoded = decode_image(encode(image, "PNG", transparency=0))
    assert decoded[0, 0].tolist() == [255, 255, 255]
    assert decoded[0, 3].tolist() == [10, 20, 30]


@pytest.mark.parametrize(
    "file_format, orientation", [*(("PNG", orientation) for orientation in range(1, 9)), ("WEBP", 6), ("TIFF", 6)]
)
def test_decode_image_turns_the_picture_upright(file_format, orientation):
    upright = picture()
    # The camera's transform for each value: the inverse of the rotation that a viewer then applies.
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(np.ascontiguousarray(stored))
    decoded = decode_image(encode(image, file_format, exif=exif, **LOSSLESS[file_format]))
    np.testing.assert_array_equal(decoded, upright)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_decode_image_ignores_damaged_exif():
    pixels = picture()
    data = encode(Image.fromarray(pixels), "PNG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff")
    np.testing.assert_array_equal(decode_image(data), pixels)


def test_decode_image_turns_upright_what_has_exif_data_that_cannot_be_written_again():
    upright = struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
    resolution_of_a_wrong_type = struct.pack(">HHI4s", 0x011A, 7, 1, b"VR(\xd7")
    exif = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 2) + upright + resolution_of_a_wrong_type + bytes(4)
    data = encode(Image.fromarray(picture()), "PNG", exif=exif)
    with Image.open(io.BytesIO(data)) as image, pytest.raises(TypeError):
        ImageOps.exif_transpose(image)
    np.testing.assert_array_equal(decode_image(data), np.rot90(picture(), -1))


@pytest.mark.parametrize("file_format, options", [("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {}), ("MPO", {})])
def test_decode_image_takes_the_first_frame(file_format, options):
    frames = [Image.new("L", (16, 16), level) for level in (40, 120, 200)]
    data = encode(frames[0], file_format, save_all=True, append_images=frames[1:], **options)
    assert (decode_image(data) == 40).all()


def png_of_size(width, height):
    """A valid PNG header without pixels: a decompression bomb before it is decompressed."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(header)) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [7_072, 60_000])
def test_decode_image_refuses_a_huge_picture_from_its_header(side):
    with pytest.raises(ImageError, match=r"more than (the limit of )?50,000,000"):
        decode_image(png_of_size(side, side))


def test_decode_image_refuses_too_many_pixels_or_bytes(monkeypatch):
    data = encode(Image.fromarray(picture(10, 11)), "PNG")
    assert decode_image(data, max_pixels=110).shape == (10, 11, 3)
    with pytest.raises(ImageError, match="11 x 10 pixels, more than the limit of 109"):
        decode_image(data, max_pixels=109)
    monkeypatch.setattr("core.data.picture_files.MAX_BYTES", len(data) - 1)
    with pytest.raises(ImageError, match=r"this file has 0\.0 MB, more than the limit"):
        decode_image(data)


def test_decode_image_refuses_a_tiny_picture():
    with pytest.raises(ImageError, match="only 1 x 1 pixels; choose one of at least 8 x 8"):
        decode_image(encode(Image.new("RGB", (1, 1)), "PNG"))


def test_decode_image_refuses_a_jpeg_with_endless_scans():
    data = encode(Image.fromarray(smooth_picture()), "JPEG", progressive=True)
    start = data.rindex(b"\xff\xda")
    scan = data[start:-2]
    decode_image(data)
    with pytest.raises(ImageError, match=f"more than {MAX_JPEG_SCANS} scans"):
        decode_image(data[:-2] + scan * MAX_JPEG_SCANS + data[-2:])


@pytest.mark.parametrize(
    "data, kind",
    [
        (b"hello, I am a note", "text"),
        (b"\n<!DOCTYPE html><html><body>404</body></html>", "a web page"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing"),
        (b"%PDF-1.7\n%\xe2\xe3", "a PDF document"),
        (b"PK\x03\x04rest", "a zip archive"),
        (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00", "a HEIC picture"),
        (b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00", "a video"),
        (b"\x00\x01\x02\x03" * 9, "of an unknown kind"),
    ],
)
def test_decode_image_names_what_is_no_picture(data, kind):
    with pytest.raises(ImageError, match=f"this file is {kind}.*, not JPEG, PNG"):
        decode_image(data)


def test_decode_image_reads_no_other_formats_of_pillow():
    for file_format in ("ICO", "PPM", "TGA", "EPS", "ICNS"):
        with pytest.raises(ImageError, match="not JPEG"):
            decode_image(encode(Image.fromarray(picture(32, 32)), file_format))


def test_decode_image_refuses_an_empty_file():
    with pytest.raises(ImageError, match="this file is empty"):
        decode_image(b"")


@pytest.mark.parametrize("mode", ["F", "I", "LAB"])
def test_decode_image_refuses_colours_of_unknown_range(mode):
    if mode == "LAB":
        to_lab = ImageCms.buildTransform(ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB")
        image = ImageCms.applyTransform(Image.fromarray(picture()), to_lab)
    else:
        image = Image.fromarray(picture()).convert("L").convert(mode)
    with pytest.raises(ImageError, match=rf"unsupported colour mode \({mode}\)"):
        decode_image(encode(image, "TIFF"))
