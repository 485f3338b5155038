"""Tables of pictures read with numpy, independently of the reader under test."""

import json
from functools import cache

import numpy as np

from core.data.sample_sets import PRECOMPUTED

JUDGE, SECOND_JUDGE = "resnet-56", "mini-clip-vit"


def read(path):
    """(facts, {kind: (its entry, its rows as dictionaries)}) of a file; None for missing numbers."""
    with np.load(path) as file:
        facts, numbers = json.loads(str(file["metadata"])), file["numbers"].tolist()
    rows = iter([{name: value for name, value in zip(facts["columns"], row, strict=True)} for row in numbers])
    kinds = {}
    for kind in facts["kinds"]:
        mine = [next(rows) for _ in range(kind["n"])]
        mine = [{name: None if value != value else value for name, value in row.items()} for row in mine]
        kinds[kind["name"]] = kind, mine
    assert next(rows, None) is None
    return facts, kinds


@cache
def stored_files():
    """{network's name: facts and kinds} of the stored judgements."""
    files = [read(path) for path in sorted((PRECOMPUTED / "judgements").glob("*.npz"))]
    return {facts["classifier"]["name"]: (facts, kinds) for facts, kinds in files}


@cache
def stored_kinds():
    """{kind: {network: numbers of its pictures}}; lists by name, with None for missing numbers."""
    result = {}
    for network, (_, kinds) in stored_files().items():
        for name, (_, rows) in kinds.items():
            columns = {column: [row[column] for row in rows] for column in rows[0]}
            for judge, who in enumerate(("judge", "third")):
                for when, seen in (("before", "start"), ("after", "result")):
                    if (ranks := columns.pop(f"{seen}_rank_{judge}", None)) is not None:
                        columns[f"{who}_share_{when}"] = [float(rank == 1) for rank in ranks]
            result.setdefault(name, {})[network] = columns
    return result


@cache
def stored_views():
    """Facts of the pictures at 224 pixels; "pictures": rows by group, each with its name and the judges' "places"."""
    facts, kinds = read(PRECOMPUTED / "views.npz")
    pictures = {}
    for group, (kind, rows) in kinds.items():
        pictures[group] = []
        for name, row in zip(kind.get("pictures", range(len(rows))), rows, strict=True):
            places = {}
            for column, value in row.items():
                seen, _, judge = column.rpartition("_rank_")
                if seen and value is not None:
                    places.setdefault(seen, []).append(value)
                    assert len(places[seen]) == int(judge) + 1
            whole = {column: int(row[column]) for column in ("target", "left", "top") if row[column] is not None}
            pictures[group].append({**row, **whole, "picture": name, "places": places})
    return facts | {"pictures": pictures, "configs": {group: kind.get("config") for group, (kind, _) in kinds.items()}}
