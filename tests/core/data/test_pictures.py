"""Untrusted bytes become the right picture or a one-sentence error, within limits; arrays become squares and PNGs."""

import base64
import io
import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

from core.data import picture_files
from core.data.picture_files import (
    ImageError,
    decode_image,
    framed_square,
    png_data_uri,
    square_image,
    to_uint8,
    whole_image,
    whole_uploads,
)

LOSSLESS = {"PNG": {}, "WEBP": {"lossless": True, "exact": True}, "TIFF": {}}


def encode(image, file_format, **options):
    buffer = io.BytesIO()
    image.save(buffer, format=file_format, **options)
    return buffer.getvalue()


def noise(height=12, width=16, seed=0):
    return np.random.default_rng(seed).integers(0, 256, size=(height, width, 3), dtype=np.uint8)


def smooth_picture(size=64):
    ramp = np.linspace(0, 255, size).astype(np.uint8)
    return np.stack([*np.meshgrid(ramp, ramp), np.full((size, size), 128, dtype=np.uint8)], axis=2)


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK"])
def test_decode_image_turns_other_colours_into_rgb(mode):
    image = Image.fromarray(smooth_picture()).convert(mode)
    decoded = decode_image(encode(image, "TIFF"))
    np.testing.assert_array_equal(decoded, np.asarray(image.convert("RGB")))


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


@pytest.mark.parametrize("file_format", LOSSLESS)
def test_decode_image_returns_the_upright_pixels(file_format):
    upright, exif = noise(), Image.Exif()
    exif[0x0112] = 6  # a viewer turns it by 90 degrees to the right
    stored = Image.fromarray(np.ascontiguousarray(np.rot90(upright, 1)))
    decoded = decode_image(encode(stored, file_format, exif=exif, **LOSSLESS[file_format]))
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, upright)


def test_decode_image_turns_upright_despite_odd_exif_data():
    upright = struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)
    resolution_of_a_wrong_type = struct.pack(">HHI4s", 0x011A, 7, 1, b"VR(\xd7")
    exif = b"Exif\0\0MM\0*" + struct.pack(">IH", 8, 2) + upright + resolution_of_a_wrong_type + bytes(4)
    data = encode(Image.fromarray(noise()), "PNG", exif=exif)
    with Image.open(io.BytesIO(data)) as image, pytest.raises(TypeError):
        ImageOps.exif_transpose(image)
    np.testing.assert_array_equal(decode_image(data), np.rot90(noise(), -1))


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


def test_decode_image_refuses_large_and_other_files(monkeypatch):
    data = encode(Image.fromarray(noise(10, 11)), "PNG")
    monkeypatch.setattr("core.data.picture_files.MAX_PIXELS", 109)
    with pytest.raises(ImageError, match="11 x 10 pixels, more than the limit of 109"):
        decode_image(data)
    for other in (b"", b"%PDF-1.7", encode(Image.fromarray(noise(32, 32)), "PPM")):  # which Pillow reads
        with pytest.raises(ImageError, match="this file is not a readable JPEG, PNG"):
            decode_image(other)


@pytest.mark.parametrize("mode", ["F", "I"])
def test_decode_image_refuses_colours_of_unknown_range(mode):
    image = Image.fromarray(noise()).convert("L").convert(mode)
    with pytest.raises(ImageError, match=rf"unsupported colour mode \({mode}\)"):
        decode_image(encode(image, "TIFF"))


@pytest.mark.parametrize("height, width", [(300, 451), (256, 300), (255, 999), (100, 100), (224, 225), (512, 256)])
def test_square_image_equals_torchvisions_evaluation_transform(height, width):
    from torchvision import transforms

    picture = noise(height, width)
    evaluation = transforms.Compose([transforms.Resize(256), transforms.CenterCrop(224)])
    expected = np.asarray(evaluation(Image.fromarray(picture)))
    np.testing.assert_array_equal(square_image(picture, 224), expected)


def test_square_image_keeps_a_square_picture_whole_if_told():
    picture = np.zeros((64, 64, 3), dtype=np.uint8)
    picture[0] = 255
    assert square_image(picture, 32, resize_to=32)[0].min() > 100
    assert square_image(picture, 32).max() == 0


def test_to_uint8_inverts_the_division_by_255_rounds_and_clips():
    picture = np.arange(256 * 3, dtype=np.int64).astype(np.uint8).reshape(16, 16, 3)
    np.testing.assert_array_equal(to_uint8(picture.transpose(2, 0, 1) / np.float32(255)), picture)
    array = np.array([-0.5, 0.49 / 255, 0.51 / 255, 2.0])
    result = to_uint8(np.broadcast_to(array, (3, 1, 4)))
    assert result[0, :, 0].tolist() == [0, 0, 1, 255]


