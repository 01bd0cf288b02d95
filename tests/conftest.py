"""What every test may ask for: the shared data if it is there, and a seeded generator."""

import os
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]


def pytest_collection_modifyitems(items):
    """Leave slow tests out unless they are asked for."""
    if not os.environ.get("THERMELD_SLOW"):
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(pytest.mark.skip(reason="slow: set THERMELD_SLOW=1 to run it"))


def shared_folder() -> Path | None:
    """The folder of image pairs and reference values, or None on a machine without it."""
    named = os.environ.get("THERMELD_SHARED")
    folder = Path(named) if named else ROOT.parent / "shared"
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def shared() -> Path:
    folder = shared_folder()
    if folder is None:
        pytest.skip("needs the shared data: set THERMELD_SHARED or put it at ../shared")
    return folder


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)
