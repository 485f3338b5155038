"""Every verdict on the stored maps, recomputed from their files with plain loops; other maps get other verdicts."""

import dataclasses
import math
from statistics import correlation, mean

import numpy as np
import pytest
from scipy import stats

from core.claims import wave_claims
from core.claims.claim_table import findings
from core.claims.finding import NamedMap
from core.claims.statistics import by_hybrids, corruptions_of, equal_strength, stored_hybrids, twin_pairs
from core.claims.verdict import Verdict
from core.claims.wave_claims import claim_about
from core.classifiers.classifier import Preprocess
from core.classifiers.registry import input_size
from core.data.sample_sets import PRECOMPUTED
from core.fourier.contrasts import LOW, Band, corners
from core.fourier.heatmap import outcome_rows
from core.fourier.patch_grid import Lattice, lattice
from core.fourier.waves import half_plane, resize_attenuation, resize_attenuation_map
from core.shared.numbers import Interval, paired_interval
from tests.core.claims.judging import (
    ALL_MAPS,
    CLIP,
    FOLDER,
    RESNET50,
    RESNET56,
    TRAINED_TWICE,
    File,
    assert_says,
    crossover_by_loops,
    gap,
    judged,
    numbers,
    parts,
    shares,
    widened,
    with_facts,
)
from tests.core.oracles import minus, wilson
from tests.core.squares import only, squares_of_file, with_squares

NAN = math.nan


def scores(path, first, last):
    """(n,) share of the waves of these radii under which each image is misclassified."""
    wrong = squares_of_file(path)["wrong"]
    return np.mean([wrong[wave] for wave in wrong if first <= round(math.hypot(*wave)) <= last], axis=0)


def clean_scores(path):
    """(n,) 1 where an image is misclassified without a wave."""
    with np.load(path) as file:
        return 1.0 - np.unpackbits(file["bits"][0, 0])[: file["counts"][0]]


def test_results_are_joined_to_a_map_of_the_same_weights_alone():
    stored = stored_hybrids()["resnet-56"]

    def of(**facts):
        metadata = {**stored.metadata, "classifier": {**stored.metadata["classifier"], **facts}}
        return {metadata["classifier"]["name"]: dataclasses.replace(stored, metadata=metadata)}

    assert ALL_MAPS[RESNET56].result_in(of()) is not None and ALL_MAPS[RESNET56].result_in(of(sha256="0" * 64)) is None
    clip = dataclasses.replace(ALL_MAPS[CLIP], weights_id="openai")  # whose map names no sha256
    results = of(name=clip.classifier, weights_id="openai"), of(name=clip.classifier, weights_id="random")
    assert clip.result_in(results[0]) is not None and clip.result_in(results[1]) is None
    own, reference = ALL_MAPS["mini-clip_cifar10"], ALL_MAPS["mini-resnet_cifar10"]
    other = with_facts(own, classifier={"sha256": "0" * 64})
    assert corruptions_of(own) is not None and corruptions_of(other) is None
    assert by_hybrids(own, reference) is not None and by_hybrids(other, reference) is None


def test_low_and_high_frequencies_part_the_two_published_maps(published):
    clip, resnet = File(FOLDER / f"{CLIP}.npz"), File(FOLDER / f"{RESNET56}.npz")

    def differ(first, last):
        errors = clip.band(first, last), resnet.band(first, last)
        *both, difference = parts(*errors)
        return *both, widened(difference, (first, last))

    for key, band, where in (("low", (0, 2), "0 to 2"), ("high", (16, 21), "20 to 21")):
        assert_says(published[key], Verdict.HOLDS, *differ(*band))
        assert f"is as claimed at {where} cycles per image." in " ".join(published[key].doubts)
        # Holm by hand: the k-th smallest p times the rings that are left
        rings = {r: differ(r, r)[2] for r in range(band[0], band[1] + 1)}
        z = {r: abs(d) / (d - low if d > 0 else high - d) for r, (d, low, high) in rings.items()}
        in_order, t = sorted(z, key=z.__getitem__, reverse=True), stats.t(len(TRAINED_TWICE))
        passed = [2 * t.sf(t.isf(0.025) * z[r]) * (len(z) - k) <= 0.05 for k, r in enumerate(in_order)]
        clear = in_order[: (*passed, False).index(False)]
        assert f"{min(clear)} to {max(clear)}" == where
    high = published["high"]
    assert (high.maps, high.claim.display.show) == ((CLIP, RESNET56), "Difference")
    assert clip.cells[high.wave] == pytest.approx(clip.band(16, 21)[0], abs=0.002), "a wave like the stated mean"


