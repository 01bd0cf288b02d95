"""What runs a network's graph: ONNX Runtime, or OpenVINO where that is installed.

Both take float32 arrays and give float32 arrays. How numbers are held in between is the
engine's `precision`, which is always told to the runtime: left alone, OpenVINO computes in
bfloat16 on processors that have it, and results would differ by machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from queue import Empty, SimpleQueue
from threading import Lock
from typing import Any, Protocol

import numpy as np

from thermeld.cores import usable_cores
from thermeld.errors import BadModel, BadSetting
from thermeld.image import Image
from thermeld.registry import need

RUNTIMES = ("onnxruntime", "openvino")
PRECISIONS = ("float32", "bfloat16", "int8")
# A graph of fixed size is 10 to 40 % faster and costs about 0.1 s to make.
FIXED_AFTER = 4  # calls of one size
FIXED_KEPT = 8  # sizes; tiles of one picture have at most nine, of which four are common

Sizes = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Engine:
    """How a graph is run.

    Attributes:
        runtime: one of `RUNTIMES`.
        precision: "float32"; "bfloat16" (OpenVINO, on processors with such arithmetic); "int8"
            for graphs that are quantised, the rest of which stays float32.
        threads: of one call; 0 for all cores.
    """

    runtime: str = "onnxruntime"
    precision: str = "float32"
    threads: int = 0

    def __post_init__(self) -> None:
        for what, value, known in (
            ("runtime", self.runtime, RUNTIMES),
            ("precision", self.precision, PRECISIONS),
        ):
            if value not in known:
                raise BadSetting(f"{what} must be one of {', '.join(known)}, got {value!r}")
        if self.runtime == "onnxruntime" and self.precision == "bfloat16":
            raise BadSetting(
                "ONNX Runtime computes in float32 or int8; for bfloat16 use runtime 'openvino'"
            )


class Graph(Protocol):
    """A graph that is ready to run, from several threads if need be.

    `channels` are those of the inputs by name; `outputs` are the names of what it can give.
    """

    channels: Mapping[str, int]
    outputs: tuple[str, ...]

    def __call__(self, output: str, inputs: Mapping[str, Image]) -> Image:
        """One output (N, C, H, W) of contiguous float32 inputs (N, C, H, W)."""
        ...


def open_graph(content: bytes, engine: Engine, *, name: str) -> Graph:
    """Load the bytes of an ONNX file; `name` is for messages.

    Raises:
        BadModel: the runtime cannot load it.
        BadSetting: this processor has no such precision.
        MissingExtra: the runtime is not installed.
    """
    if engine.runtime == "onnxruntime":
        return OrtGraph(content, engine, name=name)
    return OpenVinoGraph(content, engine, name=name)


def version_of(runtime: str) -> str:
    """Of the installed package, "" without it; nothing is imported."""
    try:
        return version(runtime)
    except PackageNotFoundError:
        return ""


def has_bfloat16() -> bool:
    """Whether OpenVINO is installed and computes in bfloat16 on this processor."""
    if not version_of("openvino"):
        return False
    abilities = _openvino().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "BF16" in abilities


class OrtGraph:
    """A graph in ONNX Runtime on the CPU."""

    def __init__(self, content: bytes, engine: Engine, *, name: str) -> None:
        onnxruntime = need("onnxruntime", "core")
        self._name = name
        self._faults = _ort_faults()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = engine.threads
        options.log_severity_level = 4  # errors come back as exceptions, once is enough
        # Threads that wait for work by spinning take the processor from the rest of the program.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._session = onnxruntime.InferenceSession(
                content,
                options,
                providers=["CPUExecutionProvider"],
                enable_fallback=False,  # to the same processor, announced on standard output
            )
        except self._faults as error:
            raise BadModel(f"{name}: ONNX Runtime cannot load it ({error})") from error
        self.channels: Mapping[str, int] = {
            entry.name: entry.shape[1] for entry in self._session.get_inputs()
        }
        self.outputs: tuple[str, ...] = tuple(entry.name for entry in self._session.get_outputs())

    def __call__(self, output: str, inputs: Mapping[str, Image]) -> Image:
        """One output; ONNX Runtime may be called from several threads at once."""
        try:
            answer: Image = self._session.run([output], dict(inputs))[0]
        except self._faults as error:
            raise BadModel(f"{self._name}: broke down while it ran ({error})") from error
        return answer


def _ort_faults() -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises: its own classes, which have no common parent, and one more."""
    module = import_module("onnxruntime.capi.onnxruntime_pybind11_state")
    own = (kind for kind in vars(module).values() if isinstance(kind, type))
    # UnicodeDecodeError: a message that quotes a damaged name.
    return (*(kind for kind in own if issubclass(kind, Exception)), UnicodeDecodeError)


