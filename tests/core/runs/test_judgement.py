"""A second judge: who it is, what it counts, and what is stored of it."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from core.data.classes import CIFAR10, ClassSet
from core.runs.file import PGDRun
from core.runs.judgement import COLUMNS, THIRD, Judgement, choose_judge, fingerprint, judge_run, stored_judgements
from core.runs.picture_outcomes import PictureOutcomes, picture_outcomes
from core.runs.stored import stored_path
from tests.ui.run_forge import arrays_of, packed

BUNDLED = ("mini-clip", "mini-clip-robust", "mini-resnet", "mini-resnet-robust")


class RedJudge(nn.Module):
    """Sees class k where the top-left pixel's red lies between k / 10 and (k + 1) / 10."""

    name, classes, device = "red", CIFAR10, torch.device("cpu")

    def forward(self, images):
        return -(images[:, 0, 0, 0, None] * 10 - torch.arange(10) - 0.5).abs()


def forged_run(reds, targets, names=CIFAR10.names) -> PGDRun:
    """A run whose pictures have these reds, between 0 and 255, in their first pixel: at the start, and at the end."""
    arrays = arrays_of("generation", batch=len(targets), frames=2)
    arrays["start"][:, 0, 0, 0] = np.array([start for start, _ in reds]) / 255
    frames = np.zeros_like(arrays["frame_deltas"])
    frames[1, :, 0, 0, 0] = [end for _, end in reds]
    names = list(names)
    arrays |= {"frame_deltas": frames, "logits": np.zeros((2, len(targets), len(names)), dtype=np.float32)}
    arrays["metadata"] |= {"targets": targets, "class_names": names}
    return PGDRun.from_bytes(packed(arrays), name="forged")


@pytest.mark.parametrize(
    ("drawn_by", "ready", "judge"),
    [
        ("mini-clip", (*BUNDLED, "resnet-56"), "resnet-56"),
        ("resnet-56", (*BUNDLED, "resnet-56"), "mini-resnet"),
        ("mini-clip-robust", BUNDLED, "mini-resnet"),
        ("mini-resnet", BUNDLED, "mini-clip"),
        ("mini-resnet-robust", BUNDLED, "mini-clip"),
        ("mini-resnet-robust", ("mini-resnet", "mini-resnet-robust", "my-own"), "my-own"),
        ("mini-resnet-robust", ("mini-resnet", "mini-resnet-robust"), "mini-resnet"),
        ("efficientnet-lite0", ("efficientnet-lite0",), None),
    ],
)
def test_choose_judge_is_never_the_one_that_drew_and_its_twin_only_at_need(drawn_by, ready, judge):
    assert choose_judge(drawn_by, ready) == judge


def test_judge_run_counts_targets_of_the_start_and_of_the_last_frame():
    # Starts of classes 0, 3, 5 and ends of classes 0, 3, 9; targets 0, 2, 9.
    run = forged_run([(10, 10), (90, 90), (140, 250)], [0, 2, 9])
    assert judge_run(run, RedJudge()) == Judgement("red", 3, before=1, after=2)


def test_judge_run_leaves_out_free_texts_and_classes_it_does_not_know():
    names = (*CIFAR10.names, "a red dog")
    run = forged_run([(10, 250), (90, 90)], [10, 3], names)
    assert judge_run(run, RedJudge()) == Judgement("red", 1, before=1, after=1)
    assert judge_run(forged_run([(10, 250)], [10], names), RedJudge()) is None
    other = RedJudge()
    other.classes = ClassSet("custom", (*CIFAR10.names[:9], "lorry"))
    assert judge_run(run, other) is None


def test_interval_is_wilsons():
    # Agresti & Coull's form by hand, z = 1.959964: 8 of 100.
    assert Judgement("a", 100, 8, 0).share(8)[1:] == pytest.approx((0.04109, 0.14998), abs=1e-5)
    _, low, high = Judgement("a", 4, 0, 4).share(4)
    assert (low, high) == pytest.approx((0.51011, 1.0), abs=1e-5)


def test_fingerprint_is_another_one_for_another_picture_start_or_target():
    runs = [forged_run(reds, targets) for reds, targets in (([(1, 1)], [0]), ([(1, 2)], [0]), ([(2, 1)], [0]))]
    runs.append(forged_run([(1, 1)], [4]))
    assert len({fingerprint(run) for run in runs}) == 4
    slower = replace(runs[0], metadata={**runs[0].metadata, "source": {}})
    assert fingerprint(slower) == fingerprint(runs[0])


@pytest.mark.parametrize("name", BUNDLED)
def test_stored_judgements_hold_every_bundled_model_and_its_stored_run(name):
    stored = stored_judgements()
    kinds = {"blur": "cifar10", "independent": "cifar10-noise"}
    by_search = {"classless, pixels", "classless, views", "eq3, views"}
    assert set(stored["drawn"]["by"]) | set(stored["painted"]["by"]) == by_search | {
        *kinds, "classless", "eq3", "mean_square", "norm"
    }  # fmt: skip
    for part in ("drawn", "painted"):
        assert stored[part]["configs"].keys() == stored[part]["by"].keys()
    assert stored["judge"]["name"] not in BUNDLED and stored["judge"]["sha256"]
    card = json.loads((stored_path("", "", "").parents[1] / "models" / name / "config.json").read_text())
    for kind in (*kinds, "classless", "eq3", "mean_square", "norm", *by_search):
        many = picture_outcomes(kind)[name]
        assert many.n == (50 if kind == "norm" else 200) and many.judge == stored["judge"]["name"]
        assert many.sha256.startswith(card["sha256"]), "the model that drew is the one that is bundled"
        asked = kind != "norm" and name != stored["third"]["name"]
        assert many.third == (stored["third"]["name"] if asked else "")
        assert set(many.pictures) == {*COLUMNS, *(THIRD if asked else ())}
        assert {len(values) for values in many.pictures.values()} == {many.n}
        assert np.array_equal(many.pictures["sure_step"] >= 0, ~np.isnan(many.pictures["sure_change"]))
    for kind, subject in kinds.items():
        run = PGDRun.load(stored_path("generation", subject, name))
        counts = stored["runs"][fingerprint(run)]
        assert run.metadata["images"]["start"] == kind
        assert counts["drawn_by"] == name and counts["n"] == len(run.start)
        judgement = Judgement(counts["judge"], counts["n"], counts["before"], counts["after"])
        assert judgement.to_json().items() <= counts.items()


def test_a_mean_probability_and_its_interval_end_at_one():
    pictures = {"loss_before": np.log([4.0, 2.0]), "probability_after": np.array([0.9, 1.0])}
    before, after = PictureOutcomes("toy", "0", "judge", pictures).confidence
    assert before == pytest.approx(0.375) and after.value == pytest.approx(0.95) and after.high == 1
    assert after.low == pytest.approx(0.95 - 12.7062 * 0.05, abs=1e-5)  # t of one degree of freedom