@pytest.mark.parametrize(
    ("ring", "verdict", "where"),
    [
        (2000, Verdict.HOLDS, "as claimed at 0 to 1 cycles per image."),
        (
            1000,
            Verdict.UNDECIDED,
            "as claimed at 0 to 1 cycles per image and the other way round at 2",
        ),
        (0, Verdict.FAILS, "as claimed at 0 to 1 cycles per image and the other way round at 2"),
    ],
)
def test_a_band_is_judged_by_its_mean_and_says_in_which_rings(ring, verdict, where):
    named, radius = ALL_MAPS["mini-resnet_cifar10"], np.hypot(*(np.indices((31, 31)) - 15)).round()
    maps = [
        dataclasses.replace(named, heatmap=with_squares(named.heatmap, top1_errors=errors, top5_errors=0 * errors))
        for errors in (np.select([radius <= 1, radius == 2], [3000, ring], 2000), np.full((31, 31), 2000))
    ]
    low = judged(with_facts(maps[0], classifier={"name": "other"}), maps[1], [])["low"]
    assert low.verdict == verdict and len(low.parts) == 1 and where in " ".join(low.doubts)


def test_the_resnet_is_affected_though_least(published):
    resnet = File(FOLDER / f"{RESNET56}.npz")
    rise = widened(gap(resnet.band(0, 1), (resnet.clean, 10_000)), (0, 1), networks=1, from_clean=True)
    low, corner, clean = shares(resnet.band(0, 1), resnet.band(16, 21), (resnet.clean, 10_000))
    less = gap(resnet.band(2, 21), resnet.band(0, 1))
    assert rise[1] > 0 and less[1] > 0
    assert rise[1] > 2  # points, as the row says
    clip = File(FOLDER / f"{CLIP}.npz")
    (other,), relation = shares(clip.band(0, 1)), widened(gap(resnet.band(0, 1), clip.band(0, 1)), (0, 1))
    spared = published["spared"]
    assert_says(spared, Verdict.DEPENDS, rise, low, clean, other, less)
    alone, compared = spared.parts
    assert (alone.truth, alone.margin, compared.truth, compared.margin) == (False, 0.02, True, 0)
    assert [100 * end for end in compared.number.measured] == pytest.approx(relation)
    assert_says(published["red"], Verdict.HOLDS, gap(resnet.band(16, 21), resnet.band(0, 1)), corner, low)
    robust = judged(ALL_MAPS[CLIP], ALL_MAPS["mini-clip-robust_cifar10"], [])["spared"]
    assert robust.parts[0].truth is False and robust.evidence[4].measured.low < 0


def apart(first, second):
    """(mean, low, high) in points: by how much the errors differ under a wave, each with Newcombe's interval."""
    a, b = (ALL_MAPS[name].heatmap for name in (first, second))
    gaps = []
    for i, j in File(FOLDER / f"{first}.npz").cells:
        rates = [(float(each.error_rate[15 + i, 15 + j]), each.metadata["dataset"]["n"]) for each in (a, b)]
        gaps.append(gap(*rates))
    least = [max(0, low, -high) for _, low, high in gaps]
    return mean(abs(value) for value, *_ in gaps), mean(least), mean(max(abs(low), abs(high)) for _, low, high in gaps)


