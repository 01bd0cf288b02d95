"""How much arithmetic and memory traffic a graph needs for one pair of a given size."""

from dataclasses import dataclass
from math import prod
from typing import Any

from thermeld.methods.runtimes import version_of
from thermeld.registry import need


@dataclass(frozen=True)
class Work:
    """Of one pair.

    Attributes:
        macs: multiply-adds of convolutions and matrix products.
        bytes: of float32 features that the layers read and write, each once, no cache helping.
    """

    macs: int
    bytes: int


def work_of(content: bytes, size: tuple[int, int]) -> Work | None:
    """Count an ONNX file's work for planes of (H, W); None without the package onnx."""
    if not version_of("onnx"):
        return None
    onnx: Any = need("onnx", "train")
    model = onnx.load_from_string(content)
    for entry in model.graph.input:
        dimensions = entry.type.tensor_type.shape.dim
        for dimension, value in zip(dimensions, (1, None, *size), strict=True):
            if value is not None:
                dimension.dim_value = value
    del model.graph.value_info[:]
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {
        entry.name: [part.dim_value for part in entry.type.tensor_type.shape.dim]
        for entry in (*graph.value_info, *graph.input, *graph.output)
    }
    weights = {entry.name: list(entry.dims) for entry in graph.initializer}
    macs = sum(_macs(node, shapes, weights) for node in graph.node)
    return Work(macs, sum(_traffic(node, shapes) for node in graph.node))


def _macs(node: Any, shapes: dict[str, list[int]], weights: dict[str, list[int]]) -> int:
    if node.op_type not in ("Conv", "ConvTranspose", "Gemm", "MatMul"):
        return 0
    kernel = weights.get(node.input[1]) or shapes.get(node.input[1], [])
    if node.op_type == "Conv":  # kernel: outputs, inputs of a group, rows, columns
        return prod(shapes[node.output[0]]) * prod(kernel[1:])
    if node.op_type == "ConvTranspose":  # each input pixel meets the whole kernel
        return prod(shapes[node.input[0]]) * prod(kernel[1:])
    return prod(shapes[node.output[0]]) * shapes.get(node.input[0], [0])[-1]


def _traffic(node: Any, shapes: dict[str, list[int]]) -> int:
    """Activations are part of the convolution before them in every runtime, so they are free."""
    if node.op_type in ("Relu", "LeakyRelu", "Sigmoid", "Tanh", "Clip", "Constant", "Shape"):
        return 0
    names = (*node.input, *node.output)
    return 4 * sum(prod(shapes[name]) for name in names if len(shapes.get(name, ())) == 4)
