"""Networks as methods: a card (JSON) and an ONNX file, run on the CPU.

Cards of the package lie in `models/`. A user's own NAME.onnx with its NAME.json beside it is
a method by its path. A card is checked when it is read, its file when it is first run.

A graph takes `ir` and `vis`, float32 (N, C, H, W) in [0, 1] with the channels its card states,
and gives `fused` (N, C, H, W); a blending network gives `map` (N, 1, H, W) too, the share of
infrared. A card may name further files of the same network, its `variants`: one for grey visible
images, which need less work, and quantised ones.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from thermeld.errors import BadModel, BadSetting
from thermeld.image import Gray, Image, luminance
from thermeld.methods.calibrate import fastest, side_of
from thermeld.methods.runtimes import (
    PRECISIONS,
    RUNTIMES,
    Engine,
    Graph,
    has_bfloat16,
    open_graph,
    version_of,
)
from thermeld.methods.vetting import MAX_BYTES, vet
from thermeld.registry import Method, MethodCard, add_method, checked_settings

MODELS = Path(__file__).parent / "models"
AUTO = "auto"
LEAST_PX = 2


@dataclass(frozen=True)
class Variant:
    """One ONNX file of a network.

    Attributes:
        path: of the file.
        sha256: of the file.
        vis_channels: 1 or 3; `ir` has one.
        ir_channels: 1, or 3 for networks that need it so.
        precision: "float32", or "int8" if quantised.
        map_scale: 1, or 2 to 4 if it gives the map at every n-th row and column only.
        reach_px: how far from a pixel its map depends on the input, if map_scale is not 1.
    """

    path: Path
    sha256: str
    vis_channels: int
    ir_channels: int = 1
    precision: str = "float32"
    map_scale: int = 1
    reach_px: int = 0


@dataclass(frozen=True)
class Model:
    """What a card says of its ONNX files beyond what holds for any method.

    Attributes:
        card: the method's card.
        variants: the ONNX files, the one the card is about first.
        facts: the whole card as read: recipe, command, data, metrics.
    """

    card: MethodCard
    variants: tuple[Variant, ...]
    facts: Mapping[str, Any]

    @property
    def path(self) -> Path:
        """Of the ONNX file the card is about."""
        return self.variants[0].path

    @property
    def checksum(self) -> str:
        """SHA-256 of the file; of all files' checksums if there are several."""
        if len(self.variants) == 1:
            return self.variants[0].sha256
        together = "".join(variant.sha256 for variant in self.variants)
        return hashlib.sha256(together.encode()).hexdigest()

    def variant(self, *, colour: bool, precision: str) -> Variant | None:
        """The file for that kind of visible image with the least work, or None."""
        quantised = precision == "int8"
        fit = [
            variant
            for variant in self.variants
            if variant.map_scale == 1
            and (variant.precision == "int8") == quantised
            and (variant.vis_channels == 3 or not colour or self.variants[0].vis_channels == 1)
        ]
        return min(fit, key=lambda variant: variant.vis_channels, default=None)

    def coarse(self, scale: int) -> Variant | None:
        """The file that gives the map of a grey picture at that scale, or None."""
        fit = (variant for variant in self.variants if variant.map_scale == scale)
        return next(fit, None)


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
        files = [facts, *facts.get("variants", ())]
        model = Model(card, tuple(_variant(card_path, file) for file in files), facts)
    except OSError as error:
        raise BadModel(f"{card_path}: cannot read the card ({error.strerror})") from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise BadModel(
            f"{card_path}: not a complete card ({error!r}); `thermeld export` writes one"
        ) from error
    if not card.licence:
        raise BadModel(f"{card_path}: the card states no licence; add one before using the model")
    for variant in model.variants:
        if not variant.path.is_file():
            raise BadModel(f"{variant.path}: missing, though {card_path.name} names it")
    return model


def _variant(card_path: Path, file: Mapping[str, Any]) -> Variant:
    precision = file.get("precision", "float32")
    if precision not in ("float32", "int8"):
        raise ValueError(f"precision {precision}")
    return Variant(
        card_path.with_name(Path(file["file"]).name),
        file["sha256"],
        int(file["channels"]["vis"]),
        int(file["channels"]["ir"]),
        precision,
        int(file.get("map_scale", 1)),
        int(file.get("reach_px") or 0) if "map_scale" in file else 0,
    )


