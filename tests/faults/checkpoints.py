"""TensorFlow 1 checkpoints written by hand, in LevelDB's table format."""

from pathlib import Path

import numpy as np

from thermeld.train.tensorflow import DATA, MAGIC


def write_checkpoint(prefix: Path, arrays: dict[str, np.ndarray]) -> None:
    """PREFIX.data-00000-of-00001 and PREFIX.index with these float variables."""
    data, rows = b"", [(b"", b"\x08\x01")]
    for name in sorted(arrays, key=str.encode):
        sizes = b"".join(b"\x12" + _long(b"\x08" + _varint(n)) for n in arrays[name].shape)
        row = b"\x08\x01\x12" + _long(sizes) + b"\x20" + _varint(len(data))
        rows.append((name.encode(), row + b"\x28" + _varint(arrays[name].nbytes)))
        data += arrays[name].astype("<f4").tobytes()
    prefix.with_name(prefix.name + DATA).write_bytes(data)
    block = _block(rows)
    table = _block([(b"zzz", _varint(0) + _varint(len(block) - 5))])
    footer = _varint(0) * 2 + _varint(len(block)) + _varint(len(table) - 5)
    content = block + table + footer.ljust(40, b"\0") + MAGIC.to_bytes(8, "little")
    prefix.with_name(prefix.name + ".index").write_bytes(content)


def _block(rows: list[tuple[bytes, bytes]]) -> bytes:
    body = b"".join(
        _varint(0) + _varint(len(key)) + _varint(len(value)) + key + value for key, value in rows
    )
    return body + bytes(4) + (1).to_bytes(4, "little") + bytes(5)


def _long(message: bytes) -> bytes:
    return _varint(len(message)) + message


def _varint(number: int) -> bytes:
    parts = []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])
