"""Models from strangers: data that reaches beyond itself is refused, and code is never run."""

import hashlib
import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from thermeld import BadModel, Fuser
from thermeld.errors import UnreadableFile
from thermeld.methods.neural import MODELS
from thermeld.methods.vetting import vet

onnx = pytest.importorskip("onnx", reason="writes ONNX files")
from onnx import TensorProto, helper  # noqa: E402

SIDES = [1, 1, "h", "w"]


def inputs(sides=SIDES, kind=TensorProto.FLOAT, names=("ir", "vis")):
    return [helper.make_tensor_value_info(name, kind, sides) for name in names]


def model(nodes=None, *, given=None, weights=(), opset=18, domain="", functions=()):
    nodes = nodes or [helper.make_node("Add", ["ir", "vis"], ["fused"], domain=domain)]
    result = helper.make_tensor_value_info("fused", TensorProto.FLOAT, SIDES)
    graph = helper.make_graph(nodes, "g", given or inputs(), [result], list(weights))
    opsets = [helper.make_opsetid("", opset)]
    opsets += [helper.make_opsetid(domain, 1)] if domain else []
    return helper.make_model(graph, opset_imports=opsets, functions=functions, ir_version=9)


def outside(location: str) -> TensorProto:
    """Weights that are said to lie in another file."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    for key, value in (("location", location), ("offset", "0"), ("length", "4")):
        tensor.external_data.add(key=key, value=value)
    return tensor


def adding_weights(location: str):
    nodes = [
        helper.make_node("Add", ["ir", "w"], ["warm"]),
        helper.make_node("Add", ["warm", "vis"], ["fused"]),
    ]
    return model(nodes, weights=[outside(location)])


def hidden(location: str):
    """The same, inside a branch of a node's own graph."""
    inner = helper.make_graph(
        [helper.make_node("Constant", [], ["c"], value=outside(location))],
        "inner",
        [],
        [helper.make_tensor_value_info("c", TensorProto.FLOAT, [1])],
    )
    branch = helper.make_node("If", ["flag"], ["w"], then_branch=inner, else_branch=inner)
    return model([branch, helper.make_node("Add", ["ir", "vis"], ["fused"])])


def card_for(path: Path) -> Path:
    facts = json.loads((MODELS / "mobilefuse-generative.json").read_text())
    facts |= {"name": path.stem, "file": path.name, "channels": {"ir": 1, "vis": 1}}
    facts["blends"] = False
    facts["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    facts.pop("variants", None)
    path.with_suffix(".json").write_text(json.dumps(facts))
    return path


def test_the_plain_model_is_fine(tmp_path):
    path = tmp_path / "plain.onnx"
    path.write_bytes(model().SerializeToString())
    plane = np.full((8, 9), 40, np.uint8)
    assert (Fuser(card_for(path), threads=1)(plane, plane) == 80).all()


@pytest.mark.parametrize("where", ["beside.bin", "../secret.bin", "/etc/hostname"])
@pytest.mark.parametrize("build", [adding_weights, hidden])
@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_weights_in_other_files_are_refused(where, build, runtime, tmp_path, monkeypatch):
    """ONNX Runtime itself reads them from the working folder when a model comes as bytes."""
    if runtime == "openvino":
        pytest.importorskip("openvino")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "beside.bin").write_bytes(np.float32(0.5).tobytes())
    path = tmp_path / "reader.onnx"
    path.write_bytes(build(where).SerializeToString())
    with pytest.raises(BadModel, match="another file"):
        Fuser(card_for(path), threads=1, runtime=runtime)


def test_operators_of_a_library_are_refused(tmp_path):
    path = tmp_path / "custom.onnx"
    path.write_bytes(model(domain="evil.ops").SerializeToString())
    with pytest.raises(BadModel, match=r"'evil\.ops'.*none is loaded"):
        Fuser(card_for(path), threads=1)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (model(opset=5), "operator set 5 is older"),
        (model(given=inputs([1, 1, 8])), "float32"),
        (model(given=inputs([1, 7, 8, 8])), "float32"),
        (model(given=inputs(kind=TensorProto.INT64)), "float32"),
        (model(given=inputs(names=("ir", "vis", "more"))), "inputs are ir, more, vis"),
    ],
)
def test_what_cannot_be_a_method_is_refused_before_it_is_loaded(content, reason):
    with pytest.raises(BadModel, match=reason):
        vet(content.SerializeToString(), "x.onnx")


