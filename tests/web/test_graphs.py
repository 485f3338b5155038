"""The article's graphs against torch: predictions and gradients."""

import hashlib

import numpy as np
import onnxruntime
import pytest
import torch
from torch.nn import functional as F

from core.data.datasets import load_samples
from web.graphs import (
    GRADIENT,
    GRAPHS,
    IMAGE_SIZE,
    INITIALIZERS,
    PREDICT,
    graph_classifier,
    graph_facts,
    graph_names,
    packed_weights,
)

IMAGES = load_samples("photographs").images.astype(np.float32) / 255


@pytest.fixture(scope="module")
def classifier():
    return graph_classifier()


@pytest.fixture(scope="module")
def sessions(tmp_path_factory):
    """The stored graphs with the network's weights, by name."""
    folder, options = tmp_path_factory.mktemp("graphs"), onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    (folder / INITIALIZERS).write_bytes(packed_weights())
    digests = {name: (GRAPHS / f"{name}.onnx").read_bytes() for name in graph_names()}
    assert {name: hashlib.sha256(content).hexdigest() for name, content in digests.items()} == graph_facts()["files"]
    for name, content in digests.items():
        (folder / f"{name}.onnx").write_bytes(content)
    return {name: onnxruntime.InferenceSession(str(folder / f"{name}.onnx"), options) for name in digests}


def test_graph_predictions_equal_torch(classifier, sessions):
    logits = np.concatenate([sessions[PREDICT].run(None, {"images": image[None]})[0] for image in IMAGES])
    with torch.inference_mode():
        expected = classifier(torch.from_numpy(IMAGES)).numpy()
    np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("members", [(5,), (1, 3, 8)])
@pytest.mark.parametrize("graph", graph_names()[1:])
def test_graph_gradients_equal_torch(classifier, sessions, graph, members):
    size = int(graph.removeprefix(GRADIENT).strip("-") or IMAGE_SIZE)
    target = np.isin(np.arange(len(classifier.classes)), members)[None]
    image = np.clip(IMAGES[4] + 0.05 * np.sin(np.arange(IMAGES[4].size)).reshape(IMAGES[4].shape), 0, 1)
    seen = np.ascontiguousarray(image[None, :, :size, :size], np.float32)
    variable = torch.from_numpy(seen).requires_grad_()
    plain = classifier.at_size(size)
    merged = plain.merge({"word": members})
    entropy = F.cross_entropy(merged(variable), torch.tensor([len(merged.classes) - 1]), reduction="none")
    (expected,) = torch.autograd.grad(entropy.sum(), variable)
    outputs = sessions[graph].run(["logits", "cross_entropy", "gradient"], {"images": seen, "members": target})
    np.testing.assert_allclose(outputs[0], plain(variable).detach().numpy(), rtol=1e-5, atol=1e-4)
    np.testing.assert_allclose(outputs[1], entropy.detach().numpy(), rtol=1e-5, atol=1e-4)
    assert np.linalg.norm(outputs[2] - expected.numpy()) < 1e-4 * np.linalg.norm(expected.numpy())
