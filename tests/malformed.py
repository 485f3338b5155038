"""Malformed inputs for every parser of a visitor's bytes or text, counted: `python -m tests.malformed`.

Prints JSON: for each parser the number of inputs, refused and accepted, and the slowest in seconds of CPU; and the peak
memory above rest, in bytes. An undocumented error ends the process with its traceback.
"""

from __future__ import annotations

import io
import json
import random
import resource
import tempfile
import time
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from core.classifiers.text import parse_class_list, parse_template
from core.data.datasets import read_archive
from core.data.holes_and_sketches import hole_text, read_hole
from core.data.picture_files import ImageError, decode_image
from core.data.sample_sets import HEATMAPS
from core.fourier.heatmap import Heatmap, HeatmapError
from core.pgd.run import PGDRun, RunFileError
from core.shared.text import one_line, quoted
from tests.ui.run_forge import arrays_of, packed
from ui.maps.catalogue import Entry, label_of
from ui.pages.frequency import _parse_cell
from ui.shared.url import _is_invalid, as_markdown, whole_number

SEED = 12
ODD = (None, True, -1, 0, 2**70, 10**400, 1e308, float("nan"), "", "x" * 50_000, r"$\frac{$", "\ud800", "\u202e\0",
       [], [[]], [None], [1] * 1000, {}, {"a": 1}, "../../etc/passwd", "<script>")  # fmt: skip
PIECES = ("9" * 5000, "-", "1e400", "inf", "nan", "\0", "\u202e", "\ud800", "%00", "..", ",", "١", "²", "=", "&",
          "<script>", "32.", "224.", "{class}", "{", "A" * 3000, "½", "\n", " ")  # fmt: skip


def damaged(data: bytes, count: int, generator: random.Random) -> Iterator[bytes]:
    """Data cut short, with bytes changed, removed, doubled and inserted; every third time in the first bytes."""
    for attempt in range(count):
        if attempt % 6 == 0:
            yield data[: generator.randrange(len(data))]
            continue
        changed = bytearray(data)
        reach = len(data) if attempt % 3 else min(200, len(data))
        for _ in range(generator.randint(1, 8)):
            place = generator.randrange(reach)
            match attempt % 5:
                case 0:
                    del changed[place : place + 1]
                case 1:
                    changed[place:place] = generator.randbytes(3)
                case 2:
                    changed[place:place] = changed[place : place + generator.randint(1, 400)]
                case _:
                    changed[place : place + 1] = generator.randbytes(1)
        yield bytes(changed)


