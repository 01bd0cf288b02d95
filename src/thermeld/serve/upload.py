"""A multipart request into memory, refused at the first byte too many.

Starlette's own form parser keeps large parts in temporary files and takes any number of any size;
here nothing touches the disk. Which parts there may be, and how large each, is known beforehand.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from thermeld.errors import BadSetting
from thermeld.registry import lookup
from thermeld.serve.limits import MIB, Limits
from thermeld.serve.places import Held
from thermeld.serve.problems import ClientGone, Problem

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


@dataclass
class _Form:
    """Parts by name, filled by the parser's calls.

    Attributes:
        room: the names there may be, and the most bytes of each.
        parts: what came.
        complete: the closing line was seen.
    """

    room: Mapping[str, int]
    parts: dict[str, bytearray] = field(default_factory=dict)
    complete: bool = False
    _header: bytearray = field(default_factory=bytearray)
    _value: bytearray = field(default_factory=bytearray)
    _name: str = ""

    def callbacks(self) -> dict[str, Callable[..., None]]:
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._open,
            "on_part_data": self._data,
            "on_end": self._end,
        }

    def _begin(self) -> None:
        self._name = ""

    def _header_end(self) -> None:
        if bytes(self._header).lower() == b"content-disposition":
            # Only the name: what the client calls its file is of no use here.
            named = parse_options_header(bytes(self._value))[1].get(b"name", b"")
            self._name = named.decode("utf-8", "replace")
        self._header.clear()
        self._value.clear()

    def _open(self) -> None:
        lookup(self.room, self._name, "part")
        if self._name in self.parts:
            raise BadSetting(f"part {self._name!r} is there twice; send it once")
        self.parts[self._name] = bytearray()

    def _data(self, data: bytes, start: int, end: int) -> None:
        part = self.parts[self._name]
        if len(part) + end - start > self.room[self._name]:
            most = self.room[self._name]
            raise Problem(
                413, f"part {self._name!r} is larger than {most} bytes, the most it may be"
            )
        part += data[start:end]

    def _end(self) -> None:
        self.complete = True


async def read_upload(
    headers: Mapping[str, str],
    receive: Receive,
    *,
    room: Mapping[str, int],
    limits: Limits,
    held: Held,
) -> dict[str, bytes]:
    """The parts of a request, by name.

    Args:
        headers: of the request.
        receive: gives its body piece by piece.
        room: the names there may be, and the most bytes of each.
        limits: of the service.
        held: counts the bytes in memory.

    Raises:
        Problem: 413 too large, 415 not multipart, 408 too slow, 503 no memory left for it.
        BadSetting, UnknownName: a part that is not understood.
        ClientGone: it left before the end.
    """
    _require_length(headers, limits)
    form = _Form(room)
    parser = _parser(headers, form)
    loop = asyncio.get_running_loop()
    end = loop.time() + limits.upload_s
    size = 0
    while True:
        piece, more = await _piece(receive, min(limits.idle_s, end - loop.time()))
        size += len(piece)
        if size > limits.upload_bytes:
            raise _too_large(limits)
        held.add(len(piece))
        _feed(parser, piece)
        if not more:
            break
    if not form.complete:
        raise Problem(422, "the request ends before its closing boundary; send it again whole")
    return {name: bytes(part) for name, part in form.parts.items()}


def _require_length(headers: Mapping[str, str], limits: Limits) -> None:
    stated = headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > limits.upload_bytes:
        raise _too_large(limits)


def _too_large(limits: Limits) -> Problem:
    most = f"{limits.upload_bytes / MIB:g} MiB"
    return Problem(
        413, f"the request is larger than {most}, the most this service takes; crop first"
    )


def _parser(headers: Mapping[str, str], form: _Form) -> MultipartParser:
    kind, options = parse_options_header(headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary:
        raise Problem(415, "send multipart/form-data with a boundary, as curl -F does")
    try:
        return MultipartParser(boundary, form.callbacks())  # type: ignore[arg-type]
    except FormParserError as error:
        raise Problem(422, f"the multipart boundary is not usable ({error})") from error


async def _piece(receive: Receive, seconds: float) -> tuple[bytes, bool]:
    try:
        async with asyncio.timeout(seconds):
            message = await receive()
    except TimeoutError as error:
        raise Problem(408, "the request came too slowly; send it again, faster") from error
    if message["type"] == "http.disconnect":
        raise ClientGone
    return message.get("body", b""), message.get("more_body", False)


def _feed(parser: MultipartParser, piece: bytes) -> None:
    try:
        parser.write(piece)
    except FormParserError as error:
        raise Problem(422, f"the request is not well-formed multipart ({error})") from error
