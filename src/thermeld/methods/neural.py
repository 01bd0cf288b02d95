"""Networks as methods: a card (JSON) and an ONNX file, run by ONNX Runtime on the CPU.

Cards of the package lie in `models/`. A user's own NAME.onnx with its NAME.json beside it is
a method by its path. A card is checked when it is read, its file when it is first run.

A graph takes `ir` and `vis`, float32 (N, C, H, W) in [0, 1] with the channels its card states,
and gives `fused` (N, C, H, W); a blending network gives `map` (N, 1, H, W) too, the share of
infrared.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from thermeld.errors import BadModel
from thermeld.image import Gray, Image, luminance
from thermeld.registry import Method, MethodCard, add_method, checked_settings, need

MODELS = Path(__file__).parent / "models"


@dataclass(frozen=True)
class Model:
    """What a card says of an ONNX file beyond what holds for any method.

    Attributes:
        card: the method's card.
        path: of the ONNX file.
        sha256: of that file.
        channels: of the inputs, {"ir": 1, "vis": 3}.
        facts: the whole card as read: recipe, command, data, metrics.
    """

    card: MethodCard
    path: Path
    sha256: str
    channels: Mapping[str, int]
    facts: Mapping[str, Any]


def read_model(card_path: Path) -> Model:
    """Read a card.

    Raises:
        BadModel: the card is missing, not JSON, or lacks something; or its file is missing.
    """
    try:
        facts = json.loads(card_path.read_text(encoding="utf-8"))
        card = MethodCard(
            name=facts["name"],
            family="neural",
            summary=facts["summary"],
            source=facts["source"],
            reach_px=facts["reach_px"],
            align_px=facts.get("align_px", 1),
            blends=bool(facts["blends"]),
            parameters=int(facts["parameters"]),
            licence=facts["licence"],
        )
        model = Model(
            card,
            card_path.with_name(Path(facts["file"]).name),
            facts["sha256"],
            {name: int(facts["channels"][name]) for name in ("ir", "vis")},
            facts,
        )
    except OSError as error:
        raise BadModel(f"{card_path}: cannot read the card ({error.strerror})") from error
    except (ValueError, TypeError, KeyError) as error:
        raise BadModel(
            f"{card_path}: not a complete card ({error!r}); `thermeld export` writes one"
        ) from error
    if not card.licence:
        raise BadModel(f"{card_path}: the card states no licence; add one before using the model")
    if not model.path.is_file():
        raise BadModel(f"{model.path}: missing, though {card_path.name} names it")
    return model


def method_of(model: Model) -> Method:
    """The table entry of a model; nothing is loaded until it is built."""

    def build(*, threads: int = 0, **chosen: Any) -> OnnxFusion:
        checked_settings(chosen, {}, model.card.name)  # a network has none
        return OnnxFusion(model, threads=threads)

    return Method(model.card, build, {}, model.sha256)


def method_from_file(path: Path) -> Method:
    """A method from a user's NAME.onnx and the NAME.json beside it.

    Raises:
        BadModel: either is missing or does not fit.
    """
    if not path.is_file():
        raise BadModel(f"{path}: no such model file")
    return method_of(read_model(path.with_suffix(".json")))


class OnnxFusion:
    """A network that is ready to run.

    Args:
        model: card and file.
        threads: of ONNX Runtime; 0 for all cores. One object may be called from several threads.

    Raises:
        BadModel: the file is damaged, is not the one the card describes, or has other inputs.
        MissingExtra: ONNX Runtime is not installed.
    """

    def __init__(self, model: Model, *, threads: int = 0) -> None:
        self.model = model
        self.session = _session(model, threads)

    def __call__(self, ir: Gray, vis: Gray) -> Gray:
        """Fuse two luminance planes."""
        if self.model.card.blends:
            share = self.blending_map(ir, vis)
            return share * ir + (np.float32(1.0) - share) * vis
        fused = self._run("fused", ir, vis)
        plane = fused[0] if len(fused) == 1 else luminance(fused.transpose(1, 2, 0))
        return np.clip(plane, 0.0, 1.0)

    def blending_map(self, ir: Gray, vis: Image) -> Gray:
        """Share of infrared per pixel, (H, W) in [0, 1]; `vis` may be grey or RGB."""
        return np.asarray(self._run("map", ir, vis)[0], np.float32)

    def _run(self, output: str, ir: Gray, vis: Image) -> Image:
        inputs = {
            "ir": _planes(ir, self.model.channels["ir"]),
            "vis": _planes(vis, self.model.channels["vis"]),
        }
        answer: Image = self.session.run([output], inputs)[0][0]
        return answer


def _planes(image: Image, channels: int) -> Image:
    """(H, W) or (H, W, 3) as a contiguous (1, channels, H, W)."""
    if channels == 1:
        return np.ascontiguousarray(luminance(image))[None, None]
    stack = (
        np.broadcast_to(image, (3, *image.shape)) if image.ndim == 2 else (image.transpose(2, 0, 1))
    )
    return np.ascontiguousarray(stack)[None]


def _session(model: Model, threads: int) -> Any:
    onnxruntime = need("onnxruntime", "core")
    fault = import_module("onnxruntime.capi.onnxruntime_pybind11_state")  # its error classes
    content = model.path.read_bytes()
    if hashlib.sha256(content).hexdigest() != model.sha256:
        raise BadModel(
            f"{model.path}: not the file its card describes (its SHA-256 differs); "
            "export or download it again"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors only; they come back as exceptions
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except (fault.Fail, fault.InvalidGraph, fault.InvalidProtobuf, fault.NotImplemented) as error:
        raise BadModel(f"{model.path}: ONNX Runtime cannot load it ({error})") from error
    found = {entry.name: entry.shape[1] for entry in session.get_inputs()}
    if found != dict(model.channels):
        raise BadModel(
            f"{model.path}: its card states inputs and channels {dict(model.channels)}, "
            f"the file has {found}"
        )
    wanted = "map" if model.card.blends else "fused"
    if wanted not in {entry.name for entry in session.get_outputs()}:
        raise BadModel(f"{model.path}: has no output named {wanted}, which its card implies")
    return session


for _card in sorted(MODELS.glob("*.json")):
    add_method(method_of(read_model(_card)))
