"""A trained network to what needs no PyTorch: ONNX, its card, and a proof that both agree."""

import hashlib
import json
import logging
import platform
import subprocess
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from thermeld.errors import BadModel
from thermeld.io.parts import write_whole
from thermeld.train.holdout import Holdout
from thermeld.train.variants import further_forms, write_variant
from thermeld.train.weights import Trained, save_trained

PARITY = 1e-4
PARITY_SIZES = ((1, 64, 64), (2, 61, 83))  # batch, H, W: one odd, both unlike the traced one
LEAST_PX = 3  # sides a graph is drawn for; less, and what is halved once has a side of 1
OPSET = 18


def export(trained: Trained, out: Path, *, holdouts: Sequence[Holdout] = (), **stated: str) -> Path:
    """Write NAME.onnx, NAME.json (the card) and NAME.safetensors into `out`.

    Args:
        trained: network, recipe and facts of the run.
        out: folder.
        holdouts: measured, for the card.
        stated: what only people know, for the card: summary, source, licence, command.

    Returns:
        The path of the ONNX file.

    Raises:
        BadModel: ONNX Runtime and torch differ by more than 1e-4; nothing is written then.
    """
    path = out / f"{trained.recipe.name}.onnx"
    facts = {
        "trained": {"recipe": trained.recipe.as_dict(), **trained.facts, **_circumstances()},
        "holdout": [asdict(measured) for measured in holdouts],
    }
    write_method(trained.net, path, stated=stated, facts=facts)
    save_trained(trained, path.with_suffix(".safetensors"))
    return path


def write_method(
    net: nn.Module, path: Path, *, stated: Mapping[str, str], facts: Mapping[str, Any]
) -> None:
    """Write a network as `path`, an ONNX file, and its card beside it.

    Args:
        net: has `deployed()`.
        path: of the ONNX file; its stem becomes the method's name.
        stated: summary, source, licence, for the card.
        facts: how the weights came about, for the card.

    Raises:
        BadModel: ONNX Runtime and torch differ by more than 1e-4; nothing is written then.
    """
    deployed = net.deployed()  # type: ignore[operator]
    content, difference = _proven(deployed)
    card = {
        "name": path.stem,
        "file": path.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        **stated,
        "parameters": sum(p.numel() for p in net.parameters()),
        "channels": deployed.channels,
        "reach_px": deployed.reach_px,
        "align_px": getattr(deployed, "align_px", 1),
        "blends": deployed.blends,
        "range": [0, 1],
        "opset": OPSET,
        "parity_with_torch": difference,
        **facts,
    }
    further = [(form, *_proven(form.net)) for form in further_forms(net)]
    write_whole(path, content)
    write_whole(path.with_suffix(".json"), (json.dumps(card, indent=2) + "\n").encode())
    for form, form_content, form_difference in further:
        proof = {"parity_with_torch": form_difference}
        write_variant(path.with_suffix(".json"), form.suffix, form_content, form.facts | proof)


def _proven(deployed: nn.Module) -> tuple[bytes, float]:
    content = onnx_bytes(deployed)
    difference = parity(deployed, content)
    if difference > PARITY:
        raise BadModel(f"ONNX Runtime differs from torch by {difference:.2g}, over {PARITY}")
    return content, difference


def onnx_bytes(deployed: nn.Module) -> bytes:
    """A deployed network as ONNX with any batch, height and width, stripped of all notes."""
    onnx = import_module("onnx")
    batch = torch.export.Dim("batch")
    height, width = (torch.export.Dim(name, min=LEAST_PX) for name in ("height", "width"))
    sizes = {0: batch, 2: height, 3: width}
    example = _example(deployed, (2, 48, 56), seed=0)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter about itself
        logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # on packages it does not need
        program = torch.onnx.export(
            deployed,
            tuple(example.values()),
            input_names=list(example),
            output_names=list(deployed(**example)),
            dynamic_shapes={name: sizes for name in example},
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
        )
    if program is None:
        raise BadModel("the exporter returned nothing")
    model = program.model_proto
    _strip(model)
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def parity(deployed: nn.Module, content: bytes) -> float:
    """Largest absolute difference between torch and ONNX Runtime over all outputs and sizes."""
    session = import_module("onnxruntime").InferenceSession(
        content, providers=["CPUExecutionProvider"]
    )
    names = [entry.name for entry in session.get_outputs()]
    worst = 0.0
    for number, size in enumerate(PARITY_SIZES):
        example = _example(deployed, size, seed=number + 1)
        with torch.no_grad():
            wanted: Mapping[str, Tensor] = deployed(**example)
        found = session.run(names, {name: image.numpy() for name, image in example.items()})
        for name, values in zip(names, found, strict=True):
            worst = max(worst, float(np.abs(values - wanted[name].numpy()).max()))
    return worst


def _example(deployed: nn.Module, size: tuple[int, int, int], *, seed: int) -> dict[str, Tensor]:
    batch, height, width = size
    draw = torch.Generator().manual_seed(seed)
    channels: Mapping[str, int] = deployed.channels  # type: ignore[assignment]
    return {
        name: torch.rand(batch, count, height, width, generator=draw)
        for name, count in channels.items()
    }


def _strip(model: Any) -> None:
    """Remove what the exporter notes about itself; it outweighs small networks."""
    del model.metadata_props[:]
    del model.graph.value_info[:]
    for part in (model.graph, *model.graph.node, *model.graph.input, *model.graph.output):
        del part.metadata_props[:]
        part.ClearField("doc_string")
    model.doc_string = ""
    model.producer_version = ""


def _circumstances() -> dict[str, Any]:
    return {"commit": _commit(), "machine": _processor(), "torch": str(torch.__version__)}


def _commit() -> str:
    """The source's commit, "" outside a repository."""
    here = Path(__file__).parent
    answer = subprocess.run(
        ["git", "rev-parse", "--short=12", "HEAD"],
        cwd=here,
        capture_output=True,
        text=True,
        check=False,
    )
    return answer.stdout.strip()


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.exists():
        for line in facts.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
