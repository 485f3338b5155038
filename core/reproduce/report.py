"""The report: JSON for programs, Markdown and one HTML file for people, all from the same results."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.data.provenance import VERSION
from core.errors import one_line
from core.files import make_folder, write_atomically, write_json
from core.numbers import duration
from core.reproduce import numbers
from core.reproduce.document import Cell, Document, Section, Table
from core.reproduce.machine import name_of
from core.reproduce.maps import MapResult
from core.reproduce.markdown import to_markdown
from core.reproduce.page import to_html
from core.reproduce.plan import MapPart, TablePart
from core.reproduce.tables import TableResult
from core.reproduce.trials import Trial
from core.reproduce.words import (
    RULES,
    counted,
    map_match,
    map_section,
    map_sentence,
    plain_and_minimised,
    table_section,
    table_sentence,
    trial_section,
    two_starts,
)

SCHEMA = 1
FIGURES = "figures"


@dataclass(frozen=True)
class Skipped:
    """A part that did not run, and why: whole sentences that say what to do."""

    part: MapPart | TablePart
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Spent:
    """Of this command: seconds by the clock and of the processor, peak memory in bytes, also of the GPU if any."""

    wall_seconds: float
    cpu_seconds: float
    peak_memory: int
    gpu_memory: int | None


@dataclass(frozen=True, eq=False)
class Results:
    """All that a run found out. command, device: in words."""

    command: str
    device: str
    seed: int
    maps: Sequence[MapResult]
    trials: Sequence[Trial]
    tables: Sequence[TableResult]
    skipped: Sequence[Skipped]
    spent: Spent


def write_report(results: Results, folder: Path) -> None:
    """Write report.json, report.md with its figures, and report.html into the folder."""
    document = to_document(results)
    make_folder(folder / FIGURES)
    for section in document.sections:
        for figure in section.figures:
            write_atomically(folder / FIGURES / f"{figure.name}.png", figure.png)
    write_json(folder / "report.json", to_json(results), indent=1)
    write_atomically(folder / "report.md", to_markdown(document, FIGURES).encode())
    write_atomically(folder / "report.html", to_html(document).encode())


def to_json(results: Results) -> dict[str, Any]:
    """Every number of the report; what depends on the clock alone stands under "time"."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "command": results.command,
        "seed": results.seed,
        "maps": [_map_json(result) for result in results.maps],
        "claims": [trial.to_json() for trial in results.trials],
        "tables": [numbers.to_json(result) for result in results.tables],
        "not_run": [
            {"key": one.part.key, "figure": one.part.figure, "reasons": list(one.reasons)} for one in results.skipped
        ],
        "time": {**vars(results.spent), "device": results.device, "software": _software()},
    }


def _map_json(result: MapResult) -> dict[str, Any]:
    facts = result.heatmap.metadata
    kept = ("classifier", "dataset", "image_size", "epsilon", "seed", "dtype", "template")
    compared = None
    if result.reference is not None and result.agreement is not None:
        source = {key: result.reference.metadata[key] for key in ("classifier", "dataset", "source")}
        compared = {**source, **result.agreement.to_json(), "match": map_match(result)}
    return {
        "key": result.part.key,
        "figure": result.part.figure,
        "match": map_match(result),
        **{key: facts[key] for key in kept},
        "side": result.heatmap.side,
        "waves": result.waves,
        "clean_error": result.heatmap.clean_rate(),
        "note": result.note,
        "compared_with": compared,
        "time": facts["source"],
    }


def _software() -> str:
    import torch

    return f"version {VERSION}, Python {platform.python_version()}, torch {torch.__version__}, {platform.platform()}"


