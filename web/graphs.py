"""Export prediction and gradient of the article's network as ONNX graphs.

    python -m web.graphs

writes precomputed/graphs/efficientnet-lite0/predict.onnx, gradient.onnx and, for the smaller views,
gradients such as gradient-112.onnx, and provenance.json. They are traced from the classifier alone; the steps of
`core.pgd` are JavaScript (web/engine). No graph holds weights: its initializers are named after the classifier's own
tensors, in their order, and share one file, with which the article is built from the classifier's weight file. Needs
requirements-dev.txt. Takes half a minute of one core.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any, get_args

import torch
from torch import Tensor
from torch._decomp import core_aten_decompositions
from torch.func import functional_call
from torch.fx.experimental.proxy_tensor import make_fx

from core.classifiers.classifier import Classifier
from core.classifiers.registry import load_classifier
from core.data.sample_sets import PRECOMPUTED, imagenet
from core.data.stored import classifier_facts, computed_source
from core.pgd.settings import Task, defaults
from core.shared.cli import run_script
from core.shared.files import make_folder, write_atomically, write_json

aten = torch.ops.aten
NETWORK, IMAGE_SIZE = "efficientnet-lite0", 224
GRAPHS = PRECOMPUTED / "graphs" / NETWORK
PROVENANCE = GRAPHS.parent / "provenance.json"
INITIALIZERS = "weights.bin"  # what the graphs call the file of their initializers
PREDICT, GRADIENT = "predict", "gradient"
INPUTS = {PREDICT: ("images",), GRADIENT: ("images", "members")}
OUTPUTS = {PREDICT: ("logits",), GRADIENT: ("logits", "cross_entropy", "gradient")}


def graph_names() -> tuple[str, ...]:
    """Return the graphs: prediction, gradient, and gradients at smaller views, such as "gradient-112"."""
    methods = [defaults(task, IMAGE_SIZE, "views").method for task in get_args(Task)]
    sizes = {size for method in methods if method.views for size in method.views.small_inputs(IMAGE_SIZE)}
    return (PREDICT, GRADIENT, *(f"{GRADIENT}-{size}" for size in sorted(sizes)))


def graph_classifier() -> Classifier:
    """Load the network in the order of axes that ONNX has."""
    classifier = load_classifier(NETWORK, imagenet())
    return classifier.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]


def named_tensors(classifier: Classifier) -> dict[str, Tensor]:
    """Return every float32 tensor of a classifier by its name in it."""
    tensors = {**dict(classifier.named_parameters()), **dict(classifier.named_buffers())}
    return {name: tensor.detach() for name, tensor in tensors.items() if tensor.is_floating_point()}


def graph_facts() -> dict[str, Any]:
    """Return what `precomputed/graphs/provenance.json` says of the graphs."""
    return json.loads(PROVENANCE.read_text(encoding="utf-8"))["graphs"][NETWORK]


def packed_weights() -> bytes:
    """Return the tensors that the graphs name, one after the other, little-endian float32.

    Raises:
        RuntimeError: the graphs were exported from other weights.
    """
    facts, classifier = graph_facts(), graph_classifier()
    if facts["classifier"]["sha256"] != classifier.sha256:
        raise RuntimeError(
            f"the graphs of {NETWORK!r} want weights {facts['classifier']['sha256']}, got {classifier.sha256}; "
            "run python -m web.graphs"
        )
    tensors = named_tensors(classifier)
    return b"".join(tensors[name].contiguous().numpy().astype("<f4").tobytes() for name in facts["weights"])


def graph_function(classifier: Classifier, names: Sequence[str], graph: str) -> Callable[..., tuple[Tensor, ...]]:
    """Return a graph as a function of its `INPUTS` and of the named weights, which returns its `OUTPUTS`.

    images: (1, 3, H, H). members: (1, K) bool, the classes; any of them is the target. logits: (1, K). cross_entropy:
    (1,), of the summed probability. gradient: of it, (1, 3, H, H).
    """

    def logits_of(images: Tensor, weights: Sequence[Tensor]) -> Tensor:
        return functional_call(classifier, dict(zip(names, weights, strict=True)), (images,))

    def predict(images: Tensor, *weights: Tensor) -> tuple[Tensor, ...]:
        return (logits_of(images, weights),)

    def gradient(images: Tensor, members: Tensor, *weights: Tensor) -> tuple[Tensor, ...]:
        variable = images.detach().requires_grad_()
        logits = logits_of(variable, weights)
        entropy = logits.logsumexp(1) - logits.masked_fill(~members, -torch.inf).logsumexp(1)
        (slope,) = torch.autograd.grad(entropy.sum(), variable)
        return logits.detach(), entropy.detach(), slope

    return predict if graph == PREDICT else gradient


def _convolution_backward(
    gradient: Tensor, images: Tensor, weight: Tensor, bias: Any, *options: Any
) -> tuple[Tensor, None, None]:
    """Return the input's gradient: for stride 1 a convolution with flipped filters, else a transposed convolution."""
    stride, padding, dilation, transposed, _, groups, output_mask = options
    assert not transposed and not output_mask[1] and not output_mask[2], "weights are frozen"
    lengths, kernel = images.shape[2:], weight.shape[2:]
    if list(stride) == [1, 1]:
        # Each operator on weights is one more copy of them while onnxruntime folds constants: as few as possible.
        turned = weight.flip(2, 3) if max(kernel) > 1 else weight
        if groups == 1:  # others have a filter for each channel
            turned = turned.transpose(0, 1)
        around = [k - 1 - p for k, p in zip(kernel, padding, strict=True)]
        return aten.convolution(gradient, turned, None, stride, around, dilation, False, [0, 0], groups), None, None
    reached = [(g - 1) * s - 2 * p + k for g, s, p, k in zip(gradient.shape[2:], stride, padding, kernel, strict=True)]
    missing = [length - index for length, index in zip(lengths, reached, strict=True)]
    return aten.convolution(gradient, weight, None, stride, padding, dilation, True, missing, groups), None, None


