"""Convert the shipped judgements and views.json to the one table of pictures, without loss; lives for one commit.

python -m precomputed.convert_pictures
"""

import json

import numpy as np

from core.data.sample_sets import PRECOMPUTED
from core.pgd.pictures import AFTER, BEFORE, LARGE_SIZE, NUMBERS, STORED, JudgedOutcomes, rank_column

COLUMNS = (*NUMBERS, "judge_share_before", "judge_share_after", "third_share_before", "third_share_after")
RANKS = {
    f"{who}_share_{when}": rank_column(judge, seen)
    for judge, who in enumerate(("judge", "third"))
    for when, seen in (("before", BEFORE), ("after", AFTER))
}
NAMES = {"own": "is_target", "confidence": "probability_after", "norm": "perturbation_norm"}


def judgements() -> None:
    """Convert each network's judgements: shares of 0 or 1 become ranks, infinite where it was not the first."""
    for path in sorted((PRECOMPUTED / "judgements").glob("*.npz")):
        with np.load(path) as file:
            facts, pictures, energy = json.loads(str(file["metadata"])), file["pictures"], file["energy"]
        judges = [facts.pop(name) for name in ("judge", "third")]
        kinds = []
        for kind, numbers, spectrum in zip(facts.pop("kinds"), pictures, energy, strict=True):
            columns = dict(zip(COLUMNS, numbers[:, : kind["n"]], strict=True))
            for share, rank in RANKS.items():
                values = columns.pop(share)
                columns[rank] = np.where(np.isnan(values), np.nan, np.where(values == 1, 1, np.inf))
            known = {name: values for name, values in columns.items() if judges[1] or not name.endswith("_1")}
            kinds.append((kind, known, spectrum))
        facts.pop("schema")
        JudgedOutcomes.of(kinds, **facts, judges=[judge for judge in judges if judge is not None]).save(path)


def views() -> None:
    """Convert views.json."""
    path = PRECOMPUTED / "views.json"
    facts = json.loads(path.read_text("utf-8"))
    pictures, energy, configs = (facts.pop(name) for name in ("pictures", "energy", "configs"))
    kinds = []
    for group, rows in pictures.items():
        columns: dict[str, list[float]] = {}
        for row in rows:
            flat = {
                NAMES.get(name, name): value
                for name, value in row.items()
                if name not in ("picture", "places", "corner")
            }
            flat |= dict(zip(("left", "top"), row.get("corner", ()), strict=False))
            for seen, places in row["places"].items():
                flat |= {rank_column(judge, seen): place for judge, place in enumerate(places)}
            for name, value in flat.items():
                columns.setdefault(name, []).append(float(value))
        names = [row["picture"] for row in rows]
        entry = {"name": group, "config": configs[group], "pictures": names}
        kinds.append((entry, {name: np.array(values) for name, values in columns.items()}, np.array(energy[group])))
    facts["classifier"] = facts.pop("painter")
    JudgedOutcomes.of(kinds, **facts, image_size=LARGE_SIZE).save(STORED)
    path.unlink()


if __name__ == "__main__":
    judgements()
    views()