def test_png_data_uri_is_lossless():
    picture = noise(33, 17)
    head, _, body = png_data_uri(picture).partition(",")
    assert head == "data:image/png;base64"
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(body)))), picture)


# Visitors' pictures cost little whatever their bytes are, even four at once

ROOT = Path(__file__).parents[3]
# Four uploads at once of the file on the command line: seconds, peak memory of who reads it, and what each is told.
MEASURE = """
import json, resource, sys, time
from concurrent.futures import ThreadPoolExecutor
from core.data.picture_files import ImageError, whole_uploads

def upload(data):
    try:
        whole_uploads(data, (32,))
    except ImageError as error:
        return str(error)

data, began = open(sys.argv[1], "rb").read(), time.monotonic()
with ThreadPoolExecutor() as threads:
    results = list(threads.map(upload, [data] * 4))
print(json.dumps([time.monotonic() - began, 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, results]))
"""


def photograph():
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (300, 451, 3), dtype=np.uint8))


def large_photograph():
    """A phone's photograph of 50 megapixels, rotated by 90 degrees."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encode(Image.new("RGB", (8160, 6120), (10, 20, 30)), "JPEG", exif=exif)


def tiff_of_strips(count=4_000_000, width=8):
    """Each row is its own strip, and all strips share the same eight bytes."""
    end = 16 + 2 + 12 * 9 + 4
    tags = ((256, width), (257, count), (258, 8), (259, 1), (262, 1), (273, end), (277, 1), (278, 1))
    entries = [(tag, 4, count if tag == 273 else 1, value) for tag, value in tags] + [(279, 4, count, end + 4 * count)]
    directory = struct.pack("<H", 9) + b"".join(struct.pack("<HHII", *entry) for entry in entries) + bytes(4)
    places, lengths = struct.pack("<I", 8) * count, struct.pack("<I", width) * count
    return b"II*\0" + struct.pack("<I", 16) + bytes(8) + directory + places + lengths


def test_uploads_are_whole_and_upright(monkeypatch):
    monkeypatch.setattr(picture_files, "_SECONDS", 120.0)  # on a busy machine
    data = encode(photograph(), "JPEG")
    for size, whole in zip((32, 224), whole_uploads(data, (32, 224)), strict=True):
        np.testing.assert_array_equal(whole, whole_image(Image.fromarray(decode_image(data)), size))
    (whole,) = whole_uploads(large_photograph(), (32,))
    assert whole.shape == (42, 32, 3), "upright"
    assert np.abs(whole.astype(int) - (10, 20, 30)).max() <= 2
    with pytest.raises(ImageError, match="not a readable JPEG"):
        whole_uploads(b"%PDF-1.7", (32,))


@pytest.mark.parametrize(("width", "height"), [(300, 200), (200, 300), (301, 200), (64, 64), (8, 9)])
def test_framed_square_in_the_middle_is_the_usual_one(width, height):
    image = photograph().resize((width, height))
    whole = whole_image(image, 64)
    assert min(whole.shape[:2]) == 64
    np.testing.assert_array_equal(framed_square(whole, 0.5), square_image(image, 64, resize_to=64))
    start, end = framed_square(whole, 0), framed_square(whole, 1)
    np.testing.assert_array_equal(start, whole[:64, :64])
    np.testing.assert_array_equal(end, whole[-64:, -64:])


@pytest.mark.parametrize("size", [(8, 4000), (4000, 8)])
def test_a_very_long_picture_keeps_its_middle(size):
    whole = whole_image(Image.new("RGB", size), 32)
    assert sorted(whole.shape[:2]) == [32, 128]


linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is limited on Linux alone")


@linux
def test_hostile_uploads_stay_within_limits(tmp_path):
    path = tmp_path / "hostile"
    path.write_bytes(tiff_of_strips())
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    seconds, memory, sentences = json.loads(measured.stdout)
    assert seconds < 60 and memory < 500e6  # unlimited it would take minutes
    assert len(sentences) == 4 and all("smaller copy" in text or "busy" in text for text in sentences)


@linux
def test_a_picture_over_the_memory_limit_is_refused():
    code = "from core.data import picture_files as p; p._MEMORY = 2 * 10**8; raise SystemExit(p.main())"
    done = subprocess.run([sys.executable, "-c", code, "32"], cwd=ROOT, capture_output=True, input=large_photograph())
    assert done.returncode not in (0, picture_files._REFUSED), "which `whole_uploads` says to be too much memory"
