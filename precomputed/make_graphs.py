"""Export prediction and gradient of the static edition's classifiers as ONNX graphs.

    python -m precomputed.make_graphs

writes precomputed/graphs/NAME/predict.onnx and gradient.onnx, and provenance.json. Both are traced from the classifier
alone; the steps of `core.pgd` are JavaScript (precomputed/static_site/page/pgd). No graph holds weights: its
initializers are named after the classifier's own tensors and share one file, which the static site is built
with from the classifier's weight file (`precomputed.graph_weights`). Needs requirements-dev.txt. Takes two minutes of
one core.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import onnx
import torch
from torch import Tensor
from torch._decomp import core_aten_decompositions
from torch.func import functional_call, functionalize
from torch.fx.experimental.proxy_tensor import make_fx
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import cross_entropy, interpolate

from core.classifiers.kinds.base import Classifier
from core.data.provenance import classifier_facts, computed_source
from core.shared.cli import run_script
from core.shared.files import make_folder, write_atomically, write_json
from precomputed.graph_weights import (
    GRADIENT,
    GRAPHS,
    NETWORKS,
    PREDICT,
    PROVENANCE,
    WEIGHTS,
    graph_classifier,
    named_tensors,
)

aten = torch.ops.aten
INPUTS = {PREDICT: ("images",), GRADIENT: ("images", "target")}
OUTPUTS = {PREDICT: ("logits",), GRADIENT: ("logits", "cross_entropy", "gradient")}


def graph_function(classifier: Classifier, names: Sequence[str], graph: str) -> Callable[..., tuple[Tensor, ...]]:
    """Return a graph as a function of its `INPUTS` and of the named weights, which returns its `OUTPUTS`.

    images: (1, 3, H, H). target: (1,) int64. logits: (1, K). cross_entropy: (1,). gradient: of it, (1, 3, H, H).
    """

    def logits_of(images: Tensor, weights: Sequence[Tensor]) -> Tensor:
        return functional_call(classifier, dict(zip(names, weights, strict=True)), (images,))

    def predict(images: Tensor, *weights: Tensor) -> tuple[Tensor, ...]:
        return (logits_of(images, weights),)

    def gradient(images: Tensor, target: Tensor, *weights: Tensor) -> tuple[Tensor, ...]:
        variable = images.detach().requires_grad_()
        logits = logits_of(variable, weights)
        entropy = cross_entropy(logits, target, reduction="none")
        (slope,) = torch.autograd.grad(entropy.sum(), variable)
        return logits.detach(), entropy.detach(), slope

    return predict if graph == PREDICT else gradient


def traced(function: Callable[..., tuple[Tensor, ...]], arguments: Sequence[Tensor]) -> torch.fx.GraphModule:
    """Trace a function, including its backward pass, into ONNX operators without in-place writes."""
    table = {**core_aten_decompositions(), **DECOMPOSITIONS}
    with sdpa_kernel(SDPBackend.MATH):
        with_gradient = make_fx(function, decomposition_table=table)(*arguments)
        return make_fx(functionalize(with_gradient), decomposition_table=table)(*arguments)


def _convolution_backward(
    gradient: Tensor, images: Tensor, weight: Tensor, bias: Any, stride: Any, padding: Any, dilation: Any,
    transposed: bool, output_padding: Any, groups: int, output_mask: Any,
) -> tuple[Tensor | None, None, None]:  # fmt: skip
    """Return the input's gradient: for stride 1 a convolution with flipped filters, else a transposed convolution."""
    assert not transposed and not output_mask[1] and not output_mask[2], "weights are frozen"
    if not output_mask[0]:
        return None, None, None
    sides, kernel = images.shape[2:], weight.shape[2:]
    if list(stride) == [1, 1]:
        out, size = weight.shape[0] // groups, weight.shape[1]
        turned = weight.reshape(groups, out, size, *kernel).flip(3, 4).transpose(1, 2)
        turned = turned.reshape(groups * size, out, *kernel)
        around = [k - 1 - p for k, p in zip(kernel, padding, strict=True)]
        return aten.convolution(gradient, turned, None, stride, around, dilation, False, [0, 0], groups), None, None
    reached = [(g - 1) * s - 2 * p + k for g, s, p, k in zip(gradient.shape[2:], stride, padding, kernel, strict=True)]
    missing = [side - place for side, place in zip(sides, reached, strict=True)]
    return aten.convolution(gradient, weight, None, stride, padding, dilation, True, missing, groups), None, None


