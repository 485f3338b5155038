"""Visitors' pictures cost little whatever their bytes are, even four at once."""

import io
import json
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.data import picture_files
from core.data.picture_files import ImageError, decode_image, square_image, square_uploads

ROOT = Path(__file__).parents[3]
# Four at once, from the file on the command line: seconds, peak memory above rest, and the results.
MEASURE = """
import json, os, sys, threading, time
from core.data.picture_files import ImageError, square_uploads

def memory():
    def read(path):  # threads and processes come and go
        try:
            with open(path) as file:
                return file.read().split()
        except (FileNotFoundError, ProcessLookupError):
            return []

    tasks = os.listdir("/proc/self/task")
    pids = [os.getpid(), *(pid for task in tasks for pid in read(f"/proc/self/task/{task}/children"))]
    pages = [int(sizes[1]) for pid in pids if (sizes := read(f"/proc/{pid}/statm"))]
    return sum(pages) * os.sysconf("SC_PAGE_SIZE")

def upload():
    try:
        square_uploads(data, (32,))
        found.append("")
    except ImageError as error:
        found.append(str(error))

data, found = open(sys.argv[1], "rb").read(), []
rest = most = memory()
began = time.monotonic()
threads = [threading.Thread(target=upload) for _ in range(4)]
for thread in threads:
    thread.start()
while any(thread.is_alive() for thread in threads):
    most = max(most, memory())
    time.sleep(0.005)
print(json.dumps([time.monotonic() - began, most - rest, found]))
"""


def encode(image, file_format, **options):
    buffer = io.BytesIO()
    image.save(buffer, format=file_format, **options)
    return buffer.getvalue()


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


def test_square_uploads_gives_what_data_sets_get(monkeypatch):
    monkeypatch.setattr(picture_files, "_SECONDS", 120.0)  # on a busy machine
    data = encode(photograph(), "JPEG")
    for size, square in zip((32, 224), square_uploads(data, (32, 224)), strict=True):
        np.testing.assert_array_equal(square, square_image(decode_image(data), size))
    (square,) = square_uploads(large_photograph(), (32,))
    assert np.abs(square.astype(int) - (10, 20, 30)).max() <= 2
    with pytest.raises(ImageError, match="no readable JPEG"):
        square_uploads(b"%PDF-1.7", (32,))


linux = pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc, and limited on Linux alone")


@linux
def test_four_hostile_uploads_stay_within_limits(tmp_path):
    path = tmp_path / "hostile"
    path.write_bytes(tiff_of_strips())
    measured = subprocess.run(
        [sys.executable, "-c", MEASURE, str(path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    seconds, memory, sentences = json.loads(measured.stdout)
    assert seconds < 60 and memory < 500e6  # each would take minutes and 400 MB
    assert len(sentences) == 4 and all("smaller copy" in text or "busy" in text for text in sentences)


@linux
def test_a_picture_over_the_memory_limit_is_refused():
    code = "from core.data import picture_files as p; p._MEMORY = 2 * 10**8; raise SystemExit(p.main())"
    done = subprocess.run([sys.executable, "-c", code, "32"], cwd=ROOT, capture_output=True, input=large_photograph())
    assert done.returncode == picture_files._REFUSED and b"too much memory" in done.stdout
