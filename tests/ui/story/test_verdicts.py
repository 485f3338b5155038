"""Every sentence of the story by independent code: numbers from the files with numpy, and what other maps change."""

import dataclasses
import itertools
import json
import math

import numpy as np
import pytest
from scipy import stats

from core.claims.finding import Verdict
from core.data.classes import PRECOMPUTED
from core.fourier.basis import half_plane
from core.images.disturbances import DISTURBANCES
from tests.ui.maps.test_sentences import ENTRIES, FOLDER, File, Z, assert_numbers, newcombe, numbers_in
from ui.maps.stories import CLIP, MINI_CLIP, MINI_RESNET, RESNET56
from ui.story import features, shelf, waves

HALF = list(half_plane(31))


def mean_over(file: File, inside) -> float:
    """Mean error over the different waves whose rounded radius is `inside`, each the mean of its two cells."""
    chosen = [(i, j) for i, j in HALF if inside(round(math.hypot(i, j)))]
    return float(np.mean([(file.cells[i, j] + file.cells[-i, -j]) / 2 for i, j in chosen]))


def gap(a: File, rate_a: float, b: File, rate_b: float) -> list[float]:
    """A clear difference in points: its size and both ends, the smaller first."""
    return [100 * abs(rate_a - rate_b), *sorted(100 * abs(end) for end in newcombe(a, rate_a, b, rate_b))]


def test_the_first_wave_is_judged_image_by_image():
    wrong, numbers = [], [1000]
    for name in ("mini-clip", "mini-resnet"):
        with np.load(FOLDER / f"{name}_cifar10-1000.npz") as file:
            rows = np.unpackbits(file["outcomes"][[0, 1 + HALF.index((0, 1))]], axis=1, count=1000).astype(int)
        wrong.append(rows[1] - rows[0])
        numbers += [100 * rows[0].mean(), 100 * rows[1].mean()]
    more = wrong[0] - wrong[1]
    mean, square = more.sum() / 1002, ((more**2).sum() + 1) / 1002
    half = Z * math.sqrt((square - mean**2) / 1002)
    fitting = json.loads((PRECOMPUTED / "default_picture.json").read_text())["fitting"]
    judged = waves.one_wave()
    assert_numbers(
        judged.evidence.replace(",000", "000"),
        [*numbers, 100 * more.mean(), 100 * (mean - half), 100 * (mean + half), len(fitting)],
    )
    assert judged.verdict == Verdict.HOLDS and mean > half


def mind_changes(name):
    """(C, 2000) how often, of each pair, the low picture's class is said and the high one's is not, at each cutoff."""
    with np.load(PRECOMPUTED / "hybrids" / f"{name}.npz") as file:
        said = np.unpackbits(file["says"], axis=2, count=2000).astype(int)
        return file["cutoffs"], said[0] - said[1]


def crossing_by_hand(cutoffs, lead):
    """Where the mean lead first rises through zero, on the straight line between two cutoffs."""
    k = next(k for k in range(1, len(lead)) if lead[k - 1] < 0 <= lead[k])
    return np.interp(0, lead[k - 1 : k + 1], cutoffs[k - 1 : k + 1])


def test_changes_of_mind_are_those_of_the_stored_pairs():
    (cutoffs, mine), (_, other) = (mind_changes(name) for name in ("mini-clip", "mini-resnet"))
    at, at_other = (crossing_by_hand(cutoffs, lead.mean(axis=1)) for lead in (mine, other))
    rng, drawn = np.random.default_rng(5), []
    for _ in range(400):
        some = rng.integers(0, 2000, 2000)
        drawn.append(np.subtract(*(crossing_by_hand(cutoffs, lead[:, some].mean(axis=1)) for lead in (mine, other))))
    ends = sorted(abs(np.quantile(drawn, (0.025, 0.975))))
    judged = waves.change_of_mind()
    numbers = [2000, at, at_other, at_other - at, *ends]
    assert_numbers(judged.evidence.replace(",000", "000"), numbers, tolerance=0.1)
    assert "lower" in judged.evidence and judged.verdict == Verdict.HOLDS and max(drawn) < 0


def test_slow_waves_give_the_difference_up_to_radius_two():
    clip, resnet = File(CLIP), File(RESNET56)
    a, b = (mean_over(file, lambda radius: radius <= 2) for file in (clip, resnet))
    judged = waves.slow_waves()
    assert_numbers(judged.evidence, [2, *gap(clip, a, resnet, b)])
    assert "points higher" in judged.evidence and a > b and judged.verdict == Verdict.HOLDS