def to_document(results: Results) -> Document:
    """The report as sections."""
    maps, tables = [map_section(one) for one in results.maps], [table_section(one) for one in results.tables]
    claims = [trial_section(one) for one in results.trials]
    sections = [_summary(results), *([_not_run(results)] if results.skipped else [])]
    about = tuple(filter(None, (plain_and_minimised(results.tables), two_starts(results.tables))))
    for title, parts, paragraphs in (
        ("Maps", maps, ()),
        ("Claims", claims, ()),
        ("Inpainting and generation", tables, about),
    ):
        if parts:
            sections += [Section(title, paragraphs), *parts]
    sections += [Section("How this was judged", RULES), *_provenance(results)]
    return Document("Understanding CLIP Robustness, run again", tuple(sections))


def _summary(results: Results) -> Section:
    lines = [
        counted([map_match(one) for one in results.maps], "maps" if len(results.maps) != 1 else "map"),
        counted([numbers.match(one) for one in results.tables], "tables" if len(results.tables) != 1 else "table"),
    ]
    if results.trials:
        judged = sum(trial.known for trial in results.trials)
        same = sum(trial.same for trial in results.trials)
        lines.append(f"{same} of {judged} verdicts on claims are those of the published or shipped maps.")
    if results.skipped:
        lines.append(f"{len(results.skipped)} parts could not run.")
    rows: list[tuple[Cell, ...]] = [
        (f"{one.part.figure}: {one.name}", map_sentence(one), map_match(one)) for one in results.maps
    ]
    for table in results.tables:
        name = name_of(str(table.settings["classifier"]["name"]))
        rows.append((f"{table.part.figure}: {name}", table_sentence(table), numbers.match(table)))
    found = [Table(("Part", "Result", "Verdict"), tuple(rows))] if rows else []
    return Section("Summary", (" ".join(lines),), tuple(found))


def _not_run(results: Results) -> Section:
    rows = tuple(
        (f"{one.part.figure}: {name_of(one.part.classifier)}", " ".join(one.reasons)) for one in results.skipped
    )
    return Section("What could not run", (), (Table(("Part", "Why, and what to do"), rows),))


def _provenance(results: Results) -> list[Section]:
    spent = results.spent
    memory = f"{spent.peak_memory / 1e9:.1f} GB of memory at most"
    if spent.gpu_memory is not None:
        memory += f", {spent.gpu_memory / 1e9:.1f} GB on the GPU"
    machine: tuple[tuple[Cell, ...], ...] = (
        ("Command", results.command),
        ("Software", _software()),
        ("Device", results.device),
        ("Seed", str(results.seed)),
        ("This run took", f"{duration(spent.wall_seconds)}, {duration(spent.cpu_seconds)} of processor time, {memory}"),
    )
    rows: list[tuple[Cell, ...]] = []
    for one in results.maps:
        facts, source = one.heatmap.metadata, one.heatmap.metadata["source"]
        speed = f"{duration(source['wall_seconds'])}, {_milliseconds(1 / source['images_per_second'])} an image"
        rows.append((one.part.key, *_identity(facts), speed))
    for table in results.tables:
        steps = len(table.rows) * (table.settings["config"]["steps"] + 1)
        speed = f"{duration(table.seconds)}, {_milliseconds(table.seconds / steps)} an image and step"
        rows.append((table.part.key, *_identity(table.settings), speed))
    parts = Table(("Part", "Weights", "Images", "Time"), tuple(rows))
    note = "The time of a part includes earlier runs of this command, and whatever else the machine did meanwhile."
    return [Section("Where this comes from", (note,), (Table(("", ""), machine), *([parts] if rows else [])))]


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds >= 0.01 else f"{1000 * seconds:.2g} ms"


def _identity(facts: Mapping[str, Any]) -> tuple[str, str]:
    """Weights and images, with the first digits of their sha256."""
    weights, data = facts["classifier"], facts["dataset"]
    digests = (str(weights["sha256"] or "unknown")[:12], str(data["content_hash"])[:12])
    names = (one_line(weights["weights_id"]), f"{one_line(data['name'])}, {data['n']:,}")
    return f"{names[0]} ({digests[0]})", f"{names[1]} ({digests[1]})"
