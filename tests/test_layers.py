"""Imports point down, and `import thermeld` brings nothing heavy."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import thermeld

SOURCE = Path(thermeld.__file__).parent
LAYER = {
    **{
        "errors": 0,
        "cores": 0.0,
        "equalise": 0.05,
        "image": 0.1,
        "registry": 0.2,
    },  # the ground, itself in this order
    **dict.fromkeys(("methods", "metrics", "align", "io", "panel", "palette", "legend"), 1),
    **dict.fromkeys(("fuse", "data"), 2),
    "present": 2.1,
    **dict.fromkeys(("batch", "video", "evaluate", "report", "bench"), 3),
    **dict.fromkeys(("serve", "scale", "train"), 4),
    **{"cli": 5, "__main__": 6},
}
MODULES = sorted(path.relative_to(SOURCE) for path in SOURCE.rglob("*.py"))
HEAVY = ("torch", "ray", "fastapi", "starlette", "onnxruntime", "openvino", "onnx", "typer")


def room(parts: tuple[str, ...]) -> str:
    return parts[0].removesuffix(".py")


def imports_of(module: Path) -> set[str]:
    """Rooms of thermeld that a file names anywhere, also inside functions."""
    rooms = set()
    for node in ast.walk(ast.parse((SOURCE / module).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            deeper = [f"{node.module}.{alias.name}" for alias in node.names]
            names = deeper if node.module == "thermeld" else [node.module]
        else:
            continue
        rooms |= {name.split(".")[1] for name in names if name.startswith("thermeld.")}
    return rooms & LAYER.keys()


@pytest.mark.parametrize("module", [m for m in MODULES if m != Path("__init__.py")], ids=str)
def test_imports_point_down(module: Path):
    here = room(module.parts)
    above = {there for there in imports_of(module) - {here} if LAYER[there] >= LAYER[here]}
    assert not above, f"{module} imports {above}, which does not lie below it"


def test_every_room_has_its_layer():
    assert {room(module.parts) for module in MODULES} - {"__init__"} <= LAYER.keys()


def test_only_train_imports_torch():
    for module in MODULES:
        if room(module.parts) == "train":
            continue
        tree = ast.parse((SOURCE / module).read_text(encoding="utf-8"))
        names = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        names |= {
            node.module
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
        }
        assert not {name for name in names if name.split(".")[0] == "torch"}, module


def fresh(code: str) -> str:
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return answer.stdout.strip()


def test_import_pulls_in_nothing_heavy():
    loaded = fresh("import sys, thermeld; print(*sys.modules)").split()
    assert not {name for name in loaded if name in HEAVY}


def test_import_is_quick():
    seconds = [
        float(fresh("import time; import thermeld; print(time.process_time())")) for _ in range(3)
    ]
    assert min(seconds) < 0.5  # of CPU time, interpreter start included


def test_runtime_comes_only_with_a_neural_method():
    code = (
        "import sys, numpy as np, thermeld; a = np.zeros((8, 8), np.uint8);"
        "thermeld.fuse(a, a, method='average'); print('onnxruntime' in sys.modules)"
    )
    assert fresh(code) == "False"
