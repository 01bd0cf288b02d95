"""A stranger's ONNX file looked over before any runtime sees it.

An ONNX file is data, with two ways out of its own bytes: weights may be said to lie in other
files ("external data", which a runtime reads from wherever the path leads), and operators may
belong to a library that has to be loaded. Both are refused here, and so is what no method of
ours can be: other inputs than `ir` and `vis`, an operator set older than runtimes promise to run,
a size out of all proportion. The wire format is walked without a protocol buffer library; the
numbers of fields are those of onnx.proto.
"""

from collections.abc import Iterator
from typing import TypeAlias

from thermeld.errors import BadModel

MAX_BYTES = 512 * 2**20  # a hundred times the largest network that runs here in a second
MAX_DEPTH = 16  # of graphs inside nodes of graphs
OLDEST_OPSET = 7  # ONNX Runtime's own promise begins there
DOMAINS = ("", "ai.onnx", "com.microsoft", "ai.onnx.ml")  # what runtimes bring themselves
FLOAT, EXTERNAL = 1, 1  # of TensorProto.DataType and TensorProto.DataLocation

Value: TypeAlias = int | memoryview


def vet(content: bytes, name: str) -> None:
    """Refuse an ONNX file that reaches beyond itself or cannot be a method.

    Args:
        content: the file.
        name: of it, for the message.

    Raises:
        BadModel: with what is wrong.
    """
    try:
        _vet_model(memoryview(content))
    except (ValueError, IndexError, TypeError) as error:
        # TypeError: a number where a message belongs. Our own refusals are ValueErrors.
        raise BadModel(f"{name}: not an ONNX file that can be used here ({error})") from error


def _vet_model(model: memoryview) -> None:
    graphs = 0
    for field, value in _fields(model):
        if field == 7:
            graphs += 1
            _vet_graph(value)
            _vet_inputs(value)
        elif field == 8:
            _vet_opset(value)
        elif field == 25:
            _vet_function(value)
    if graphs != 1:
        raise ValueError(f"it holds {graphs} graphs, not one")


def _vet_opset(entry: Value) -> None:
    facts = dict(_fields(entry))
    domain, version = _text(facts.get(1, memoryview(b""))), facts.get(2, 0)
    _vet_domain(domain)
    if domain in ("", "ai.onnx") and not (isinstance(version, int) and version >= OLDEST_OPSET):
        raise ValueError(f"operator set {version} is older than {OLDEST_OPSET}")


def _vet_domain(domain: str) -> None:
    if domain not in DOMAINS:
        raise ValueError(
            f"it needs operators of {domain!r}, which would come from a library; none is loaded"
        )


def _vet_function(function: Value) -> None:
    for field, value in _fields(function):
        if field == 7:
            _vet_node(value, 0)
        elif field == 9:
            _vet_opset(value)


def _vet_graph(graph: Value, depth: int = 0) -> None:
    if depth > MAX_DEPTH:
        raise ValueError(f"graphs inside graphs, more than {MAX_DEPTH} deep")
    for field, value in _fields(graph):
        if field == 1:
            _vet_node(value, depth)
        elif field == 5:
            _vet_tensor(value)
        elif field == 15:
            _vet_sparse(value)


def _vet_node(node: Value, depth: int) -> None:
    for field, value in _fields(node):
        if field == 7:
            _vet_domain(_text(value))
        elif field == 5:
            for part, inner in _fields(value):
                if part in (5, 10):
                    _vet_tensor(inner)
                elif part in (6, 11):
                    _vet_graph(inner, depth + 1)
                elif part in (22, 23):
                    _vet_sparse(inner)


def _vet_sparse(sparse: Value) -> None:
    for field, value in _fields(sparse):
        if field in (1, 2):
            _vet_tensor(value)


def _vet_tensor(tensor: Value) -> None:
    for field, value in _fields(tensor):
        if field == 13 or (field == 14 and value == EXTERNAL):
            raise ValueError("it keeps weights in another file; save it as one file")


def _vet_inputs(graph: Value) -> None:
    """Inputs are `ir` and `vis`; those with a value of their own are constants."""
    parts = list(_fields(graph))
    own = {_text(dict(_fields(value)).get(8, memoryview(b""))) for f, value in parts if f == 5}
    inputs = {}
    for field, value in parts:
        if field == 11:
            facts = dict(_fields(value))
            inputs[_text(facts.get(1, memoryview(b"")))] = facts.get(2, memoryview(b""))
    asked = {name: kind for name, kind in inputs.items() if name not in own}
    if asked.keys() != {"ir", "vis"}:
        raise ValueError(f"its inputs are {', '.join(sorted(asked)) or 'none'}, not ir and vis")
    for name, kind in asked.items():
        _vet_input(name, kind)


def _vet_input(name: str, kind: Value) -> None:
    tensor = dict(_fields(dict(_fields(kind)).get(1, memoryview(b""))))
    sizes = [value for field, value in _fields(tensor.get(2, memoryview(b""))) if field == 1]
    channels = dict(_fields(sizes[1])).get(1) if len(sizes) == 4 else None
    if tensor.get(1) != FLOAT or channels not in (1, 3):
        raise ValueError(f"input {name} is not float32 (N, 1 or 3, H, W)")


def _text(value: Value) -> str:
    return bytes(memoryview(value)).decode()  # type: ignore[arg-type]


def _fields(message: Value) -> Iterator[tuple[int, Value]]:
    """Fields of a protocol buffer message: numbers, or bytes of what is nested."""
    data = memoryview(message)  # type: ignore[arg-type]
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        wire = tag & 7
        if wire == 0:
            number, position = _varint(data, position)
            yield tag >> 3, number
            continue
        if wire == 2:
            length, position = _varint(data, position)
        elif wire in (1, 5):
            length = 8 if wire == 1 else 4
        else:
            raise ValueError("damaged")
        if position + length > len(data):
            raise ValueError("cut short")
        yield tag >> 3, data[position : position + length]
        position += length


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    """A number of seven bits per byte, lowest first, and the position after it."""
    value = 0
    for shift in range(0, 70, 7):  # 64 bits take ten bytes
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError("damaged")