def test_fast_waves_give_the_difference_in_the_corners_and_at_equal_strength():
    clip, resnet = File(CLIP), File(RESNET56)
    far = [wave for wave in HALF if round(math.hypot(*wave)) > 15]
    a, b = (mean_over(file, lambda radius: radius > 15) for file in (clip, resnet))
    with np.load(PRECOMPUTED / "strength" / "kept_norm.npz") as file:
        kept = np.mean([file["32_224"][15 + i, 15 + j] for i, j in far])
    with np.load(PRECOMPUTED / "strength" / "resnet-56_cifar10_weakened.npz") as file:
        rate = np.mean([file["top1_errors"][15 + i, 15 + j] for i, j in far]) / 1000
        scores = np.unpackbits(file["outcomes"][[1 + HALF.index(wave) for wave in far]], axis=1, count=1000).mean(0)
    weakened = File.__new__(File)
    weakened.n = 1000 * rate * (1 - rate) / scores.var()  # images that would make a single wave as uncertain
    judged = waves.fast_waves()
    assert_numbers(
        judged.evidence, [*gap(clip, a, resnet, b), round(100 * kept), *gap(clip, a, weakened, rate)], tolerance=0.06
    )
    assert a < b and a > rate and judged.verdict == Verdict.IN_PART


def test_crossings_are_those_of_the_rings():
    clip, resnet = File(CLIP), File(RESNET56)
    gaps = [clip.rings[radius] - resnet.rings[radius] for radius in range(22)]
    runs = [list(run) for _, run in itertools.groupby(range(22), key=lambda radius: gaps[radius] > 0)]
    assert len(runs) == 4 and "changes three times." in waves.crossings()


def test_the_robust_twin_under_contrast_changes_picture_by_picture():
    wrong = {}
    for name in ("mini-clip", "mini-clip-robust"):
        with np.load(PRECOMPUTED / "disturbances" / f"{name}.npz") as file:
            right = np.unpackbits(file["correct"], axis=-1, count=2000).astype(float)  # (D, S, n)
            clean = np.unpackbits(file["undisturbed"], count=2000).astype(float)
        wrong[name] = dict(zip(DISTURBANCES, clean - right.mean(axis=1), strict=True))
    numbers = []
    for chosen in (("contrast",), ("noise", "impulses", "blur", "pixelation", "jpeg")):
        more = sum(wrong["mini-clip-robust"][key] - wrong["mini-clip"][key] for key in chosen) / len(chosen)
        half = Z * more.std(ddof=1) / math.sqrt(2000)
        numbers.append([100 * (more.mean() + sign * half) for sign in (0, -1, 1)])
    judged = waves.weather()
    assert_numbers(judged.evidence, [*numbers[0], *numbers[1]], tolerance=0.15)
    assert numbers[0][1] > 0 > numbers[1][2] and judged.verdict == Verdict.HOLDS


