"""Try settings of drawings on development words, which the gallery lacks; print what a second network recognises.

    OMP_NUM_THREADS=1 python -m precomputed.makers.trials --work FOLDER --words 22

Each word is drawn from grey, seed 0, by many views with each spectrum and smallest crop; by the best of these also on a
meadow and on a sea. EfficientNet-Lite2 judges the pictures lossless. A picture takes ten seconds of a core.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d

from core.classifiers.registry import load_classifier
from core.data.picture_files import to_uint8
from core.data.sample_sets import imagenet
from core.pgd.pictures import ranks
from core.pgd.settings import defaults
from core.pgd.starts import draw_starts
from core.pgd.steps import Generation, run_pgd
from core.shared.device import class_probabilities, prepare_torch
from core.shared.files import npz_bytes, write_atomically
from precomputed.makers.drawings import JUDGE, PAINTER
from precomputed.makers.plans import COUNT, SEED, SIZE, TRIED, UNSHOWN

CANVASES = {
    "meadow": ((150, 200, 240), (114, 170, 80), 0.06),
    "sea": ((170, 205, 235), (40, 110, 170), 0.06),
    "horizon": ((226, 222, 214), (200, 190, 176), 0.12),
}
SETTINGS = [(1.3, 0.35, ""), (1.5, 0.35, ""), (1.7, 0.35, ""), (1.3, 0.5, ""), (1.5, 0.5, "")]
SETTINGS += [(1.3, 0.5, "meadow"), (1.3, 0.5, "sea"), (1.3, 0.35, "meadow"), (1.3, 0.35, "sea"), (1.3, 0.35, "horizon")]


def main() -> None:
    """Draw what is missing; print a line for each setting."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--words", type=int, default=COUNT)
    args = parser.parse_args()
    prepare_torch()
    torch.set_num_threads(1)
    names = imagenet().names
    order = np.random.default_rng(SEED).permutation(len(names)).tolist()
    known = [label for label in order if names[label] not in TRIED.union(UNSHOWN)][COUNT : 2 * COUNT]
    for setting in SETTINGS:
        judged = [_judged(label, *setting, args.work) for label in known[: args.words]]
        print(*setting, sum(rank == 1 for rank, _ in judged), len(judged), np.mean([p for _, p in judged]))


def _judged(label: int, spectrum: float, crop: float, canvas: str, work: Path) -> tuple[int, float]:
    """Return the word's rank and probability."""
    path = work / f"{label}-{spectrum}-{crop}-{canvas}.npz"
    if not path.exists():
        config = defaults("generation", SIZE, "views")
        method = config.method
        assert method.views is not None and method.preconditioner is not None
        views, strokes = replace(method.views, min_size=crop), replace(method.preconditioner, spectrum=spectrum)
        config = replace(config, method=replace(method, views=views, preconditioner=strokes))
        word = imagenet().names[label]
        start = _canvas(canvas) if canvas else draw_starts([word], 1, "photographs", SEED, "grey")
        target = Generation(torch.tensor([label]))
        last = run_pgd(load_classifier(PAINTER), target, torch.from_numpy(start), config, seed=SEED)
        picture = to_uint8(last.images[0].numpy()).transpose(2, 0, 1)
        shares = class_probabilities(load_classifier(JUDGE), picture[None].astype(np.float32) / np.float32(255))
        content = npz_bytes(result=picture, rank=int(ranks(shares, [label])[0]), p=float(shares[0, label]))
        write_atomically(path, content)
    with np.load(path) as file:
        return int(file["rank"]), float(file["p"])


def _canvas(name: str) -> np.ndarray:
    top, bottom, blur = CANVASES[name]
    rows = np.repeat(np.array([top, bottom], float) / 255, SIZE // 2, axis=0)
    rows = np.stack([gaussian_filter1d(column, blur * SIZE, mode="nearest") for column in rows.T])
    return np.broadcast_to(rows[:, :, None], (1, 3, SIZE, SIZE)).astype(np.float32).copy()


if __name__ == "__main__":
    main()
