"""The graphs of the static edition against torch: predictions, gradients, and a whole inpainting run."""

import hashlib

import numpy as np
import onnxruntime
import pytest
import torch
from torch.nn import functional as F

from core.classifiers.bundled import bundled_specs
from core.classifiers.registry import load_classifier
from core.data.classes import CIFAR10
from core.data.samples import load_samples
from core.images.masks import fill_hole, square_mask
from core.pgd.config import paper_inpainting
from core.pgd.objectives import Inpainting
from core.pgd.steps import pgd_steps
from precomputed.graph_weights import GRAPHS, NAMES, PENALTIES, WEIGHTS, graph_facts, packed_weights

CLASSIFIERS = sorted(bundled_specs())
SMOOTH = [name for name in CLASSIFIERS if "clip" in name]  # the others' max-pooling has kinks
SAMPLES = load_samples("cifar10-samples")
IMAGES = SAMPLES.images.astype(np.float32) / 255


@pytest.fixture(scope="module", params=CLASSIFIERS)
def exported(request, tmp_path_factory):
    """(name, classifier, graph by name) of one bundled classifier."""
    name, folder, options = request.param, tmp_path_factory.mktemp("graphs"), onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    (folder / WEIGHTS).write_bytes(packed_weights(name))
    sessions = {}
    for graph in NAMES:
        content = (GRAPHS / name / f"{graph}.onnx").read_bytes()
        assert hashlib.sha256(content).hexdigest() == graph_facts()[name]["files"][graph]
        (folder / f"{graph}.onnx").write_bytes(content)
        sessions[graph] = onnxruntime.InferenceSession(str(folder / f"{graph}.onnx"), options)
    return name, load_classifier(name, CIFAR10), sessions


class Run:
    """A hole in a sample, as the static edition's page fills it."""

    def __init__(self, penalty):
        self.config = paper_inpainting(32, 16)
        self.mask = square_mask((16, 16), 16, height=32, width=32)
        self.start = fill_hole(IMAGES[4:5], self.mask)
        self.targets = (SAMPLES.labels[4:5] + 3) % 10
        self.objective = Inpainting(torch.from_numpy(self.targets), torch.from_numpy(self.mask), penalty=penalty)
        self.penalty = penalty

    def step(self, sessions, images):
        """The graph's outputs by name at (1, 3, 32, 32) images."""
        session, size = sessions[self.penalty], np.float32(self.config.step_size)
        given = {"images": images, "start": self.start, "mask": self.mask[None], "target": self.targets}
        given |= {"size": np.array(size), "epsilon": np.array(self.config.epsilon, np.float32)}
        return dict(zip([one.name for one in session.get_outputs()], session.run(None, given), strict=True))


def test_predictions_are_torchs(exported):
    _, classifier, sessions = exported
    found = np.concatenate([sessions["predict"].run(None, {"images": one[None]})[0] for one in IMAGES])
    with torch.inference_mode():
        wanted = classifier(torch.from_numpy(IMAGES)).numpy()
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-4)
    assert (found.argmax(1) == wanted.argmax(1)).all()


@pytest.mark.parametrize("penalty", PENALTIES)
def test_gradient_and_loss_terms_are_torchs(exported, penalty):
    _, classifier, sessions = exported
    run = Run(penalty)
    images = np.clip(run.start + 0.05 * np.sin(np.arange(run.start.size)).reshape(run.start.shape), 0, 1)
    images = images.astype(np.float32)
    variable, start = torch.from_numpy(images).requires_grad_(), torch.from_numpy(run.start)
    logits = classifier(variable)
    entropy = F.cross_entropy(logits, run.objective.targets, reduction="none")
    penalty_term = run.objective.penalty_term(variable, start)
    (gradient,) = torch.autograd.grad((entropy + penalty_term).sum(), variable)
    found = run.step(sessions, images)
    assert np.linalg.norm(found["gradient"] - gradient.numpy()) < 1e-4 * np.linalg.norm(gradient.numpy())
    for name, wanted in (("logits", logits), ("cross_entropy", entropy), ("penalty", penalty_term)):
        np.testing.assert_allclose(found[name], wanted.detach().numpy(), rtol=1e-5, atol=1e-4)
    assert found["change"][0] == pytest.approx(np.linalg.norm(images - run.start), rel=1e-5)


@pytest.mark.slow
def test_inpainting_run_of_the_papers_720_steps_ends_as_torchs(exported):
    name, classifier, sessions = exported
    run = Run("eq3")
    images, ahead, losses, apart = run.start, run.start, [], []
    for state in pgd_steps(classifier, run.objective, torch.from_numpy(run.start), run.config):
        losses.append(float(state.loss[0]))
        apart.append(np.abs(ahead - state.images.numpy()).max())
        ahead = run.step(sessions, state.images.numpy())["next"]  # one step from where torch stands
        last, found = images, run.step(sessions, images)
        images = found["next"]
    assert state.step == 720
    assert abs(float(found["cross_entropy"][0] + found["penalty"][0]) - losses[-1]) < 1e-4
    # Where torch's loss is under 1e-5, little but its rounding is left of the gradient (docs/browser.md).
    steps = np.array(apart[1:])[np.array(losses[:-1]) > 1e-5]
    if name in SMOOTH:
        assert len(steps) == 720 and steps.max() < 1e-5
        assert np.abs(np.rint(255 * last) - np.rint(255 * state.images.numpy())).max() <= 1
    else:  # a kink of max-pooling now and then, after which free runs part, as torch parts from itself
        assert len(steps) > 100 and np.quantile(steps, 0.99) < 1e-4