def _relu6_backward(gradient: Tensor, images: Tensor, low: float, high: float) -> Tensor:
    """Return the input's gradient from the output: onnxruntime then keeps the output alone and fuses forward."""
    output = aten.clamp(images, low, high)
    return torch.where((output > low) & (output < high), gradient, 0.0)


# Operators that ONNX supports only forward, in terms of others.
DECOMPOSITIONS: dict[Any, Callable[..., Any]] = {
    **core_aten_decompositions(),
    aten.convolution_backward.default: _convolution_backward,
    aten.hardtanh_backward.default: _relu6_backward,
}


def export_graph(classifier: Classifier, graph: str) -> tuple[bytes, list[str]]:
    """Return one of `graph_names`, and the weights that it reads: initializers in one file, one after another."""
    from onnx_ir import DataType, ExternalTensor, to_proto
    from onnx_ir.passes.common import ClearMetadataAndDocStringPass

    output, _, small = graph.partition("-")
    size = int(small or IMAGE_SIZE)
    classifier = classifier.at_size(size)
    weights = named_tensors(classifier)
    images = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    arguments = {"images": images, "members": torch.arange(len(classifier.classes))[None] == 3}
    values = (*(arguments[name] for name in INPUTS[output]), *weights.values())
    names = [*INPUTS[output], *weights]
    module = make_fx(graph_function(classifier, list(weights), output), DECOMPOSITIONS)(*values)
    program = torch.onnx.export(
        module.eval(), values, dynamo=True, verbose=False, input_names=names, output_names=list(OUTPUTS[output])
    )
    assert program is not None
    model = program.model
    ClearMetadataAndDocStringPass()(model)
    for number, node in enumerate(model.graph):
        node.name = str(number)
    read, offset = [], 0
    for value in model.graph.inputs[len(INPUTS[output]) :]:
        if value.uses():
            name, length = str(value.name), 4 * weights[str(value.name)].numel()
            assert value.shape is not None
            value.const_value = ExternalTensor(
                INITIALIZERS, offset, length, DataType.FLOAT, shape=value.shape, name=name
            )
            model.graph.register_initializer(value)
            read.append(name)
            offset += length
    del model.graph.inputs[len(INPUTS[output]) :]
    proto = to_proto(model)
    del proto.graph.value_info[:]
    return proto.SerializeToString(), read


def _run() -> str:
    classifier = graph_classifier()
    graphs = {graph: export_graph(classifier, graph) for graph in graph_names()}
    (_, weights), *further = graphs.values()
    assert all(weights == also for _, also in further), "all graphs share one file of weights"
    make_folder(GRAPHS)
    for graph, (content, _) in graphs.items():
        write_atomically(GRAPHS / f"{graph}.onnx", content)
    facts = {
        "classifier": classifier_facts(classifier),
        "files": {graph: hashlib.sha256(content).hexdigest() for graph, (content, _) in graphs.items()},
        "weights": weights,
        "source": computed_source(
            "cpu", versions={package: version(package) for package in ("torch", "onnx", "onnxscript")}
        ),
    }
    write_json(PROVENANCE, {"graphs": {NETWORK: facts}}, indent=1)
    return f"{len(graphs)} graphs -> {GRAPHS}"


if __name__ == "__main__":
    raise SystemExit(run_script(_run, "run the same command again"))