def test_most_waves_differ_and_the_maps_correlate(published):
    waves = File(FOLDER / f"{CLIP}.npz").cells
    radius = {wave: round(math.hypot(*wave)) for wave in waves}
    once, around = [], []
    for name in (CLIP, RESNET56):  # at the cell with a wave's canonical name
        rates = ALL_MAPS[name].heatmap.error_rate
        cells = {(i, j): float(rates[15 + i, 15 + j]) for i, j in waves}
        rings = {r: mean(rate for wave, rate in cells.items() if radius[wave] == r) for r in set(radius.values())}
        once.append([*cells.values()])
        around.append([rate - rings[radius[wave]] for wave, rate in cells.items()])
    different = published["different"]
    pair, chance, share, *correlations = numbers(different)
    assert different.verdict == Verdict.HOLDS and share[0] > 90
    assert pair == pytest.approx(apart(CLIP, RESNET56), abs=0.1)  # published rates are rounded: wider intervals
    twice = [apart(f"{name}_cifar10", f"{other}_cifar10") for name, other in TRAINED_TWICE]
    assert chance == pytest.approx(max(twice))
    assert [100 * end for end in different.parts[0].number.measured] == pytest.approx(minus(pair, chance))
    for actual, rates in zip(correlations, (once, around), strict=True):
        assert actual == pytest.approx((100 * correlation(*rates), NAN, NAN), nan_ok=True)


def test_imagenet_is_checked_where_there_are_numbers(published):
    assert_says(published["figure-2-clip"], Verdict.NOT_CHECKABLE)
    assert "nohup_out_clip_imagenet" in published["figure-2-clip"].doubts[0]
    resnet = File(FOLDER / f"{RESNET50}.npz", size=63)
    lowest, others, corner = resnet.band(0, 1), resnet.band(2, 99), resnet.band(32, 99)
    gaps = gap(others, lowest), gap(corner, lowest)
    assert_says(published["figure-2-resnet"], Verdict.HOLDS, *gaps, *shares(others, lowest, corner))


def test_robustness_without_a_clean_error(published):
    clip = File(FOLDER / f"{CLIP}.npz")
    rate, n = clip.band(16, 21)
    error = 100 * rate, *(100 * end for end in wilson(rate, n))
    least = min(clip.cells.values())
    smallest = 100 * least, *(100 * end for end in wilson(least, n))
    rise = widened(minus(error, smallest), (16, 21), networks=1, from_clean=True)
    assert rise[1] > 2
    resnet = File(FOLDER / f"{RESNET56}.npz").band(16, 21)
    robust, relation = published["robust-high"], widened(gap(clip.band(16, 21), resnet), (16, 21))
    assert_says(robust, Verdict.DEPENDS, rise, error, smallest, *shares(resnet))
    assert [part.truth for part in robust.parts] == [False, True]
    assert [100 * end for end in robust.parts[1].number.measured] == pytest.approx(relation)
    alone = judged(ALL_MAPS[CLIP], ALL_MAPS[RESNET50], [])["robust-high"]  # not measured alike
    assert_says(alone, Verdict.FAILS, rise, error, smallest)
    swapped = judged(ALL_MAPS[RESNET56], ALL_MAPS[CLIP], [])["spared"]  # the map's smallest error is under a wave
    assert "17.8%** under the mildest wave" in swapped.summary and "without a wave" not in swapped.summary
    named = ALL_MAPS["mini-resnet_cifar10"]
    flat = {name: np.full((31, 31), 2000) for name in ("top1_errors", "top5_errors")}
    unknown = with_squares(named.heatmap, **flat, clean=np.array([-1, -1, 0]))
    finding = judged(dataclasses.replace(named, heatmap=unknown), ALL_MAPS[RESNET50], [])["robust-high"]
    assert finding.verdict == Verdict.NOT_CHECKABLE and "was not published" in finding.doubts[0]
    other = with_facts(dataclasses.replace(named, heatmap=unknown), classifier={"name": "other"})
    compared = judged(other, ALL_MAPS["mini-clip_cifar10"], [])["robust-high"]
    assert compared.parts[0].truth is None and compared.verdict == Verdict.UNDECIDED