def method_of(model: Model) -> Method:
    """The table entry of a model; nothing is loaded until it is built."""

    def build(
        *,
        threads: int = 0,
        runtime: str = RUNTIMES[0],
        precision: str = PRECISIONS[0],
        **chosen: Any,
    ) -> OnnxFusion:
        checked_settings(chosen, {}, model.card.name)  # a network has none
        return OnnxFusion(model, threads=threads, runtime=runtime, precision=precision)

    return Method(model.card, build, {}, model.checksum)


def method_from_file(path: Path) -> Method:
    """A method from a user's NAME.onnx and the NAME.json beside it.

    Raises:
        BadModel: either is missing or does not fit.
    """
    if not path.is_file():
        raise BadModel(f"{path}: no such model file")
    return method_of(read_model(path.with_suffix(".json")))


class OnnxFusion:
    """A network that is ready to run. One object may be called from several threads.

    Args:
        model: card and files.
        threads: of one call; 0 for all cores.
        runtime: "onnxruntime", "openvino", or "auto": whichever is faster here (see `calibrate`).
        precision: of the arithmetic, "float32", "bfloat16", "int8", or "auto": the fastest, not
            the most exact.

    Raises:
        BadModel: a file is damaged, is not the one the card describes, or has other inputs.
        BadSetting: no such runtime or precision here, or none for this network.
        MissingExtra: the runtime is not installed.
    """

    def __init__(
        self,
        model: Model,
        *,
        threads: int = 0,
        runtime: str = RUNTIMES[0],
        precision: str = PRECISIONS[0],
    ) -> None:
        self.model = model
        self.engines = _engines(model, runtime, precision, threads)
        self._open: dict[tuple[Variant, Engine], Graph] = {}
        self._chosen: dict[tuple[bool, int], Graph] = {}
        self._lock = Lock()
        self._graph(self.engines[0], colour=False)  # so that a damaged file is refused now

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

    def coarse_reach_px(self, scale: int) -> int | None:
        """How far `coarse_map` looks; None if this network cannot do it at that scale."""
        variant = self.model.coarse(scale)
        return variant.reach_px if variant else None

    def coarse_map(self, ir: Gray, vis: Gray, scale: int) -> Gray:
        """The map at rows and columns 0, scale, 2 scale, ...: (ceil(H/scale), ceil(W/scale))."""
        variant = self.model.coarse(scale)
        if variant is None:
            raise BadSetting(f"{self.model.card.name} has no file for maps at 1/{scale}")
        # Quantised files give whole maps only; of several engines the first will do.
        precision = self.engines[0].precision
        engine = replace(self.engines[0], precision="float32" if precision == "int8" else precision)
        with self._lock:
            graph = self._loaded(variant, engine)
        inputs = {"ir": _planes(ir, 1), "vis": _planes(vis, 1)}
        return np.asarray(graph("map", inputs)[0][0], np.float32)

    def engine_for(self, pixels: int, *, colour: bool = False) -> Engine:
        """The engine that runs planes of that many pixels; times the candidates if need be."""
        if len(self.engines) == 1:
            return self.engines[0]
        builders = {
            engine: partial(self._timed, engine, colour=colour)
            for engine in self.engines
            if self.model.variant(colour=colour, precision=engine.precision)
        }
        checksum = f"{self.model.checksum} {'colour' if colour else 'grey'}"
        return fastest(builders, side=side_of(pixels), checksum=checksum)

    def _run(self, output: str, ir: Gray, vis: Image) -> Image:
        colour = vis.ndim == 3
        key = (colour, side_of(ir.size) if len(self.engines) > 1 else 0)
        with self._lock:
            if key not in self._chosen:
                engine = self.engine_for(ir.size, colour=colour)
                self._chosen[key] = self._graph(engine, colour=colour)
        graph = self._chosen[key]
        wide = {"ir": _widened(ir), "vis": _widened(vis)}
        inputs = {name: _planes(image, graph.channels[name]) for name, image in wide.items()}
        answer = _sane(graph(output, inputs), wide["ir"].shape, str(self.model.path))
        return answer[:, : ir.shape[0], : ir.shape[1]]

    def _graph(self, engine: Engine, *, colour: bool) -> Graph:
        variant = self.model.variant(colour=colour, precision=engine.precision)
        if variant is None:
            kind = " for colour images" if colour else ""
            raise BadSetting(
                f"{self.model.card.name} has no {engine.precision} file{kind}; use float32"
            )
        return self._loaded(variant, engine)

    def _loaded(self, variant: Variant, engine: Engine) -> Graph:
        key = (variant, engine)
        if key not in self._open:
            self._open[key] = _checked(variant, engine, blends=self.model.card.blends)
        return self._open[key]

    def _timed(self, engine: Engine, *, colour: bool) -> Callable[[int], None]:
        graph = self._graph(engine, colour=colour)
        output = "map" if self.model.card.blends else "fused"

        def run(side: int) -> None:
            noise = np.random.default_rng(side)
            graph(
                output,
                {
                    name: noise.random((1, count, side, side), np.float32)
                    for name, count in graph.channels.items()
                },
            )

        return run


