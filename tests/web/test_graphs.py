"""The article's graphs against torch: predictions, gradients, and a complete inpainting run."""

import hashlib

import numpy as np
import onnxruntime
import pytest
import torch
from torch.nn import functional as F

from core.data.datasets import load_samples
from core.data.holes import fill_hole, square_mask
from core.data.sample_sets import SAMPLE_SETS
from core.pgd.settings import paper_inpainting
from core.pgd.steps import Inpainting, pgd_steps, project, run_pgd
from web.graphs import (
    GRADIENT,
    GRAPHS,
    INITIALIZERS,
    NETWORKS,
    PREDICT,
    graph_classifier,
    graph_facts,
    graph_names,
    packed_weights,
)

SMALL = [name for name, side in NETWORKS.items() if side == 32]
SMOOTH = [name for name in NETWORKS if "clip" in name]  # the others use max-pooling


@pytest.fixture(scope="module", params=NETWORKS)
def exported(request, tmp_path_factory):
    """(name, classifier, graphs by name) of one network."""
    name, folder, options = request.param, tmp_path_factory.mktemp("graphs"), onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    (folder / INITIALIZERS).write_bytes(packed_weights(name))
    sessions = {}
    assert tuple(graph_facts()[name]["files"]) == graph_names(name)
    for graph in graph_names(name):
        content = (GRAPHS / name / f"{graph}.onnx").read_bytes()
        assert hashlib.sha256(content).hexdigest() == graph_facts()[name]["files"][graph]
        (folder / f"{graph}.onnx").write_bytes(content)
        sessions[graph] = onnxruntime.InferenceSession(str(folder / f"{graph}.onnx"), options)
    return name, graph_classifier(name), sessions


def samples(name):
    """Pictures of a network's size in [0, 1], and their labels."""
    data = load_samples(SAMPLE_SETS["cifar10" if NETWORKS[name] == 32 else "photographs"].dataset)
    return data.images.astype(np.float32) / 255, data.labels


class GraphPass(torch.autograd.Function):
    """A gradient graph as a differentiable function from pictures to logits, for the cross-entropy to one target."""

    @staticmethod
    def forward(context, images, session, target):
        feeds = {"images": images.detach().numpy(), "target": np.array([target])}
        logits, _, gradient = (torch.from_numpy(value) for value in session.run(None, feeds))
        context.save_for_backward(gradient)
        return logits

    @staticmethod
    def backward(context, _):
        return context.saved_tensors[0], None, None


def test_predictions_are_torchs(exported):
    name, classifier, sessions = exported
    images, _ = samples(name)
    images = images[:: -(-len(images) // 20)]
    logits = np.concatenate([sessions[PREDICT].run(None, {"images": image[None]})[0] for image in images])
    with torch.inference_mode():
        expected = classifier(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-4)
    assert (logits.argmax(1) == expected.argmax(1)).all()


def test_gradient_and_cross_entropy_are_torchs(exported):
    name, classifier, sessions = exported
    images, labels = samples(name)
    image, target = images[4:5], (labels[4:5] + 3) % 10
    image = np.clip(image + 0.05 * np.sin(np.arange(image.size)).reshape(image.shape), 0, 1).astype(np.float32)
    for graph in (graph for graph in sessions if graph.startswith(GRADIENT)):
        side = int(graph.partition("-")[2] or image.shape[-1])
        seen = np.ascontiguousarray(image[..., :side, :side])
        variable = torch.from_numpy(seen).requires_grad_()
        logits = (classifier if side == image.shape[-1] else classifier.at_size(side))(variable)
        entropy = F.cross_entropy(logits, torch.from_numpy(target), reduction="none")
        (expected,) = torch.autograd.grad(entropy.sum(), variable)
        outputs = sessions[graph].run(["logits", "cross_entropy", "gradient"], {"images": seen, "target": target})
        np.testing.assert_allclose(outputs[0], logits.detach().numpy(), rtol=1e-5, atol=1e-4)
        np.testing.assert_allclose(outputs[1], entropy.detach().numpy(), rtol=1e-5, atol=1e-4)
        assert np.linalg.norm(outputs[2] - expected.numpy()) < 1e-4 * np.linalg.norm(expected.numpy())


@pytest.mark.slow
@pytest.mark.parametrize("exported", SMALL, indirect=True)
def test_inpainting_run_of_the_papers_720_steps_ends_as_torchs(exported):
    name, classifier, sessions = exported
    images, labels = samples(name)
    mask, target = square_mask((16, 16), 16, height=32, width=32), int(labels[4] + 3) % 10
    start = torch.from_numpy(fill_hole(images[4:5], mask))
    objective, config = Inpainting(torch.tensor([target]), torch.from_numpy(mask)), paper_inpainting(32, 16)
    graph = lambda batch: GraphPass.apply(batch, sessions[GRADIENT], target)  # noqa: E731
    losses, apart, ahead = [], [], start
    for state in pgd_steps(classifier, objective, start, config):
        losses.append(float(state.loss[0]))
        apart.append(float((ahead - state.images).abs().max()))
        variable = state.images.detach().requires_grad_()  # one step from torch's state
        entropy = F.cross_entropy(graph(variable), torch.tensor([target]))
        (gradient,) = torch.autograd.grad(entropy, variable)
        ahead = project(objective.step(state.images, start, gradient, config.step_size), start, config.epsilon)
    last = run_pgd(graph, objective, start, config)
    assert state.step == last.step == 720
    assert abs(float(last.loss[0]) - losses[-1]) < 1e-4
    # Where torch's loss is under 1e-5, the gradient is mostly rounding (docs/results.md).
    steps = np.array(apart[1:])[np.array(losses[:-1]) > 1e-5]
    if name in SMOOTH:
        assert len(steps) == 720 and steps.max() < 1e-5
        assert (torch.round(255 * last.images) - torch.round(255 * state.images)).abs().max() <= 1
    else:  # occasional kinks of max-pooling, after which free runs diverge, as torch's runs do from each other
        assert len(steps) > 100 and np.quantile(steps, 0.99) < 1e-4
