"""Stored judgements read with numpy, independently of the reader under test."""

import json
from functools import cache

import numpy as np

from core.data.sample_sets import PRECOMPUTED
from core.pgd.pictures import COLUMNS, THIRD

JUDGE, THIRD_JUDGE = "resnet-56", "mini-clip-vit"


@cache
def stored_files():
    """{network's name: (facts, archive)} of the stored files."""
    files = [np.load(path) for path in sorted((PRECOMPUTED / "judgements").glob("*.npz"))]
    facts = [json.loads(str(file["metadata"])) for file in files]
    return {fact["classifier"]["name"]: (fact, file) for fact, file in zip(facts, files, strict=True)}


@cache
def stored_kinds():
    """{kind: {network: numbers of its pictures and energy}}; lists by name, with None for missing numbers."""
    kinds = {}
    for name, (facts, file) in stored_files().items():
        pictures, energies = file["pictures"], file["energy"]
        for kind, numbers, energy in zip(facts["kinds"], pictures, energies, strict=True):
            columns = {
                column: [None if np.isnan(value) else float(value) for value in values[: kind["n"]]]
                for column, values in zip((*COLUMNS, *THIRD), numbers, strict=True)
            }
            kinds.setdefault(kind["name"], {})[name] = columns | {"energy": energy.tolist()}
    return kinds