def _engines(model: Model, runtime: str, precision: str, threads: int) -> tuple[Engine, ...]:
    """All engines that are meant; ONNX Runtime in float32 first if it is among them."""
    if runtime != AUTO and precision != AUTO:
        engines = [Engine(runtime, precision, threads)]
    else:
        installed = [name for name in RUNTIMES if version_of(name)]
        runtimes = [runtime] if runtime != AUTO else installed
        precisions = [precision] if precision != AUTO else list(PRECISIONS)
        engines = [
            Engine(name, kind, threads)
            for kind in precisions
            for name in runtimes
            if kind != "bfloat16" or (name == "openvino" and has_bfloat16())
        ]
    fit = tuple(
        engine for engine in engines if model.variant(colour=False, precision=engine.precision)
    )
    if not fit:
        raise BadSetting(
            f"{model.card.name} cannot be run in {precision} by {runtime} here; "
            "use float32 and onnxruntime"
        )
    return fit


def _planes(image: Image, channels: int) -> Image:
    """(H, W) or (H, W, 3) as a contiguous (1, channels, H, W)."""
    if channels == 1:
        return np.ascontiguousarray(luminance(image))[None, None]
    stack = (
        np.broadcast_to(image, (3, *image.shape)) if image.ndim == 2 else (image.transpose(2, 0, 1))
    )
    return np.ascontiguousarray(stack)[None]


def _widened(image: Image) -> Image:
    """With a second row and column, by repeating, where there is one; mirrored borders need two."""
    missing = [max(0, LEAST_PX - side) for side in image.shape[:2]]
    if not any(missing):
        return image
    return np.pad(image, [(0, missing[0]), (0, missing[1]), (0, 0)][: image.ndim], mode="edge")


def _checked(variant: Variant, engine: Engine, *, blends: bool) -> Graph:
    """Load a file after making sure that it is what its card says."""
    content = _content(variant.path)
    if hashlib.sha256(content).hexdigest() != variant.sha256:
        raise BadModel(
            f"{variant.path}: not the file its card describes (its SHA-256 differs); "
            "export or download it again"
        )
    vet(content, str(variant.path))
    graph = open_graph(content, engine, name=str(variant.path))
    stated = {"ir": variant.ir_channels, "vis": variant.vis_channels}
    if dict(graph.channels) != stated:
        raise BadModel(
            f"{variant.path}: its card states inputs and channels {stated}, "
            f"the file has {dict(graph.channels)}"
        )
    wanted = "map" if blends else "fused"
    if wanted not in graph.outputs:
        raise BadModel(f"{variant.path}: has no output named {wanted}, which its card implies")
    return graph


def _sane(answer: Image, size: tuple[int, ...], name: str) -> Image:
    """The first of (N, C, H, W), if it is a picture of that size."""
    if answer.ndim != 4 or answer.shape[1] not in (1, 3) or answer.shape[2:] != size:
        raise BadModel(f"{name}: gave an output of shape {answer.shape} for a picture of {size}")
    if not np.isfinite(answer.sum()):
        raise BadModel(f"{name}: gave values that are no numbers; its weights may be damaged")
    picture: Image = answer[0]
    return picture


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadModel(f"{path}: larger than {MAX_BYTES >> 20} MiB; no network here is")
        return path.read_bytes()
    except OSError as error:
        raise BadModel(f"{path}: cannot be read ({error.strerror})") from error


for _card in sorted(MODELS.glob("*.json")):
    add_method(method_of(read_model(_card)))
