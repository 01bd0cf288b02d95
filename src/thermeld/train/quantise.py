"""A network in 8-bit integers, and the guard that decides whether it may be shipped.

Static quantisation: the range of every feature plane is taken from pairs shown to the network,
weights are scaled channel by channel, both symmetric, as ONNX Runtime and OpenVINO run it best.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from thermeld.errors import BadModel
from thermeld.image import Gray, Stored, to_depth
from thermeld.metrics import score

METRICS = ("AG", "CE", "EI", "EN", "MI", "PSNR", "RMSE", "SF", "SSIM", "SD")  # of seed 004
LEAST_DECIBELS = 40.0
LARGEST_MOVE = 0.01

Planes = tuple[Gray, Gray]


@dataclass(frozen=True)
class Verdict:
    """How far quantised results lie from float32 ones.

    Attributes:
        decibels: least PSNR of a fused luminance over the pairs.
        moved: by metric, the change of its mean over the pairs, relative.
    """

    decibels: float
    moved: Mapping[str, float]

    @property
    def ships(self) -> bool:
        """Above 40 dB, and no metric moved by more than 1 %."""
        return self.decibels > LEAST_DECIBELS and max(self.moved.values()) <= LARGEST_MOVE


def quantised(content: bytes, pairs: Sequence[Planes], *, keep: Sequence[str] = ()) -> bytes:
    """An ONNX file in 8 bits.

    Args:
        content: of the float32 file, for grey planes.
        pairs: luminance planes in [0, 1] like those it will meet.
        keep: names of nodes that stay float32.
    """
    onnx: Any = import_module("onnx")
    kit: Any = import_module("onnxruntime.quantization")
    with TemporaryDirectory() as folder:
        out = Path(folder) / "int8.onnx"
        kit.quantize_static(
            onnx.load_from_string(content),
            str(out),
            _reader(kit, pairs),
            quant_format=kit.QuantFormat.QDQ,
            activation_type=kit.QuantType.QUInt8,
            weight_type=kit.QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=["Conv", "Max", "Relu"],
            nodes_to_exclude=list(keep),
            calibrate_method=kit.CalibrationMethod.MinMax,
        )
        return out.read_bytes()


def convolutions(content: bytes) -> list[str]:
    """Names of a file's convolutions in their order."""
    onnx: Any = import_module("onnx")
    graph = onnx.load_from_string(content).graph
    return [node.name for node in graph.node if node.op_type == "Conv"]


def _reader(kit: Any, pairs: Sequence[Planes]) -> Any:
    rows: Iterator[dict[str, Gray]] = (
        {"ir": ir[None, None], "vis": vis[None, None]} for ir, vis in pairs
    )

    class Reader(kit.CalibrationDataReader):  # type: ignore[misc]
        def get_next(self) -> dict[str, Gray] | None:
            return next(rows, None)

    return Reader()


def verdict(pairs: Sequence[Planes], plain: Sequence[Gray], coarse: Sequence[Gray]) -> Verdict:
    """Compare results in grey levels, as they are written to files.

    Args:
        pairs: luminance planes that were fused.
        plain: what float32 made of them.
        coarse: what 8 bits made of them.

    Raises:
        BadModel: no pairs to compare.
    """
    if not pairs:
        raise BadModel("quantising needs pairs to be judged on; give a folder of some")
    stored = [[to_depth(fused, np.uint8) for fused in each] for each in (plain, coarse)]
    errors = [
        float(np.mean((one.astype(np.float64) - other) ** 2)) / 255.0**2
        for one, other in zip(*stored, strict=True)
    ]
    means = [_means(pairs, each) for each in stored]
    moved = {
        name: abs(means[1][name] - value) / max(abs(value), 1e-9)
        for name, value in means[0].items()
    }
    return Verdict(-10.0 * float(np.log10(max(*errors, 1e-10))), moved)


def _means(pairs: Sequence[Planes], results: Sequence[Stored]) -> dict[str, float]:
    rows = [
        score(to_depth(ir, np.uint8), to_depth(vis, np.uint8), fused, metrics=METRICS)
        for (ir, vis), fused in zip(pairs, results, strict=True)
    ]
    return {name: float(np.mean([row[name] for row in rows])) for name in METRICS}
