import json
import sys
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from thermeld.cli import main
from thermeld.io import write_image


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict]:
        return [json.loads(line) for line in self.out.splitlines()]


def ended() -> None:
    main()
    sys.exit(0)  # a command that ends well just returns


@pytest.fixture
def thermeld(monkeypatch, capsys) -> Callable[..., Answer]:
    """Run a command line in this process; what it printed and its exit code."""

    def call(*words: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["thermeld", *map(str, words)])
        with pytest.raises(SystemExit) as stop:
            ended()
        printed = capsys.readouterr()
        return Answer(int(stop.value.code or 0), printed.out, printed.err)

    return call


@pytest.fixture
def pair(tmp_path, rng):
    """A pair of files: ir.png and vis.png, 24x32."""
    write_image(tmp_path / "ir.png", rng.integers(0, 256, (24, 32), np.uint8))
    write_image(tmp_path / "vis.png", rng.integers(0, 256, (24, 32, 3), np.uint8))
    return tmp_path / "ir.png", tmp_path / "vis.png"