def test_graphs_in_graphs_without_end_are_refused():
    graph = b""
    for _ in range(100):  # node(attribute(g(...))): fields 1, 5 and 6
        for field in (6, 5, 1):
            graph = bytes([field << 3 | 2]) + _varint(len(graph)) + graph
    with pytest.raises(BadModel, match="deep"):
        vet(b"\x3a" + _varint(len(graph)) + graph, "deep.onnx")


def _varint(number: int) -> bytes:
    parts = []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def test_a_file_larger_than_any_network_is_not_read(tmp_path):
    path = tmp_path / "large.onnx"
    path.write_bytes(b"\x08\x09")
    card_for(path)
    with path.open("r+b") as file:
        file.truncate(600 * 2**20)  # a hole, no disk is used
    with pytest.raises(BadModel, match="larger than 512 MiB"):
        Fuser(path, threads=1)


@pytest.mark.parametrize(
    ("op", "reason"),
    [("Shape", "break|shape|type"), ("ReduceMean", "shape"), ("Log", "no numbers")],
)
def test_outputs_that_are_no_picture_are_refused(op, reason, tmp_path):
    nodes = [helper.make_node("Sub", ["ir", "vis"], ["d"]), helper.make_node(op, ["d"], ["fused"])]
    path = tmp_path / "odd.onnx"
    path.write_bytes(model(nodes).SerializeToString())
    plane = np.full((8, 9), 40, np.uint8)
    card_for(path)
    with pytest.raises(BadModel, match=f"(?i){reason}"):
        Fuser(path, threads=1)(plane, plane)


class Payload:
    """A pickle of this runs a command when it is loaded by `pickle`."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return (Path.touch, (self.target,))


@pytest.mark.parametrize("zipped", [True, False])
def test_a_checkpoint_runs_no_code(zipped, tmp_path):
    torch = pytest.importorskip("torch")
    from thermeld.train.adopt import load_published
    from thermeld.train.nets import published
    from thermeld.train.weights import load_trained

    mark = tmp_path / "was-here"
    path = tmp_path / "best.ckpt"
    if zipped:
        torch.save({"net": Payload(mark)}, path)
    else:
        path.write_bytes(pickle.dumps({"net": Payload(mark)}, protocol=2))
    (tmp_path / "last.ckpt").write_bytes(path.read_bytes())
    recipe = load_trained("mobilefuse").recipe.as_dict()
    (tmp_path / "recipe.json").write_text(json.dumps(recipe))
    with pytest.raises(UnreadableFile, match="plain weights"):
        load_published(published()["seafusion"], path)
    with pytest.raises(BadModel, match="plain weights"):
        load_trained(str(tmp_path))
    assert not mark.exists()


def test_resuming_runs_no_code(tmp_path):
    torch = pytest.importorskip("torch")
    fabric = pytest.importorskip("lightning_fabric").Fabric(accelerator="cpu", devices=1)
    from thermeld.train.loop import _load

    torch.save({"step": 1, "net": Payload(tmp_path / "was-here")}, tmp_path / "last.ckpt")
    with pytest.raises(BadModel, match="damaged"):
        _load(fabric, tmp_path / "last.ckpt", {"step": 0})
    assert not (tmp_path / "was-here").exists()


def test_names_that_are_no_text_are_refused_quietly(tmp_path, capfd):
    """ONNX Runtime's message quotes them, fails to be read, and a retry is told on the output."""
    plain = model([helper.make_node("Nonsense", ["ir", "vis"], ["fused"])]).SerializeToString()
    path = tmp_path / "odd.onnx"
    path.write_bytes(plain.replace(b"Nonsense", b"\xff\xfensense"))
    card_for(path)
    with pytest.raises(BadModel, match="cannot load"):
        Fuser(path, threads=1)
    assert capfd.readouterr() == ("", "")