@pytest.mark.parametrize("kind", ["mini-clip", "mini-resnet"])
def test_robust_twins_lean_to_low_frequencies_relatively(published, kind):
    plain, robust = (FOLDER / f"{name}_cifar10.npz" for name in (kind, f"{kind}-robust"))
    twin = File(robust)

    def more(first, last):  # the ordinary network's map has outcomes, so that its own rise is paired
        rise = scores(plain, first, last) - clean_scores(plain)
        paired = tuple(100 * float(end) for end in (rise.mean(), *paired_interval(rise)[1:]))
        return minus(gap(twin.band(first, last), (twin.clean, twin.n)), paired)

    assert more(0, 2)[2] < 0 < minus(more(0, 2), more(16, 21))[1]
    finding = published[f"twins {kind}-robust_cifar10"]
    assert finding.verdict == Verdict.IN_PART and "disagree" in finding.doubts[0]
    for actual, band in zip(numbers(finding)[-2:], ((0, 2), (16, 21)), strict=True):
        assert actual == pytest.approx(widened(more(*band), band, from_clean=True), abs=1e-6)
    a, b = crossover_by_loops(f"{kind}-robust"), crossover_by_loops(kind)
    values = [evidence.measured.value for evidence in finding.evidence[:3]]
    assert values == pytest.approx([a, b, a - b]) and finding.evidence[2].measured.high < 0


@pytest.mark.parametrize("change", [{}, {"epsilon": 2.0}, {"dataset": {"n": 999}}, {"classifier": {"name": "other"}}])
def test_twins_are_measured_alike_and_on_as_many_pictures(change):
    plain, robust = (ALL_MAPS[f"mini-resnet{end}_cifar10"] for end in ("", "-robust"))
    other = with_facts(robust, **change)
    assert twin_pairs(plain, [plain, other]) == ([] if change else [(plain, other)])


@pytest.mark.parametrize(
    ("low", "corner", "verdict"),
    [
        (2400, 2000, Verdict.HOLDS),
        (1600, 2000, Verdict.FAILS),
        (2000, 1800, Verdict.UNDECIDED),
        (2150, 2000, Verdict.UNDECIDED),  # two trainings may differ as much
    ],
)
def test_twins_without_hybrids_are_judged_by_low_waves(low, corner, verdict):
    whole = ALL_MAPS["mini-resnet_cifar10"].heatmap
    radius = np.hypot(*(np.indices((31, 31)) - 15)).round()
    robust = np.select([radius <= 2, radius > 15], [low, corner], 2000)
    all_maps = []
    for name, errors in (("other", np.full((31, 31), 2000)), ("other-robust", robust)):
        counts = {"top1_errors": errors, "top5_errors": np.zeros_like(errors), "clean": np.array([1000, 0, 10_000])}
        facts = {**whole.metadata, "classifier": {**whole.metadata["classifier"], "name": name}}
        all_maps.append(NamedMap(name, name, with_squares(whole, **counts, metadata=facts)))
    twins = judged(*all_maps, all_maps)["twins other-robust"]
    rise = gap((low / 10_000, 10_000), (0.1, 10_000)), gap((0.2, 10_000), (0.1, 10_000))
    expected = widened(minus(*rise), (0, 2), from_clean=True)
    assert twins.verdict == verdict and numbers(twins)[0] == pytest.approx(expected)


