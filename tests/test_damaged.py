"""Thousands of damaged files and texts: every parser of a visitor's bytes takes them, or refuses them in a sentence.

What a file may say of itself is refused, too, or becomes plain text.
"""

import copy
import io
import json
import random
import re
import time
import zipfile
from functools import partial
from itertools import product

import numpy as np
import pytest

from core.classifiers.text import parse_class_list, parse_template
from core.data.holes import hole_text, middle_square, read_hole
from core.data.sample_sets import HEATMAPS
from core.data.sketches import decode_sketch, draw_sketch, encode_sketch
from core.fourier.contrasts import mismatches
from core.fourier.heatmap import Heatmap
from core.shared.files import ArchiveError, npz_bytes
from core.shared.text import one_line, quoted
from tests.ui.toys import HOSTILE
from ui.maps.catalogue import Entry, label_of, source_text
from ui.maps.rings import ring_chart
from ui.pages.frequency import _parse_cell
from ui.shared.url import as_markdown, whole_number

MAP = Heatmap.load(HEATMAPS / "mini-clip_cifar10-1000.npz")
ODD = (*HOSTILE, None, True, -1, 0, 2**70, 10**400, 1e308, float("nan"), "x" * 50_000, r"$\frac{$",
       [], [[]], [None], [1] * 1000, {}, {"a": 1})  # fmt: skip
PIECES = ("9" * 5000, "-", "1e400", "inf", "nan", "\0", "\u202e", "\ud800", "%00", "..", ",", "١", "²", "=", "&",
          "<script>", "32.", "224.", "{class}", "{", "A" * 3000, "½", "\n", " ")  # fmt: skip


def damaged(data, generator):
    """Data cut short, or with some bytes changed, removed, doubled or inserted, half of the times near the start."""
    if generator.random() < 1 / 6:
        return data[: generator.randrange(len(data))]
    changed, reach = bytearray(data), generator.choice((len(data), min(200, len(data))))
    for _ in range(generator.randint(1, 8)):
        at = generator.randrange(reach)
        doubled = changed[at : at + generator.randint(1, 400)]
        end, new = generator.choice(((1, b""), (0, generator.randbytes(3)), (0, doubled), (1, generator.randbytes(1))))
        changed[at : at + end] = new
    return bytes(changed)


def repacked(data, generator):
    """An archive with one member damaged and its checksum right again."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = generator.choice([*members])
    members[name] = damaged(members[name], generator)
    with zipfile.ZipFile(buffer := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return buffer.getvalue()


def nonsense(text, generator):
    """A text of a link or a field with nonsense inserted."""
    for _ in range(generator.randint(1, 4)):
        at = generator.randint(0, len(text))
        text = text[:at] + generator.choice(PIECES) + text[at + generator.randint(0, 3) :]
    return text


def read_map(data):
    """Return the texts that pages make of a map."""
    heatmap = Heatmap.from_bytes(data, name="odd.npz")
    entry = Entry(label_of(heatmap), heatmap)
    source = source_text(entry)
    assert not re.search(r"(?<!\\)[\[\]<>*$]", source), source
    ring_chart((entry,))
    return [entry.label, entry.subtitle, source, *mismatches(heatmap, MAP)]


def read_text(text):
    _parse_cell(text), whole_number(text), read_hole(text, 32)
    assert as_markdown(one_line(text)) is not None and quoted(text)
    refusals = []
    for parse in (parse_template, parse_class_list, partial(decode_sketch, size=32)):
        try:
            parse(text)
        except ValueError as error:
            refusals.append(error)
    if refusals:
        raise max(refusals, key=lambda error: len(str(error)))


def sound():
    """By parser: it, its errors, sound inputs, ways to spoil them, and how many of each."""
    links = [hole_text(middle_square(32)), encode_sketch(draw_sketch("horse"))]
    fields = ["3,-4", "12", "cat, dog, horse", "a photo of a {class}"]
    spoil = (damaged, repacked)
    return {
        "heat maps": (read_map, ArchiveError, [MAP.crop(5).to_bytes()], spoil, 150),
        "links and fields": (read_text, ValueError, links + fields, (nonsense,), 100),
    }


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", sound())
def test_damaged_files_load_or_raise_one_sentence(kind):
    parse, errors, inputs, ways, count = sound()[kind]
    generator, refused, slowest = random.Random(12), 0, 0.0
    for whole in inputs:
        for spoil in ways * count:
            began = time.process_time()
            try:
                parse(spoil(whole, generator))
            except errors as error:
                assert "\n" not in str(error) and len(str(error)) < 1000, f"not a short sentence: {error}"
                refused += 1
            slowest = max(slowest, time.process_time() - began)
    total = len(inputs) * len(ways) * count
    assert refused > total / 20, "the damage has no effect, so the test is void"
    assert slowest < 5


def paths(facts, outer=()):
    """Yield the place of every fact of a file's metadata."""
    for name, value in facts.items():
        yield (*outer, name)
        if isinstance(value, dict):
            yield from paths(value, (*outer, name))


def with_fact(metadata, path, value):
    """Return a copy of metadata with another value at a place."""
    changed = facts = copy.deepcopy(metadata)
    for name in path[:-1]:
        facts = facts[name]
    facts[path[-1]] = value
    return changed


def test_metadata_of_files_is_escaped():
    (parse, refusal, (whole,), *_) = sound()["heat maps"]
    with np.load(io.BytesIO(whole)) as archive:
        arrays = dict(archive)
    metadata = json.loads(str(arrays["metadata"]))
    for path, value in product(paths(metadata), ODD):
        content = npz_bytes(**arrays | {"metadata": json.dumps(with_fact(metadata, path, value))})
        try:
            texts = parse(content)
        except refusal as error:
            texts = [str(error)]
        for text in texts:
            assert len(text) < 1000 and text.encode() and not re.search(r"[\n\x00\x1b\u202e]", text), (path, value)
