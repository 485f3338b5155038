"""The article's graphs against torch: predictions and gradients."""

import hashlib

import numpy as np
import onnxruntime
import pytest
import torch
from torch.nn import functional as F

from core.data.datasets import load_samples
from core.data.sample_sets import SAMPLE_SETS
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


def test_predictions_are_torchs(exported):
    name, classifier, sessions = exported
    images, _ = samples(name)
    images = images[:: -(-len(images) // 20)]
    logits = np.concatenate([sessions[PREDICT].run(None, {"images": image[None]})[0] for image in images])
    with torch.inference_mode():
        expected = classifier(torch.from_numpy(images)).numpy()
    np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-4)
    assert (logits.argmax(1) == expected.argmax(1)).all()


@pytest.mark.parametrize("members", [(5,), (1, 3, 8)])
def test_gradient_and_cross_entropy_are_those_of_merged_classes(exported, members):
    name, classifier, sessions = exported
    image = samples(name)[0][4:5]
    target = np.isin(np.arange(len(classifier.classes)), members)[None]
    image = np.clip(image + 0.05 * np.sin(np.arange(image.size)).reshape(image.shape), 0, 1).astype(np.float32)
    for graph in (graph for graph in sessions if graph.startswith(GRADIENT)):
        side = int(graph.partition("-")[2] or image.shape[-1])
        seen = np.ascontiguousarray(image[..., :side, :side])
        variable = torch.from_numpy(seen).requires_grad_()
        plain = classifier if side == image.shape[-1] else classifier.at_size(side)
        merged = plain.merge({"word": members})
        entropy = F.cross_entropy(merged(variable), torch.tensor([len(merged.classes) - 1]), reduction="none")
        (expected,) = torch.autograd.grad(entropy.sum(), variable)
        outputs = sessions[graph].run(["logits", "cross_entropy", "gradient"], {"images": seen, "members": target})
        np.testing.assert_allclose(outputs[0], plain(variable).detach().numpy(), rtol=1e-5, atol=1e-4)
        np.testing.assert_allclose(outputs[1], entropy.detach().numpy(), rtol=1e-5, atol=1e-4)
        assert np.linalg.norm(outputs[2] - expected.numpy()) < 1e-4 * np.linalg.norm(expected.numpy())
