import numpy as np
import pytest

from thermeld import Fuser
from thermeld.bench import Bandwidth, bandwidth, table_v
from thermeld.io import pair_files, write_image

# Table V of seed 004 as printed: inputs of 51.17 and a result of 31.01 MB/s at 30 frames/s.
PRINTED = Bandwidth(300, 0.0, 51.17e6 / 30, 31.01e6 / 30)


def test_scenarios_are_those_of_the_paper():
    cells = {(row.computing, row.needed): (row.upload, row.download) for row in table_v(PRINTED)}
    assert cells == {
        ("remote", "device"): pytest.approx((51.17, 31.01)),
        ("edge", "device"): (0.0, 0.0),
        ("remote", "remote"): pytest.approx((51.17, 0.0)),
        ("edge", "remote"): pytest.approx((31.01, 0.0)),
    }


def test_sizes_are_those_of_the_files(tmp_path, rng):
    for role, shape in (("ir", (24, 32)), ("vi", (24, 32, 3))):
        for number in range(2):
            pixels = rng.integers(0, 256, shape, np.uint8)
            write_image(tmp_path / role / f"{number}.png", pixels)
    seen = []
    pairs = pair_files(tmp_path / "ir", tmp_path / "vi").pairs
    sizes = bandwidth(pairs, Fuser("average"), on_pair=lambda number, stem: seen.append(stem))
    assert seen == ["0", "1"]
    wanted = np.mean([path.stat().st_size for path in (tmp_path / "ir").iterdir()])
    assert sizes.ir_bytes == wanted
    assert sizes.fused_bytes > 24 * 32  # noise does not compress
