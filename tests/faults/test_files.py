"""Damaged files of every kind: our own refusals, no crash, no hang, no memory without end."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from mutations import KINDS, TRAIN_KINDS

CASES = int(os.environ.get("THERMELD_FAULT_CASES", "25"))
MEMORY_MB = 1024  # beyond what is loaded; pictures here say at most 4 megapixels
NEEDS = {"parquet": "pyarrow", **dict.fromkeys(TRAIN_KINDS, "torch")}
LIMITED = Path(__file__).with_name("mutations.py")


def outcomes(kind: str, count: int, folder: Path) -> list[str]:
    command = [sys.executable, str(LIMITED), kind, "0", str(count), str(folder), str(MEMORY_MB)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, f"died at {done.stdout[-200:]!r}: {done.stderr[-1500:]}"
    return [line.partition(" ")[2] for line in done.stdout.splitlines()]


@pytest.mark.parametrize("kind", sorted({**KINDS, **TRAIN_KINDS}))
def test_damage_is_refused_or_read(kind, tmp_path):
    if kind in NEEDS and find_spec(NEEDS[kind]) is None:
        pytest.skip(f"needs {NEEDS[kind]}")
    found = outcomes(kind, CASES, tmp_path)
    assert len(found) == CASES
    assert not [line for line in found if "FAULT" in line]
