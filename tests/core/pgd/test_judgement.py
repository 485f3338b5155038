"""A second network as the judge: its choice, its counts, and what is stored of it."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from core.classifiers.registry import load_classifier
from core.data.holes import square_mask
from core.data.sample_sets import CIFAR10, PRECOMPUTED, ClassSet
from core.pgd.examples import RUNS, stored_path
from core.pgd.live import Run
from core.pgd.picture_outcomes import (
    Judgement,
    choose_judge,
    fingerprint,
    judge_run,
    judged_outcomes,
    on_common_starts,
    picture_outcomes,
    stored_judgement,
)
from core.pgd.plan import inpainting_plan
from core.pgd.record import PGDRun
from core.pgd.settings import PGDConfig
from core.shared.device import class_probabilities
from tests.core.judged import SECOND_JUDGE, stored_files

BUNDLED = ("mini-clip", "mini-clip-robust", "mini-resnet", "mini-resnet-robust")


class RedJudge(nn.Module):
    """Predicts class k where the top-left pixel's red is between k / 10 and (k + 1) / 10."""

    name, kind, classes, device = "red", "closed-set", CIFAR10, torch.device("cpu")

    def forward(self, images):
        return -(images[:, 0, 0, 0, None] * 10 - torch.arange(10) - 0.5).abs()


def forged_run(reds, targets, names=CIFAR10.names) -> PGDRun:
    """A run whose pictures have these reds, between 0 and 255, in their first pixel: at the start and at the end."""
    run = PGDRun.load(stored_path("generation", "cifar10", "mini-clip"))
    frames = np.zeros((2, len(reds), 3, 32, 32), np.uint8)
    frames[:, :, 0, 0, 0] = np.transpose(reds)
    facts = {**run.metadata, "targets": targets, "class_names": [*names]}
    return replace(run, frames=frames, start=frames[0].astype(np.float32) / 255, metadata=facts)


@pytest.mark.parametrize(
    ("drawn_by", "ready", "judge"),
    [
        ("mini-clip", (*BUNDLED, "resnet-56"), "resnet-56"),
        ("resnet-56", (*BUNDLED, "resnet-56"), "mini-resnet"),
        ("mini-resnet-robust", BUNDLED, "mini-clip"),
        ("mini-resnet-robust", ("mini-resnet", "mini-resnet-robust", "my-own"), "my-own"),
        ("mini-resnet-robust", ("mini-resnet", "mini-resnet-robust"), "mini-resnet"),
        ("efficientnet-lite0", ("efficientnet-lite0",), None),
    ],
)
def test_choose_judge_is_never_the_one_that_drew(drawn_by, ready, judge):
    assert choose_judge(drawn_by, ready) == judge


def test_a_judge_takes_a_word_as_the_run_did():
    judge = load_classifier("mini-resnet", CIFAR10, device="cpu")
    names = [name for name in CIFAR10.names if name not in ("airplane", "automobile", "ship", "truck")]
    run = forged_run([(0, 0), (0, 250)], [names.index("cat"), len(names)], [*names, "vehicle"])
    shares = class_probabilities(judge, run.frames[-1].astype(np.float32) / np.float32(255))
    vehicles = shares[:, [0, 1, 8, 9]].sum(axis=1)
    others = shares[:, [CIFAR10.names.index(name) for name in names]]
    result = judge_run(run, judge)
    assert result.ranks[1] == 1 + (others[1] > vehicles[1]).sum()
    top = [names[k] if other[k] > vehicle else "vehicle"
           for k, other, vehicle in zip(others.argmax(axis=1), others, vehicles, strict=True)]  # fmt: skip
    assert list(result.says) == top


def test_a_judge_sees_a_large_hole_alone():
    generator = np.random.default_rng(0)
    original = generator.integers(0, 256, (1, 3, 224, 224), dtype=np.uint8)
    mask = square_mask((100, 90), 60, height=224, width=224)
    config = PGDConfig(epsilon=1, step_size=0.1, steps=1)
    plan = inpainting_plan(original, mask, ["airplane"], config)
    judge = load_classifier("mini-resnet", CIFAR10, device="cpu")
    engine = Run(plan, lambda: [judge])
    assert len(list(engine.states())) == 2
    (run,) = engine.so_far()
    (seen,) = class_probabilities(judge, run.frames[-1][:, :, 54:126, 64:136].astype(np.float32) / np.float32(255))
    result = judge_run(run, judge)
    assert result.hole_alone and result.says == (CIFAR10.names[seen.argmax()],)
    assert result.shares == pytest.approx([seen.max()], abs=1e-4)


