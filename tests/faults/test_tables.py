"""TensorFlow indices made to keep a reader busy."""

import time

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra 'train'")
from checkpoints import _block, _long, _varint, write_checkpoint

from thermeld.errors import BadModel
from thermeld.train.tensorflow import MAGIC, read_checkpoint


def with_index(folder, index):
    write_checkpoint(folder / "their", {"w": np.zeros((3, 4), np.float32)})
    assert read_checkpoint(folder / "their", {})["w"].shape == (3, 4)
    (folder / "their.index").write_bytes(index)
    begun = time.process_time()
    with pytest.raises(BadModel, match="damaged"):
        read_checkpoint(folder / "their", {})
    assert time.process_time() - begun < 2


def footer(at, size):
    return (_varint(0) * 2 + _varint(at) + _varint(size)).ljust(40, b"\0") + MAGIC.to_bytes(
        8, "little"
    )


def test_blocks_that_overlap_are_refused(tmp_path):
    """20,000 entries that each name the whole file: 40 GB to walk through."""
    block = _block([(b"k%d" % n, b"v" * 90) for n in range(20_000)])
    handle = _varint(0) + _varint(len(block) - 5)
    table = _block([(b"t%05d" % n, handle) for n in range(20_000)])
    with_index(tmp_path, block + table + footer(len(block), len(table) - 5))


def test_a_number_without_an_end_is_refused(tmp_path):
    table = b"\x80" * 1_000_000 + bytes(10)
    with_index(tmp_path, table + footer(0, len(table) - 5))


def test_sizes_beyond_any_machine_are_refused(tmp_path):
    sizes = (b"\x12" + _long(b"\x08" + _varint(2**48))) * 3
    row = b"\x08\x01\x12" + _long(sizes)
    block = _block([(b"", b"\x08\x01"), (b"w", row)])
    table = _block([(b"z", _varint(0) + _varint(len(block) - 5))])
    with_index(tmp_path, block + table + footer(len(block), len(table) - 5))