def repacked(data: bytes, count: int, generator: random.Random) -> Iterator[bytes]:
    """Archives with one member damaged and the checksums right again, or one fact of the metadata replaced."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    for attempt in range(count):
        name = generator.choice(list(members))
        content = next(damaged(members[name], 1, random.Random(generator.random())))
        if attempt % 6:
            content = list(damaged(members[name], 6, random.Random(generator.random())))[attempt % 6]
        if attempt % 2 and "metadata.npy" in members:
            name, content = "metadata.npy", _other_fact(members["metadata.npy"], generator)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, whole in members.items():
                archive.writestr(member, content if member == name else whole)
        yield buffer.getvalue()


def _other_fact(member: bytes, generator: random.Random) -> bytes:
    metadata = json.loads(str(np.load(io.BytesIO(member))))
    facts = metadata
    while True:
        name = generator.choice(list(facts))
        if not isinstance(facts[name], dict) or not facts[name] or generator.random() < 0.3:
            break
        facts = facts[name]
    facts[name] = generator.choice(ODD)
    buffer = io.BytesIO()
    np.save(buffer, np.array(json.dumps(metadata)))
    return buffer.getvalue()


def pictures() -> Iterator[bytes]:
    """A small picture in every supported format."""
    noise = np.random.default_rng(0).integers(0, 256, (12, 12, 4), dtype=np.uint8)
    alpha = Image.fromarray(noise).resize((64, 48))
    smooth, frames = alpha.convert("RGB"), [alpha.convert("RGB").rotate(90)]
    exif = Image.Exif()
    exif[0x0112] = 6
    grey16 = Image.fromarray(np.arange(4096, dtype=np.uint16).reshape(64, 64) * 16)
    for image, kind, options in (
        (smooth, "JPEG", {"exif": exif}),
        (smooth, "JPEG", {"progressive": True}),
        (smooth.convert("CMYK"), "JPEG", {}),
        (smooth, "MPO", {"save_all": True, "append_images": frames}),
        (alpha, "PNG", {}),
        (grey16, "PNG", {}),
        (smooth.quantize(16), "PNG", {"transparency": 1}),
        (smooth, "PNG", {"save_all": True, "append_images": frames}),
        (smooth, "GIF", {"save_all": True, "append_images": frames}),
        (alpha, "WEBP", {}),
        (smooth, "WEBP", {"lossless": True}),
        (smooth, "BMP", {}),
        (smooth, "TIFF", {}),
        (smooth, "TIFF", {"compression": "tiff_adobe_deflate"}),
        (smooth, "TIFF", {"compression": "tiff_lzw"}),
        (smooth, "TIFF", {"compression": "jpeg"}),
    ):
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        yield buffer.getvalue()


def texts(count: int, generator: random.Random) -> Iterator[str]:
    """Return hostile texts for links and fields: valid texts with nonsense inserted."""
    sound = ["3,-4", "12", "cat, dog, horse", "a photo of a {class}", hole_text(np.eye(32, dtype=bool)[None]) or ""]
    for _ in range(count):
        text = generator.choice(sound)
        for _ in range(generator.randint(1, 4)):
            place = generator.randint(0, len(text))
            text = text[:place] + generator.choice(PIECES) + text[place + generator.randint(0, 3) :]
        yield text


def read_map(data: bytes) -> None:
    heatmap = Heatmap.from_bytes(data, name="odd.npz")
    assert Entry(label_of(heatmap), heatmap).subtitle


def read_run(data: bytes) -> None:
    PGDRun.from_bytes(data, name="odd.npz")


def read_picture(data: bytes) -> None:
    decoded = decode_image(data, max_pixels=1_000_000)
    assert decoded.dtype == np.uint8 and decoded.ndim == 3


def read_data(data: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=".npz") as file:
        file.write(data)
        file.flush()
        read_archive(Path(file.name))


def read_text(text: str) -> None:
    _parse_cell(text), whole_number(text), _is_invalid(text), read_hole(text, 32)
    assert as_markdown(one_line(text)) is not None and quoted(text)
    parse_template(text)
    parse_class_list(text)


def data_set() -> bytes:
    """A small archive of labelled images."""
    buffer = io.BytesIO()
    images = np.random.default_rng(0).integers(0, 256, (7, 10, 10, 3), dtype=np.uint8)
    np.savez_compressed(buffer, images=images, labels=np.arange(7) % 3, classes=np.array(["ant", "bee", "cat"]))
    return buffer.getvalue()


def inputs() -> Iterator[tuple[str, Callable[[Any], None], tuple[type[Exception], ...], Iterator[Any]]]:
    """Name of a parser, the parser, the errors it may raise, and its inputs."""
    generator = random.Random(SEED)
    heatmap = Heatmap.load(HEATMAPS / "mini-clip_cifar10-1000.npz").crop(7).to_bytes()
    run, archive = packed(arrays_of()), data_set()
    for spoil, count in ((damaged, 300), (repacked, 400)):
        yield "heat maps", read_map, (HeatmapError,), spoil(heatmap, count, generator)
        yield "runs", read_run, (RunFileError,), spoil(run, count, generator)
        yield "data sets", read_data, (RuntimeError, ValueError), spoil(archive, count // 2, generator)
    for picture in pictures():
        yield "pictures", read_picture, (ImageError,), damaged(picture, 60, generator)
    yield "links and fields", read_text, (ValueError,), texts(600, generator)


def main() -> int:
    """Feed every parser; print what came of it."""
    warnings.simplefilter("ignore")
    results: dict[str, dict[str, float]] = {}
    rest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name, parse, expected, spoiled in inputs():
        counts = results.setdefault(name, {"inputs": 0, "refused": 0, "taken": 0, "slowest": 0.0})
        for data in spoiled:
            began = time.process_time()
            try:
                parse(data)
                counts["taken"] += 1
            except expected as error:
                assert "\n" not in str(error) and len(str(error)) < 1000, f"not a short sentence: {error}"
                counts["refused"] += 1
            counts["inputs"] += 1
            counts["slowest"] = max(counts["slowest"], time.process_time() - began)
    most = 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - rest)
    print(json.dumps({"parsers": results, "memory": most}))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
