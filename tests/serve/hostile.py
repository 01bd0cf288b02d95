"""Requests that mean harm, or come from what is broken: made by the dozen, sent as raw bytes.

Used by the tests for a few seconds, and by `benchmarks/serve.py --hostile 2000` at length.
"""

import json
import re
import socket
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from service import BOUNDARY, form, request

from thermeld.errors import UnreadableFile
from thermeld.io import encode_image
from thermeld.io.files import read_picture

Rng = np.random.Generator
HONEST = {200, 400, 401, 403, 404, 405, 408, 413, 415, 422, 429, 431, 503}
KINDS = ("png", "jpg", "tiff", "webp", "bmp")


@dataclass(frozen=True)
class Attack:
    """What to send, and how.

    Attributes:
        kind: of harm.
        data: the bytes.
        pieces: sent in this many pieces, with `pause_s` between them.
        pause_s: between pieces.
        leaves: closes after sending, without waiting for an answer.
        ends: says that no more will come, as a connection that breaks.
    """

    kind: str
    data: bytes
    pieces: int = 1
    pause_s: float = 0.0
    leaves: bool = False
    ends: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of it: the status, None if the server closed without a word; and how long."""

    status: int | None
    seconds: float
    fault: str = ""


def attacks(rng: Rng, *, slow: bool = True) -> Iterator[Attack]:
    """Without end, each kind in turn; `slow`: with clients that dawdle."""
    makers = [each for each in MAKERS if slow or each is not dawdled]
    while True:
        for maker in makers:
            yield maker(rng)


def strike(port: int, attack: Attack, *, wait_s: float = 60.0) -> Outcome:
    """Send it and judge the answer: honest, whole, and in time."""
    begun = time.monotonic()
    answer = b""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=wait_s) as client:
            size = -(-len(attack.data) // attack.pieces)
            for at in range(0, len(attack.data), size):
                client.sendall(attack.data[at : at + size])
                time.sleep(attack.pause_s)
            if attack.leaves:
                return Outcome(None, time.monotonic() - begun)
            if attack.ends:
                client.shutdown(socket.SHUT_WR)
            answer = b"".join(iter(lambda: client.recv(65536), b""))
    except TimeoutError:
        return Outcome(None, time.monotonic() - begun, f"no answer within {wait_s:g} s")
    except OSError:  # reset or broken pipe: closed on us, which is an answer too
        pass
    return judged(answer, time.monotonic() - begun)


def judged(answer: bytes, seconds: float) -> Outcome:
    """Status and fault of the last answer on a connection."""
    starts = [found.start() for found in re.finditer(rb"HTTP/1.1 \d{3} ", answer)]
    if not starts:
        return Outcome(None, seconds, f"not an answer: {answer[:99]!r}" if answer else "")
    head, _, body = answer[starts[-1] :].partition(b"\r\n\r\n")
    status = int(head.split()[1])
    return Outcome(status, seconds, fault_of(status, head.lower(), body))


def fault_of(status: int, head: bytes, body: bytes) -> str:
    """What is wrong with an answer; "" for nothing."""
    if status not in HONEST:
        return f"status {status}: {body[:200]!r}"
    if status == 200:
        return _wrong_picture(body) if b"image/" in head else ""
    if b"application/problem+json" not in head:
        return f"{status} without a problem: {body[:200]!r}"
    if status in (429, 503) and b"retry-after" not in head:
        return f"{status} without Retry-After"
    return "" if json.loads(body)["detail"] else f"{status} without a sentence"


def _wrong_picture(body: bytes) -> str:
    try:
        read_picture(body, Path("answer"))
    except UnreadableFile as error:
        return f"200 with a picture that cannot be read: {error}"
    return ""


def picture(rng: Rng, kind: str = "png", size=(24, 32)) -> bytes:
    return encode_image(rng.integers(0, 256, (*size, 3), np.uint8), kind)


def pair(rng: Rng, **more: object) -> dict:
    return {"ir": picture(rng), "vis": picture(rng), "method": "average", **more}


def posted(kind: str, parts: dict, path: str = "/v1/fuse") -> Attack:
    return Attack(kind, request(path, form(parts), "connection: close"))


def pick(rng: Rng, *options):
    return options[rng.integers(len(options))]


def cut(rng: Rng) -> Attack:
    """The connection breaks anywhere in the upload, or the body lacks its end."""
    whole = request("/v1/fuse", form(pair(rng)))
    if rng.random() < 0.5:
        return Attack("cut upload", whole[: rng.integers(1, len(whole))], ends=True)
    return Attack(
        "cut upload", request("/v1/fuse", form(pair(rng), end=False), "connection: close")
    )


def wrong_type(rng: Rng) -> Attack:
    stuff = pick(
        rng, b"", b"hello", b"%PDF-1.7", b"PK\3\4", b"GIF89a\1\0\1\0", b"\x7fELF", bytes(500)
    )
    return posted("wrong type", {**pair(rng), pick(rng, "ir", "vis"): stuff})


def bomb(rng: Rng) -> Attack:
    maker: Callable[[], bytes] = pick(rng, png_bomb, jpeg_bomb, tiff_bomb, bmp_bomb)
    return posted("bomb", {**pair(rng), pick(rng, "ir", "vis"): maker()})


def mutated(rng: Rng) -> Attack:
    """A good picture with a few bytes changed, dropped or doubled."""
    data = bytearray(picture(rng, pick(rng, *KINDS)))
    for _ in range(rng.integers(1, 8)):
        at = int(rng.integers(len(data)))
        if rng.random() < 0.7:
            data[at] = rng.integers(256)
        else:
            data[at : at + int(rng.integers(1, 40))] = bytes(rng.integers(0, 256, 9, np.uint8))
    return posted("mutated file", {**pair(rng), pick(rng, "ir", "vis"): bytes(data)})


def dawdled(rng: Rng) -> Attack:
    """Headers or body, one piece a second or slower."""
    whole = request("/v1/fuse", form(pair(rng)))
    start = whole.index(b"\r\n\r\n") + 4
    data = pick(rng, whole[: start - 2], whole[: start + 200])
    return Attack("slow sender", data, pieces=40, pause_s=float(pick(rng, 0.5, 2.0)))


def path_name(rng: Rng) -> Attack:
    name = pick(rng, "../../etc/passwd", "/etc/passwd", "C:\\x", "a\0b", "%2e%2e%2f", "\u202e")
    if rng.random() < 0.5:
        what = pick(rng, "method", "format", "align", "warp", "settings", name)
        return posted("path name", {**pair(rng), what: name})
    target = pick(
        rng, "/../../etc/passwd", "/..%2f..%2fetc/passwd", "/%00", "//etc/passwd", "/static/"
    )
    return Attack(
        "path name", f"GET {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode()
    )


def large_header(rng: Rng) -> Attack:
    size = int(rng.integers(20_000, 400_000))
    head = pick(
        rng,
        "x: " + "a" * size,
        "\r\n".join(f"x-{at}: 1" for at in range(size // 10)),
        "cookie: " + "b=1; " * (size // 5),
    )
    if rng.random() < 0.3:
        return Attack("large header", f"GET /{'a' * size} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
    return Attack("large header", request("/v1/fuse", form(pair(rng)), head, "connection: close"))


def no_http(rng: Rng) -> Attack:
    body = form(pair(rng))
    junk = pick(
        rng,
        rng.integers(0, 256, 300, np.uint8).tobytes(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),  # a TLS greeting
        b"GET /\r\n\r\n",
        request("/v1/fuse", body, f"content-length: {len(body) + 1}"),
        request("/v1/fuse", body, "transfer-encoding: chunked"),
        request("/v1/fuse", body, "transfer-encoding: chunked", length=-1),
        b"POST /v1/fuse HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello",
        b"OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET /v1/methods HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
    )
    return Attack("no HTTP", junk)


def no_form(rng: Rng) -> Attack:
    """Multipart that is none, or more than one wants."""
    many = "".join(
        f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="p{at}"\r\n\r\n\r\n'
        for at in range(3000)
    )
    body = pick(
        rng,
        b"",
        b"--",
        many.encode(),
        f"--{BOUNDARY}\r\nno colon here\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(),
        f"--{BOUNDARY}\r\n{'x' * 30_000}: 1\r\n\r\nx\r\n--{BOUNDARY}--\r\n".encode(),
        form({"ir": picture(rng)})[: -len(BOUNDARY) - 8] + form({"ir": picture(rng)}),
        form({**pair(rng), "window": "1" * 50_000}),
        form(pair(rng)).replace(BOUNDARY.encode(), b"another"),
        form(pair(rng)) + b"and more " * 10_000,
        b"\r\n--betwee" * 5000,
    )
    return Attack("no form", request("/v1/fuse", body, "connection: close"))


def odd_option(rng: Rng) -> Attack:
    name, value = pick(
        rng,
        ("window", "nan:1"),
        ("window", "-1e308:1e308"),
        ("window", "p0:p100"),
        ("window", "9" * 400 + ":inf"),
        ("quality", "-0"),
        ("quality", "\u0663"),
        ("map_scale", "3"),
        ("color", "blend"),
        ("settings", '{"levels": 1e999}'),
        ("settings", "{" * 3000),
        ("settings", '{"levels": -1}'),
        ("warp", '{"matrix": [[NaN]]}'),
        ("warp", "[" * 50_000),
        ("warp", json.dumps({"matrix": [[1e11, 0, 0]] * 3, "ir_size": [1, 1], "vis_size": [1, 1]})),
        ("align", "auto"),
        ("fit", "both"),
    )
    method = pick(rng, "average", "laplacian", "maximum")
    return posted("odd option", {**pair(rng), "method": method, name: value})


def gone(rng: Rng) -> Attack:
    """The whole request, and nobody there for the answer."""
    return Attack("client gone", request("/v1/fuse", form(pair(rng))), leaves=True)


def other_route(rng: Rng) -> Attack:
    parts = {"ir": picture(rng), "vis": picture(rng, size=(20, 32)), "fused": picture(rng)}
    path, more = pick(
        rng,
        ("/v1/score", {"metrics": pick(rng, "EN", "nothing", ",,,", "EN," * 300)}),
        ("/v1/score", {"convention": pick(rng, "vifb", "nobody")}),
        ("/v1/align", {"model": pick(rng, "auto", "affine", "soup")}),
    )
    if path == "/v1/align":
        del parts["fused"]
    return posted("other route", {**parts, **more}, path)


MAKERS = (
    cut,
    wrong_type,
    bomb,
    mutated,
    dawdled,
    path_name,
    large_header,
    no_http,
    no_form,
    odd_option,
    gone,
    other_route,
)


def chunk(kind: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)


def png_bomb(side: int = 60_000) -> bytes:
    """3.6 gigapixels in a few hundred bytes."""
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress(bytes(100_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def jpeg_bomb(side: int = 30_000) -> bytes:
    """States a small size at its end, and 900 megapixels where the decoder looks."""
    whole = encode_image(np.zeros((16, 16, 3), np.uint8), "jpg")
    at = whole.index(b"\xff\xc0")
    frame = whole[at : at + 2 + int.from_bytes(whole[at + 2 : at + 4], "big")]
    large = frame[:5] + struct.pack(">HH", side, side) + frame[9:]
    return whole[:at] + large + whole[at + len(frame) : -2] + frame + whole[-2:]


def tiff_bomb() -> bytes:
    """Two thousand fields that all name the same quarter of a million numbers."""
    body = bytes(500_000)
    fields = b"".join(struct.pack("<HHII", 1000 + at, 3, 250_000, 8) for at in range(2000))
    directory = struct.pack("<H", 2000) + fields + bytes(4)
    return b"II*\0" + struct.pack("<I", 8 + len(body)) + body + directory


def bmp_bomb(side: int = 40_000) -> bytes:
    """Run lengths that say next to nothing about 1.6 gigapixels."""
    head = struct.pack("<2sIHHI", b"BM", 62, 0, 0, 58)
    return head + struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, 4, 0, 0, 1, 0) + bytes(8)