def test_hybrid_images_are_the_first_evidence(published):
    finding = judged(ALL_MAPS["mini-clip_cifar10"], ALL_MAPS[RESNET56], [])["relies"]
    a, b = crossover_by_loops("mini-clip"), crossover_by_loops("resnet-56")
    assert [evidence.measured.value for evidence in finding.evidence[:3]] == pytest.approx([a, b, a - b])
    difference = finding.evidence[2]
    assert difference.measured.high < 0 and difference.number.endswith(" cycles per image")
    assert finding.verdict == Verdict.HOLDS  # ResNet-56 was weakened by CLIP's resize, this network was not
    assert "weaken_as=64" in finding.doubts[0] and "hybrid images alone" in finding.doubts[1]
    other = judged(ALL_MAPS[RESNET56], ALL_MAPS["mini-clip_cifar10"], [])["relies"]
    assert other.evidence[2].measured.value == pytest.approx(b - a) and other.verdict == Verdict.FAILS
    clip = published["relies"]
    assert len(clip.evidence) == 5 and "saw no hybrid" in clip.doubts[1]


def test_only_clip_dips_on_the_lattice_of_its_patches(published):
    (dip, p, other, others_p), finding = numbers(published["lattice"]), published["lattice"]
    maps = (ALL_MAPS[name].heatmap for name in (CLIP, RESNET56))
    assert [100 * lattice(heatmap, 7).mean.value for heatmap in maps] == [dip[0], other[0]]
    assert finding.verdict == Verdict.HOLDS and p[0] < 0.1 and others_p[0] > 5  # p, in per cent


@pytest.mark.parametrize(
    ("p", "low", "high", "truth"),
    [(0.001, -0.2, -0.01, True), (0.02, -0.2, -0.01, None), (0.001, -0.2, 0.01, None), (0.9, 0.01, 0.2, False)],
)
def test_a_dip_is_clear_by_its_interval_and_by_random_draws(monkeypatch, p, low, high, truth):
    dips = Lattice(((7, 0),), np.array([-0.1]), Interval((low + high) / 2, low, high), p, 1000)
    monkeypatch.setattr(wave_claims, "lattice_of", lambda heatmap, period: dips)
    assert judged(ALL_MAPS[CLIP], ALL_MAPS[RESNET56], [])["lattice"].parts[0].truth is truth


def test_a_network_that_does_not_dip_fails():
    named = with_facts(ALL_MAPS[RESNET56], classifier={"patch_grid": 4})  # its error is larger at multiples of 4
    finding = judged(named, ALL_MAPS["mini-resnet_cifar10"], [])["lattice"]
    assert [part.truth for part in finding.parts] == [False, True] and finding.verdict == Verdict.IN_PART


def test_at_equal_strength_the_corners_no_longer_speak_for_clip(published):
    clip = File(FOLDER / f"{CLIP}.npz")
    path = PRECOMPUTED / "strength" / "resnet-56_cifar10_weakened-224.npz"
    far = scores(path, 16, 21)
    # the number of independent images whose mean would be as uncertain as that of these, each under many waves
    images = 1000 * far.mean() * (1 - far.mean()) / far.var()
    corner = widened(gap(clip.band(16, 21), (File(path).band(16, 21)[0], images)), (16, 21))
    finding = published["relies"]
    assert numbers(finding)[-1] == pytest.approx(corner)
    assert finding.verdict == Verdict.UNDECIDED and corner[1] < 0 < corner[0]  # two trainings may differ as much
    with np.load(PRECOMPUTED / "strength" / "resize_attenuation.npz") as file:
        waves = [wave for wave in clip.cells if round(math.hypot(*wave)) > 15]
        share = mean(float(file["32_224"][15 + i, 15 + j]) for i, j in waves)
    assert [round(value[0], 3) for value in numbers(finding)[:2]] == [round(100 * share, 3), 100]


def test_the_roles_can_be_exchanged():
    other = judged(ALL_MAPS[RESNET56], ALL_MAPS[CLIP], ALL_MAPS.values())
    assert {other[key].verdict for key in ("low", "high")} == {Verdict.FAILS}
    assert other["lattice"].verdict == Verdict.NOT_CHECKABLE and "no dip" in other["lattice"].doubts[0]
    assert other["red"].verdict == Verdict.HOLDS  # CLIP, too, has more errors in the corners