class OpenVinoGraph:
    """A graph in OpenVINO on the CPU, compiled for any size and for sizes that come often."""

    def __init__(self, content: bytes, engine: Engine, *, name: str) -> None:
        core = _openvino()
        if engine.precision == "bfloat16" and not has_bfloat16():
            raise BadSetting("this processor has no bfloat16 arithmetic; use precision float32")
        self._name = name
        self._engine = engine
        try:
            self._model = core.read_model(content)
            self._any_size = self._compiled(self._model)
        except RuntimeError as error:  # OpenVINO's own are its children
            raise BadModel(f"{name}: OpenVINO cannot load it ({error})") from error
        self.channels: Mapping[str, int] = {
            port.any_name: port.partial_shape[1].get_length() for port in self._model.inputs
        }
        self.outputs: tuple[str, ...] = tuple(port.any_name for port in self._model.outputs)
        self._calls: dict[Sizes, int] = {}
        self._fixed: dict[Sizes, _Requests] = {}
        self._lock = Lock()

    def __call__(self, output: str, inputs: Mapping[str, Image]) -> Image:
        """One output; each call in progress has a request of its own."""
        try:
            return self._for(inputs).infer(output, inputs)
        except RuntimeError as error:  # OpenVINO's own are its children
            raise BadModel(f"{self._name}: broke down while it ran ({error})") from error

    def _for(self, inputs: Mapping[str, Image]) -> "_Requests":
        sizes = tuple(inputs[name].shape for name in self.channels)
        with self._lock:
            if sizes in self._fixed:
                return self._fixed[sizes]
            self._calls[sizes] = self._calls.get(sizes, 0) + 1
            if self._calls[sizes] < FIXED_AFTER or len(self._fixed) >= FIXED_KEPT:
                return self._any_size
            fixed = self._model.clone()
            fixed.reshape({name: list(inputs[name].shape) for name in self.channels})
            self._fixed[sizes] = self._compiled(fixed)
            return self._fixed[sizes]

    def _compiled(self, model: Any) -> "_Requests":
        cores = usable_cores()
        threads = self._engine.threads or cores
        streams = max(1, cores // threads)  # calls that can run at the same time
        options = {
            "INFERENCE_PRECISION_HINT": "bf16" if self._engine.precision == "bfloat16" else "f32",
            "INFERENCE_NUM_THREADS": threads * streams,
            "NUM_STREAMS": streams,
            "ENABLE_CPU_PINNING": False,  # other work may hold a core; let the system choose
        }
        return _Requests(_openvino().compile_model(model, "CPU", options))


class _Requests:
    """Inference requests of one compiled graph, lent to one call at a time."""

    def __init__(self, compiled: Any) -> None:
        self._compiled = compiled
        self._idle: SimpleQueue[Any] = SimpleQueue()

    def infer(self, output: str, inputs: Mapping[str, Image]) -> Image:
        try:
            request = self._idle.get_nowait()
        except Empty:
            request = self._compiled.create_infer_request()
        request.infer(dict(inputs), share_inputs=True, share_outputs=True)
        # A copy: the request's memory is the next call's.
        answer: Image = np.array(request.get_tensor(output).data, np.float32)
        self._idle.put(request)
        return answer


_CORES: list[Any] = []  # OpenVINO's Core, made once; it takes a tenth of a second


def _openvino() -> Any:
    module = need("openvino", "openvino")
    if not _CORES:
        _CORES.append(module.Core())
    return _CORES[0]