def dips(file: File, grid: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Error less the mean of the eight around, at multiples of the grid and at all waves."""
    known = [wave for wave in HALF if wave != (0, 0) and max(map(abs, wave)) < 15]
    contrast = {
        (i, j): file.cells[i, j]
        - np.mean([file.cells[i + k, j + m] for k in (-1, 0, 1) for m in (-1, 0, 1) if (k, m) != (0, 0)])
        for i, j in known
    }
    return np.array([contrast[w] for w in known if w[0] % grid == w[1] % grid == 0]), np.array(list(contrast.values()))


def test_patches_give_the_dips_and_how_rare_they_are():
    numbers = [7.0]
    for label in (CLIP, RESNET56):
        found, everywhere = dips(File(label))
        half = 2.200985 * found.std(ddof=1) / math.sqrt(12)  # Student's t, 11 degrees of freedom
        ends = [100 * (found.mean() - half), 100 * (found.mean() + half)]
        if label == CLIP:
            rng = np.random.default_rng(1)
            drawn = [rng.choice(everywhere, 12, replace=False).mean() for _ in range(3000)]
            assert len(found) == 12 and min(drawn) > found.mean()
            numbers += [100 * abs(found.mean()), *sorted(map(abs, ends)), 0.0001]
        else:
            numbers += ends
    judged = waves.patches()
    assert_numbers(judged.evidence, numbers)
    assert "points lower" in judged.evidence and judged.verdict == Verdict.HOLDS


def test_the_test_of_patches_counts_the_networks_that_dip_on_their_own_grid():
    clear, small = 0, [label for label in ENTRIES if label.startswith("mini-clip-vit") or "plain ViT" in label]
    for label in small:
        found, everywhere = dips(File(label), ENTRIES[label].heatmap.metadata["classifier"]["patch_grid"])
        rng = np.random.default_rng(2)
        lower = [rng.choice(everywhere, len(found), replace=False).mean() <= found.mean() for _ in range(3000)]
        half = stats.t.ppf(0.975, len(found) - 1) * found.std(ddof=1) / math.sqrt(len(found))
        clear += np.mean(lower) < 0.01 and found.mean() + half < 0
    told = {0: "none clearly dip", 1: "one clearly dips"}.get(int(clear), f"{clear} clearly dip")
    assert len(small) == 8 and waves.the_test() == f" Of 8 small CLIPs trained here to test it, {told}."


def stored(part, kind, name):
    """Counts and means of the stored pictures, by plain sums."""
    rows = json.loads((PRECOMPUTED / "judgements.json").read_text())[part]["by"][kind][name]["pictures"]
    n = len(rows["target_share"])
    counts = {"own": "target_share", "before": "judge_share_before", "after": "judge_share_after"}
    return {"n": n} | {key: sum(rows[name]) for key, name in counts.items()}


def seen(row) -> list[float]:
    """A stored count and its interval, in percent, as the story gives them."""
    n = File.__new__(File)
    n.n = row["n"]
    return [row["after"], *(100 * end for end in n.wilson(row["after"] / row["n"]))]


def more_often(robust, mine) -> bool:
    n = File.__new__(File)
    n.n = mine["n"]
    return newcombe(n, robust["after"] / n.n, n, mine["after"] / n.n)[0] > 0


def test_holes_are_those_of_the_second_judge():
    mine, robust = (stored("painted", "eq3", name) for name in ("mini-clip", "mini-clip-robust"))
    wanted = [200, mine["own"], robust["own"], mine["before"], *seen(mine), *seen(robust)]
    judged = features.hole()
    assert_numbers(judged.evidence.replace("ResNet-56", "ResNet"), wanted, tolerance=0.51)
    assert min(mine["own"], robust["own"]) > 100
    assert judged.verdict == (Verdict.HOLDS if more_often(robust, mine) else Verdict.FAILS)


def test_drawings_are_those_of_the_second_judge():
    mine, robust = (stored("drawn", "blur", name) for name in ("mini-clip", "mini-clip-robust"))
    wanted = [200, mine["own"], robust["own"], mine["before"], *seen(mine), *seen(robust)]
    judged = features.drawing()
    assert_numbers(judged.evidence.replace("ResNet-56", "ResNet"), wanted, tolerance=0.51)
    assert judged.verdict == (Verdict.HOLDS if more_often(robust, mine) else Verdict.FAILS)


def test_gradients_rank_the_waves_nearly_as_errors_do():
    with np.load(PRECOMPUTED / "gradients.npz") as file:
        models = [model["classifier"]["name"] for model in json.loads(str(file["metadata"]))["models"]]
        energy = dict(zip(models, file["energy"].astype(float).mean(axis=1), strict=True))
    wanted = []
    for name in ("mini-resnet", "mini-resnet-robust", "mini-clip", "mini-clip-robust"):
        title = name.replace("mini-clip", "Mini CLIP").replace("mini-resnet", "Mini ResNet").replace("-", ", ")
        cells = File(f"{title} · CIFAR-10 · computed").cells
        wanted.append(stats.spearmanr(energy[name], [cells[wave] for wave in HALF]).statistic)
    wanted += [3, 4]
    judged = features.gradient()
    assert_numbers(judged.evidence, wanted, tolerance=0.0051)
    assert judged.verdict == Verdict.IN_PART and "gradients overrate some" in judged.evidence


def test_the_stand_in_is_compared_wave_by_wave():
    maps = [File(label) for label in (CLIP, MINI_CLIP, MINI_RESNET)]
    a, b, c = (np.array([file.cells[wave] for wave in HALF]) for file in maps)
    pooled = (a + b) / 2
    z = np.abs(a - b) / np.sqrt(pooled * (1 - pooled) * 2 / 10_000)
    p = np.sort([math.erfc(each / math.sqrt(2)) for each in z])
    below = np.flatnonzero(p <= 0.05 * np.arange(1, 482) / 481)  # Benjamini and Hochberg's step-up
    judged = waves.stand_in()
    share, first, second = numbers_in(judged.evidence)
    assert share == round(100 * (below[-1] + 1) / 481)
    assert [first, second] == pytest.approx([np.corrcoef(a, each)[0, 1] for each in (b, c)], abs=0.0051)
    assert judged.verdict == Verdict.FAILS


def test_shuffled_cells_change_the_verdicts(monkeypatch):
    heatmap = ENTRIES[CLIP].heatmap
    order = np.random.default_rng(0).permutation(31 * 31)
    rates = heatmap.printed_rates.reshape(2, -1)[:, order].reshape(2, 31, 31)
    rates = (rates + rates[:, ::-1, ::-1]) / 2  # (i, j) and (-i, -j) are one wave
    shuffled = ENTRIES | {
        CLIP: dataclasses.replace(ENTRIES[CLIP], heatmap=dataclasses.replace(heatmap, printed_rates=rates))
    }
    before = waves.slow_waves().evidence
    monkeypatch.setattr(shelf, "entries", lambda: shuffled)
    shelf.found.cache_clear()
    try:
        assert waves.patches().verdict == Verdict.FAILS
        assert waves.fast_waves().verdict != Verdict.HOLDS
        assert waves.slow_waves().evidence != before
    finally:
        shelf.found.cache_clear()