def test_maps_that_were_not_measured_alike_are_not_compared():
    other = judged(ALL_MAPS[CLIP], ALL_MAPS[RESNET50], ALL_MAPS.values())
    for key in ("low", "high", "relies", "different"):
        assert other[key].verdict == Verdict.NOT_CHECKABLE and "different data" in " ".join(other[key].doubts)


def test_maps_without_twins_and_figure_2_says_so():
    alone = judged(ALL_MAPS[CLIP], ALL_MAPS[RESNET56], [ALL_MAPS[CLIP], ALL_MAPS[RESNET56]])
    for key in ("twins", "figure-2-resnet"):
        assert alone[key].verdict == Verdict.NOT_CHECKABLE and alone[key].doubts


@pytest.mark.parametrize("here", [{"top1_errors": 5, "n": 4}, {"top1_errors": -1, "n": 4}, {"n": 4}, [4], None])
def test_a_forged_clean_error_is_not_believed(here):
    named = ALL_MAPS[RESNET56]
    facts = {**named.heatmap.metadata, "clean_measured_here": here}
    forged = dataclasses.replace(named, heatmap=dataclasses.replace(named.heatmap, metadata=facts))
    both = judged(ALL_MAPS[CLIP], forged, [])["spared"]  # one reading needs no clean error
    assert [part.truth for part in both.parts] == [None, True] and both.verdict == Verdict.UNDECIDED
    alone = judged(ALL_MAPS[RESNET50], forged, [])["spared"]
    assert alone.verdict == Verdict.NOT_CHECKABLE and "was not published" in alone.doubts[0]


def test_the_edge_of_a_band_parts_its_waves_from_the_others():
    for band in (LOW, corners(ALL_MAPS[CLIP].heatmap)):
        for radius in (math.hypot(*wave) for wave in half_plane(31)):
            assert band.contains(round(radius)) == ((radius < band.edge) == (band.position == "inside"))


@pytest.mark.parametrize(
    ("wave", "key"),
    [((0, 0), "low"), ((1, 2), "low"), ((0, 3), "low"), ((15, 0), "high"), ((11, 11), "high"), ((-15, 15), "high"),
     ((16, 0), None), ((20, 20), None)],
)  # fmt: skip
def test_nearest_claim_is_shown(wave, key):
    about = claim_about(wave, ALL_MAPS[CLIP].heatmap, ALL_MAPS[RESNET50].heatmap)  # the latter's map has waves up to 31
    assert (about and about[0].key) == key


@pytest.mark.parametrize(
    ("first", "second", "judged_there"),
    [(CLIP, RESNET56, True), ("mini-clip_cifar10", RESNET56, True), (RESNET56, CLIP, False),
     ("mini-resnet-robust_cifar10", "mini-resnet_cifar10", False), (CLIP, "mini-clip_cifar10", False)],
)  # fmt: skip
def test_a_sentence_on_clip_and_a_resnet_needs_both(first, second, judged_there):
    about = claim_about((0, 1), *(ALL_MAPS[label].heatmap for label in (first, second)))
    assert (about is not None) == judged_there


def odd_maps():
    whole = ALL_MAPS["mini-clip_cifar10-1000"].heatmap
    plain = dataclasses.replace(whole, bits=None, labels=None)
    yield "one cell", whole.crop(1)
    yield "no cell", only(plain, [])
    yield "no cell, with hits", only(whole, [])
    yield "half of the cells", only(plain, range(240))
    counts = {name: np.minimum(getattr(plain, name), 1) for name in ("top1_errors", "top5_errors", "count")}
    facts = {**plain.metadata, "dataset": {"name": "one picture", "n": 1}}
    yield "one image", with_squares(plain, **counts, clean=np.array([0, 0, 1]), metadata=facts)
    flat = {name: np.full_like(plain.count, 500) for name in ("top1_errors", "top5_errors")}
    yield "the same error everywhere", with_squares(plain, **flat)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("heatmap", [pytest.param(heatmap, id=name) for name, heatmap in odd_maps()])
