"""TensorFlow 1 checkpoints read without TensorFlow.

A checkpoint is PREFIX.data-00000-of-00001, the plain little-endian values of all variables, and
PREFIX.index, a table of names, shapes and offsets in LevelDB's format (blocks of entries whose
keys share prefixes, then a 48-byte footer). Where the index is lost, the values of a file that
holds nothing but the network lie in byte-wise order of their names.
"""

from collections.abc import Iterator, Mapping
from math import prod
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from thermeld.errors import BadModel, UnreadableFile

DATA = ".data-00000-of-00001"
FOOTER_BYTES = 48
MAGIC = 0xDB4775248B80FB57
FLOAT = 1  # of TensorFlow's types; others (step counters) are left out
Values = NDArray[np.float32]


def read_checkpoint(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Values]:
    """All float variables by name, in TensorFlow's axis order.

    Args:
        path: either file, their common prefix, or a folder that holds one checkpoint.
        shapes: of the variables to expect, used only where there is no index.

    Raises:
        UnreadableFile: no checkpoint there.
        BadModel: damaged, or without index and not exactly these variables.
    """
    prefix = _prefix(path)
    data = _read(prefix.with_name(prefix.name + DATA))
    index = prefix.with_name(prefix.name + ".index")
    if not index.is_file():
        return _in_order(data, shapes, prefix)
    try:
        places = dict(_variables(_read(index)))
        return {
            name: np.frombuffer(data, "<f4", prod(shape), offset).reshape(shape)
            for name, (shape, offset) in places.items()
        }
    except (ValueError, IndexError, OverflowError) as error:
        raise BadModel(f"{index}: damaged checkpoint ({error})") from error


def _prefix(path: Path) -> Path:
    if path.is_dir():
        found = sorted(path.glob(f"*{DATA}"))
        if len(found) != 1:
            raise UnreadableFile(f"{path}: holds {len(found)} files *{DATA}, not one")
        path = found[0]
    for ending in (DATA, ".index"):
        if path.name.endswith(ending):
            return path.with_name(path.name.removesuffix(ending))
    return path


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableFile(f"{path}: cannot read it ({error.strerror})") from error


def _in_order(
    data: bytes, shapes: Mapping[str, tuple[int, ...]], prefix: Path
) -> dict[str, Values]:
    wanted = 4 * sum(prod(shape) for shape in shapes.values())
    if len(data) != wanted:
        raise BadModel(
            f"{prefix}{DATA}: {len(data)} bytes where the network has {wanted}; "
            "put the .index file beside it"
        )
    found, offset = {}, 0
    for name in sorted(shapes, key=str.encode):
        found[name] = np.frombuffer(data, "<f4", prod(shapes[name]), offset).reshape(shapes[name])
        offset += 4 * prod(shapes[name])
    return found


def _variables(index: bytes) -> Iterator[tuple[str, tuple[tuple[int, ...], int]]]:
    """Name, shape and offset in bytes of each float variable."""
    footer = index[-FOOTER_BYTES:]
    if len(footer) < FOOTER_BYTES or int.from_bytes(footer[-8:], "little") != MAGIC:
        raise ValueError("no table")
    position = 0
    handle = []
    for _ in range(4):  # two handles of offset and size: meta index, index
        number, position = _varint(footer, position)
        handle.append(number)
    unread = len(index)
    for _, place in _entries(index, handle[2], handle[3]):
        offset, after = _varint(place, 0)
        size, _ = _varint(place, after)
        unread -= size + 1
        if unread < 0:  # or a small file could keep us busy for hours
            raise ValueError("its blocks overlap")
        for key, value in _entries(index, offset, size):
            fields = dict(_fields(value))
            if key and fields.get(1) == FLOAT:
                yield key.decode(), (_shape(fields.get(2, b"")), _number(fields.get(4, 0)))


def _entries(index: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Keys and values of a block."""
    block = index[offset : offset + size]
    if len(block) != size or index[offset + size] != 0:
        raise ValueError("a block is cut short or compressed")
    end = size - 4 - 4 * int.from_bytes(block[-4:], "little")  # the restart points follow
    position, key = 0, b""
    while position < end:
        shared, position = _varint(block, position)
        fresh, position = _varint(block, position)
        length, position = _varint(block, position)
        key = key[:shared] + block[position : position + fresh]
        position += fresh
        yield key, block[position : position + length]
        position += length


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Fields of a protocol buffer message: numbers, or bytes of nested ones."""
    position = 0
    while position < len(message):
        tag, position = _varint(message, position)
        value: int | bytes
        if tag & 7 == 0:
            value, position = _varint(message, position)
        else:
            if tag & 7 == 2:
                length, position = _varint(message, position)
            else:
                length = 4 if tag & 7 == 5 else 8
            value = message[position : position + length]
            position += length
        yield tag >> 3, value


def _shape(message: int | bytes) -> tuple[int, ...]:
    """Sizes of a TensorShapeProto; a scalar has none."""
    if isinstance(message, int):
        raise ValueError("a shape is a number")
    return tuple(
        _number(dict(_fields(part)).get(1, 0))
        for field, part in _fields(message)
        if field == 2 and isinstance(part, bytes)
    )


def _number(value: int | bytes) -> int:
    if not isinstance(value, int):
        raise ValueError("text where a number must stand")
    return value


def _varint(data: bytes, position: int) -> tuple[int, int]:
    """A number of seven bits per byte, lowest first, and the position after it."""
    value = 0
    for shift in range(0, 70, 7):  # 64 bits take ten bytes
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
    raise ValueError("a number without an end")
