"""The engine of runs: PGD's own numbers, on several classifiers at once: complete, stopped and refused runs."""

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest
import torch

from core.data.canvases import CANVASES, paint_canvas
from core.data.datasets import load_samples
from core.data.holes import square_mask
from core.pgd.live import Run, finished_run
from core.pgd.methods import METHODS, Method
from core.pgd.plan import RunPlan, inpainting_plan
from core.pgd.preconditioner import Preconditioner
from core.pgd.record import PGDRun, differences, pack_runs
from core.pgd.settings import PGDConfig
from core.pgd.steps import Inpainting, run_pgd
from core.pgd.views import Views
from tests.core.toy import ConvClassifier
from tests.ui.toys import ToyClassifier, toy_plan

CONFIG = PGDConfig(epsilon=2.0, step_size=0.1, steps=6)
DATA = load_samples("cifar10-samples")
MASK = square_mask((16, 16), 9, height=32, width=32)


def run_of(*names, targets=("cat",)):
    plan = inpainting_plan(DATA.images[: len(targets)], MASK, targets, CONFIG, weight=3.0)
    return Run(plan, lambda: [ToyClassifier(name) for name in names])


@pytest.fixture
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("threads", [1, 2], indirect=True, ids=["side by side", "in turn"])
@pytest.mark.usefixtures("threads")
def test_run_has_the_numbers_of_pgd_for_every_classifier():
    engine = run_of("a", "b", targets=("cat", 8))
    states = list(engine.states())
    assert [pair[0].step for pair in states] == list(range(7))
    for name, run, newest in zip("ab", engine.so_far(), states[-1], strict=True):
        objective = Inpainting(torch.tensor([3, 8]), torch.from_numpy(MASK), weight=3.0)
        alone = run_pgd(ToyClassifier(name), objective, torch.from_numpy(engine.plan.start), CONFIG)
        assert torch.equal(alone.images, newest.images)
        assert run.metadata["classifier"]["name"] == name and run.metadata["targets"] == [3, 8]
        assert np.array_equal(run.curves["loss"][-1], alone.loss.numpy())
        change = np.abs(alone.images.numpy() - engine.plan.start)[:, :, MASK[0]].mean(axis=(1, 2))
        assert [row["inside"] for row in run.metadata["images"]["change"]] == pytest.approx(change)


def test_tries_on_canvases_are_single_runs_bit_for_bit():
    config = PGDConfig(epsilon=20.0, step_size=4.0, steps=8, method=METHODS["views"].method)
    origins = [(paint_canvas(name, 224), {"start": name}) for name in CANVASES]
    plans = [
        RunPlan(targets=(1,), start=start[None], config=config, seed=3, images={"dataset": "noise", **origin})
        for start, origin in origins
    ]
    four, *alone = (
        finished_run(plan, ConvClassifier(classes=10))
        for plan in (plans[1].from_each(origins, [3] * len(origins)), *plans)
    )
    assert four.metadata["seeds"] == [3] * len(CANVASES)
    for k, single in enumerate(alone):
        one = four.only(k)
        np.testing.assert_array_equal(one.frames[-1], single.frames[-1])
        np.testing.assert_array_equal(one.logits, single.logits)
        same = {name: fact for name, fact in single.metadata["images"].items() if name != "change"}
        assert {name: fact for name, fact in one.metadata["images"].items() if name != "change"} == same
        assert one.metadata["seed"] == 3 and len({run.frames[-1].tobytes() for run in alone}) == len(alone)


def test_runs_by_several_methods_resume_to_the_same_bits():
    method = Method(Views(shift=2, noise=0.05), Preconditioner(spectrum=1, colors=0))
    config = PGDConfig(epsilon=2.0, step_size=0.1, steps=12, method=method)
    plan = inpainting_plan(DATA.images[:2], MASK, ("cat", "ship"), config)
    engine, again = (
        Run(plan, lambda: [ToyClassifier(name) for name in "ab"], methods=("paper", "views")) for _ in range(2)
    )
    list(engine.states())
    runs = engine.so_far()
    names = [(run.metadata["classifier"]["name"], run.config.method.name) for run in runs]
    assert names == [("a", "paper"), ("a", "views"), ("b", "paper"), ("b", "views")]
    assert [run.metadata["objective"]["penalty"] for run in runs] == ["eq3", "frozen"] * 2
    assert not np.array_equal(runs[0].frames[-1], runs[1].frames[-1])
    assert (runs[1].frames[-1] == runs[1].frames[0])[:, :, ~MASK[0]].all(), "by views nothing outside the hole changes"
    states = again.states()
    for _ in range(5):
        next(states)
    states.close()
    assert again.step == 4
    for run in again.so_far():
        assert len(run.curves["loss"]) == 5 and run.frame_steps[-1] == 4
    assert [row[0].step for row in again.states()] == [*range(4, 13)]
    for run, other in zip(runs, again.so_far(), strict=True):
        assert np.array_equal(run.frames, other.frames) and run.frame_steps.tolist() == other.frame_steps.tolist()
        assert np.array_equal(run.logits, other.logits)
        assert all(np.array_equal(run.curves[name], other.curves[name]) for name in run.curves)
    with zipfile.ZipFile(io.BytesIO(pack_runs(runs))) as archive:
        loaded = [PGDRun.from_bytes(archive.read(name), name=name) for name in archive.namelist()]
    assert [run.config for run in loaded] == [run.config for run in runs]
    methods = ("paper", "views")
    assert differences(plan, ["a", "b"], loaded, methods) == []
    assert differences(plan, ["a", "b"], loaded[:1], methods) == ["classifiers"]
    assert differences(plan, ["a"], loaded[:1], methods) == ["method"]
    assert differences(plan.with_method("views"), ["a"], loaded[1:2]) == []
    other = inpainting_plan(
        DATA.images[:2], MASK, ("cat", "ship"), replace(config, method=Method(Views(shift=1), method.preconditioner))
    )
    assert differences(other.with_method("views"), ["a"], loaded[1:2]) == ["method"]


# Differences between a plan's settings and a run's

PLAN = toy_plan()
MOVED = np.roll(PLAN.mask, 1, axis=-1)


@pytest.fixture(scope="module")
def runs():
    run = Run(PLAN, lambda: [ToyClassifier("toy-a")])
    list(run.states())
    return run.so_far()


@pytest.mark.parametrize(
    ("plan", "network", "changed"),
    [
        (PLAN, "toy-a", []),
        (PLAN, "toy-b", ["classifiers"]),
        (toy_plan(penalty="mean_square"), "toy-a", ["penalty"]),
        (toy_plan(weight=3.0), "toy-a", ["weight"]),
        (toy_plan(fill="rim"), "toy-a", ["fill"]),
        (inpainting_plan(PLAN.original, MOVED, ["dog"], PLAN.config), "toy-a", ["hole", "target"]),
        (inpainting_plan(255 - PLAN.original, PLAN.mask, ["cat"], PLAN.config), "toy-a", ["picture"]),
        (replace(PLAN, config=PGDConfig(epsilon=2.0, step_size=0.2, steps=7)), "toy-a", ["steps"]),
    ],
)
def test_changed_setting_of_a_run_is_named(plan, network, changed, runs):
    assert differences(plan, [network], runs) == changed
    assert plan.images.get("fill") == ("rim" if changed == ["fill"] else None), "only another fill is recorded"