def _windows(images: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, C, H // 2, W // 2, 4): pixels of each 2 x 2 window in reading order."""
    high, wide = (side // 2 for side in images.shape[2:])
    cut = images[:, :, : 2 * high, : 2 * wide].reshape(*images.shape[:2], high, 2, wide, 2)
    return cut.permute(0, 1, 2, 4, 3, 5).reshape(*images.shape[:2], high, wide, 4)


def _max_pool(images: Tensor, kernel: Any, *options: Any) -> tuple[Tensor, Tensor]:
    """Return 2 x 2 max-pooling; the indices are empty."""
    assert list(kernel) == list((*options, kernel)[0]) == [2, 2]
    return _windows(images).amax(-1), images.new_zeros((0,), dtype=torch.int64)


def _max_pool_backward(gradient: Tensor, images: Tensor, *options: Any) -> Tensor:
    """Pass the gradient to the first maximum of each window, as torch does."""
    windows = _windows(images)
    largest = (windows == windows.amax(-1, keepdim=True)).to(gradient.dtype)
    before = largest @ torch.triu(torch.ones(4, 4), 1)  # number of equally large pixels before each
    parts = gradient[..., None] * largest * (before == 0)
    high, wide = gradient.shape[2:]
    whole = parts.reshape(*gradient.shape[:2], high, wide, 2, 2).permute(0, 1, 2, 4, 3, 5)
    whole = whole.reshape(*gradient.shape[:2], 2 * high, 2 * wide)
    down, right = images.shape[2] - 2 * high, images.shape[3] - 2 * wide
    return aten.constant_pad_nd(whole, [0, right, 0, down])


def _resizes(size: int, target: int) -> Tensor:
    """(target, size): matrix that resizes one axis."""
    with torch.utils._python_dispatch._disable_current_modes():
        eye = torch.eye(size)[None, None]
        return interpolate(eye, (target, size), mode="bicubic", align_corners=False, antialias=True)[0, 0]


def _resize(images: Tensor, size: Any, *options: Any) -> Tensor:
    """Resize bicubically with antialiasing, by one constant matrix per axis."""
    high, wide = images.shape[2:]
    if size[0] != high:
        images = _resizes(high, size[0]) @ images
    return images if size[1] == wide else images @ _resizes(wide, size[1]).T


def _resize_backward(gradient: Tensor, size: Any, input_size: Any, *options: Any) -> Tensor:
    if size[0] != input_size[2]:
        gradient = _resizes(input_size[2], size[0]).T @ gradient
    return gradient if size[1] == input_size[3] else gradient @ _resizes(input_size[3], size[1])


def _batch_norm(
    images: Tensor, weight: Tensor, bias: Tensor, mean: Tensor, variance: Tensor, training: bool, *options: Any
) -> tuple[Tensor, Tensor, Tensor]:
    """Batch norm in evaluation mode: one factor and one addend for each channel."""
    assert not training
    factor = weight * torch.rsqrt(variance + options[-1])
    empty = images.new_zeros((0,))
    return images * factor[:, None, None] + (bias - mean * factor)[:, None, None], empty, empty


def _mean_pool(images: Tensor, size: Any) -> Tensor:
    """Global average pooling, whose gradient ONNX supports as well."""
    assert list(size) == [1, 1]
    return images.mean((2, 3), keepdim=True)


# Operators that ONNX lacks, or supports only forward, in terms of others.
DECOMPOSITIONS: dict[Any, Callable[..., Any]] = {
    aten.convolution_backward.default: _convolution_backward,
    aten.max_pool2d_with_indices.default: _max_pool,
    aten.max_pool2d_with_indices_backward.default: _max_pool_backward,
    aten._upsample_bicubic2d_aa.default: _resize,
    aten._upsample_bicubic2d_aa_backward.default: _resize_backward,
    aten._adaptive_avg_pool2d.default: _mean_pool,
    aten.native_batch_norm.default: _batch_norm,
    aten.cudnn_batch_norm.default: _batch_norm,
}


def onnx_graph(
    function: Callable[..., tuple[Tensor, ...]],
    arguments: Mapping[str, Tensor],
    weights: Mapping[str, Tensor],
    outputs: Sequence[str],
) -> onnx.ModelProto:
    """Export a function of named arguments and weights, weights still as inputs, without the exporter's metadata."""
    values, names = (*arguments.values(), *weights.values()), [*arguments, *weights]
    module = traced(function, values)
    program = torch.onnx.export(
        module.eval(), values, dynamo=True, verbose=False, input_names=names, output_names=list(outputs)
    )
    assert program is not None
    model = program.model_proto
    for part in (model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output):
        del part.metadata_props[:]
        part.doc_string = ""
    for number, node in enumerate(model.graph.node):
        node.name = str(number)
    del model.graph.value_info[:]
    return model


def used(model: onnx.ModelProto) -> set[str]:
    """Return the names that a graph's nodes read."""
    return {name for node in model.graph.node for name in node.input}


def with_weights_outside(model: onnx.ModelProto, weights: Mapping[str, Tensor]) -> onnx.ModelProto:
    """Return the model with its weights as initializers, stored in WEIGHTS one after another."""
    inputs = [value for value in model.graph.input if value.name in INPUTS[GRADIENT]]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    offset = 0
    for name, tensor in weights.items():
        size = 4 * tensor.numel()
        if name in used(model):
            outside = onnx.TensorProto(name=name, data_type=onnx.TensorProto.FLOAT, dims=tensor.shape)
            outside.data_location = onnx.TensorProto.EXTERNAL
            for key, value in {"location": WEIGHTS, "offset": offset, "length": size}.items():
                outside.external_data.add(key=key, value=str(value))
            model.graph.initializer.append(outside)
        offset += size
    return model


def graphs_of(classifier: Classifier, side: int) -> tuple[dict[str, bytes], list[str]]:
    """Return a classifier's graphs by name, and the names of the weights they read, in the file's order."""
    tensors = named_tensors(classifier)
    images = torch.rand(1, 3, side, side, generator=torch.Generator().manual_seed(0))
    arguments = {"images": images, "target": torch.tensor([3])}
    models = {
        graph: onnx_graph(
            graph_function(classifier, list(tensors), graph),
            {name: arguments[name] for name in INPUTS[graph]}, tensors, OUTPUTS[graph],
        )
        for graph in INPUTS
    }  # fmt: skip
    read = set().union(*map(used, models.values()))
    weights = {name: tensor for name, tensor in tensors.items() if name in read}
    packed = {name: with_weights_outside(model, weights).SerializeToString() for name, model in models.items()}
    return packed, list(weights)


def main() -> int:
    """Write the graphs; return the exit status."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    return run_script(_run, "run the same command again")


def _run() -> str:
    facts, size = {}, 0
    for name, side in NETWORKS.items():
        classifier = graph_classifier(name)
        packed, weights = graphs_of(classifier, side)
        make_folder(GRAPHS / name)
        for graph, content in packed.items():
            write_atomically(GRAPHS / name / f"{graph}.onnx", content)
            size += len(content)
        facts[name] = {
            "classifier": classifier_facts(classifier),
            "files": {graph: hashlib.sha256(content).hexdigest() for graph, content in packed.items()},
            "weights": weights,
        }
    versions = {package: version(package) for package in ("torch", "onnx", "onnxscript")}
    provenance = {"source": computed_source("cpu", versions=versions), "graphs": facts}
    write_json(PROVENANCE, provenance, indent=1)
    return f"{len(facts)} classifiers -> {GRAPHS} ({size:,} bytes)"


if __name__ == "__main__":
    raise SystemExit(main())
