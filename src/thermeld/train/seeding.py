"""Random numbers that follow from a seed and a number, and leave the process's own alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from lightning_fabric import Fabric


@contextmanager
def own_stream(fabric: Fabric, seed: int, number: int) -> Iterator[None]:
    """Draw from the stream of (seed, number) within the block, on CPU and the run's device."""
    devices = [fabric.device] if fabric.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(int(np.random.SeedSequence([seed, number]).generate_state(1)[0]))
        yield