def test_every_map_gets_a_table(heatmap):
    odd = NamedMap("odd", "odd", heatmap)
    for pair in ((odd, odd), (odd, ALL_MAPS[RESNET56]), (ALL_MAPS["mini-clip_cifar10-1000"], odd)):
        assert {finding.claim.key for finding in findings(*pair, [odd])} >= {"low", "high", "lattice"}


@pytest.mark.parametrize(
    ("count", "far", "verdict"),
    [(3, 3, Verdict.HOLDS), (2, 2, Verdict.NOT_CHECKABLE), (4, 0, Verdict.FAILS)],
)
def test_maps_differ_if_more_than_two_trainings_do(count, far, verdict):
    named, waves = ALL_MAPS["mini-clip_cifar10"], half_plane(31)[-count:]
    errors = named.heatmap.top1_errors.copy()
    for i, j in waves[:far]:
        errors[15 + i, 15 + j] = errors[15 - i, 15 - j] = 0
    other = with_squares(named.heatmap, top1_errors=errors)
    few = [
        dataclasses.replace(named, heatmap=only(heatmap, outcome_rows((None, *waves), 31)))
        for heatmap in (named.heatmap, other)
    ]
    different = judged(few[0], with_facts(few[1], classifier={"name": "other"}), [])["different"]
    assert different.verdict == verdict


@pytest.mark.parametrize(
    ("rise", "data", "verdict"),
    [
        (0.01, "other", Verdict.HOLDS),
        (0.03, "other", Verdict.FAILS),
        (0.013, "other", Verdict.UNDECIDED),
        (-0.05, "other", Verdict.HOLDS),
        (0.01, "cifar10", Verdict.UNDECIDED),  # on these data two trainings differ by more
        (0.03, "cifar10", Verdict.UNDECIDED),
        (0.09, "cifar10", Verdict.FAILS),
        (-0.05, "cifar10", Verdict.HOLDS),
    ],
)
def test_not_affected_needs_more_than_noise(rise, data, verdict):
    named, n = ALL_MAPS["mini-resnet_cifar10"], 2_000 if rise == 0.013 else 100_000
    errors = np.full((31, 31), round((0.1 + rise) * n))
    squares = {"top1_errors": errors, "top5_errors": errors, "count": np.full_like(errors, n)}
    counts = with_squares(named.heatmap, **squares, clean=np.array([n // 10, 0, n]))
    subject = with_facts(dataclasses.replace(named, heatmap=counts), dataset={"name": data})
    alone = judged(subject, ALL_MAPS[RESNET50], [])  # not measured alike
    assert alone["robust-high"].verdict == verdict


CORNERS = Band(16, 21)


@pytest.mark.parametrize("side", [64, 224])
def test_the_shipped_shares_are_those_of_the_preprocessing(side):
    computed = resize_attenuation(Preprocess(side, (0.0,) * 3, (1.0,) * 3), 32, 31)
    np.testing.assert_allclose(resize_attenuation_map(32, side), computed, atol=1e-5)


def test_what_was_not_measured_is_unknown():
    clip = ALL_MAPS[CLIP]
    assert input_size("a stranger") is None
    for change in ({"input_size": None}, {"input_size": 99}, {"heatmap": clip.heatmap.crop(5)}):
        other = dataclasses.replace(clip, **change)
        assert equal_strength(clip, other, CORNERS) is None and equal_strength(other, clip, CORNERS) is None
    unknown = dataclasses.replace(clip, input_size=None)  # and CLIP saw no hybrid images
    assert judged(unknown, ALL_MAPS[RESNET56], [])["relies"].verdict == Verdict.NOT_CHECKABLE