def test_judge_run_counts_targets_before_and_after():
    # Starts of classes 0, 3, 5 and ends of classes 0, 3, 9; targets 0, 2, 9.
    run = forged_run([(10, 10), (90, 90), (140, 250)], [0, 2, 9])
    result = judge_run(run, RedJudge())
    assert replace(result, shares=()) == Judgement("red", 3, 1, 2, ("airplane", "cat", "truck"), (1, 3, 1))
    last = torch.from_numpy(run.frames[-1].astype(np.float32) / 255)
    assert result.shares == pytest.approx(RedJudge()(last).softmax(dim=1).amax(dim=1).tolist(), abs=1e-4)
    assert result.of(1) == Judgement("red", 1, None, 0, ("cat",), (3,), result.shares[1:2])
    names = (*CIFAR10.names, "a red dog")
    run = forged_run([(10, 250), (90, 90)], [10, 3], names)
    assert replace(judge_run(run, RedJudge()), shares=()) == Judgement("red", 1, 1, 1, ("truck", "cat"), (0, 1))
    assert judge_run(forged_run([(10, 250)], [10], names), RedJudge()) is None
    other = RedJudge()
    other.classes = ClassSet("custom", (*CIFAR10.names[:9], "lorry"))
    assert judge_run(run, other) is None


def test_a_judgement_survives_json_zeros_included():
    for judgement in (Judgement("a", 2, 0, 0), Judgement("a", 2, None, 1, ("cat", "dog"), (1, 0), hole_alone=True)):
        assert Judgement.from_json(json.loads(json.dumps(judgement.to_json()))) == judgement


def test_fingerprint_tells_runs_apart():
    runs = [forged_run(reds, targets) for reds, targets in (([(1, 1)], [0]), ([(1, 2)], [0]), ([(2, 1)], [0]))]
    runs.append(forged_run([(1, 1)], [4]))
    assert len({fingerprint(run) for run in runs}) == 4
    slower = replace(runs[0], metadata={**runs[0].metadata, "source": {}})
    assert fingerprint(slower) == fingerprint(runs[0])


@pytest.mark.parametrize("name", BUNDLED)
def test_stored_judgements_hold_every_bundled_model(name):
    facts, _ = stored_files()[name]
    kinds = judged_outcomes()[name].kinds()
    assert facts["judges"][0]["name"] not in BUNDLED and facts["judges"][0]["sha256"]
    card = json.loads((PRECOMPUTED / "models" / name / "config.json").read_text())
    for kind, many in kinds.items():
        assert many.n == 200 and many.judges == tuple(judge["name"] for judge in facts["judges"])
        assert many.facts["classifier"]["sha256"].startswith(card["sha256"]), "the model that drew is the bundled one"
        assert many.judges[1:] == ((SECOND_JUDGE,) if name != SECOND_JUDGE else ())
        assert picture_outcomes(kind)[name].starts == picture_outcomes(kind)["mini-clip"].starts
    runs = [PGDRun.load(path) for path in RUNS.glob(f"generation_*__{name}.npz")]
    assert len(runs) == len(facts["runs"])
    for run in runs:
        judgement = stored_judgement(fingerprint(run))
        assert judgement is not None and judgement.n == len(run.start)


def test_fewer_pictures_are_paired_with_the_first_of_many():
    many = picture_outcomes("blur")["mini-clip"]
    few = picture_outcomes("blur")["mini-resnet"].at(slice(10))
    first, second = on_common_starts([many, few])
    assert first.n == second.n == 10 and np.array_equal(first.pictures["loss_after"], many.pictures["loss_after"][:10])
    assert on_common_starts([many, replace(few, facts={**few.facts, "seed": 1})]) is None
