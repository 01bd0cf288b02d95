"""A service on a free port for the tests, and clients that do as they please."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from threading import Thread

import numpy as np

from thermeld.io import encode_image
from thermeld.serve.app import Service
from thermeld.serve.gate import Access
from thermeld.serve.limits import Limits
from thermeld.serve.server import bound, server_of

BOUNDARY = "between-the-parts"


class Running:
    """A service that is being served in a thread of this process."""

    def __init__(self, service: Service, port: int) -> None:
        self.service, self.port = service, port

    def ask(self, method: str, path: str, body: bytes = b"", headers=None) -> "Answer":
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body or None, headers or {})
            response = connection.getresponse()
            return Answer(response.status, dict(response.headers), response.read())
        finally:
            connection.close()

    def get(self, path: str, **headers: str) -> "Answer":
        return self.ask("GET", path, headers=headers)

    def post(self, path: str, parts: dict, **headers: str) -> "Answer":
        kind = f"multipart/form-data; boundary={BOUNDARY}"
        return self.ask("POST", path, form(parts), {"content-type": kind, **headers})

    def raw(self, data: bytes, *, wait_s: float = 15.0) -> bytes:
        """Send bytes, and read until the server closes."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait_s) as client:
            client.sendall(data)
            return b"".join(iter(lambda: client.recv(65536), b""))

    def settles(self, seconds: float = 5.0) -> bool:
        """Whether all places become free."""
        end = time.monotonic() + seconds
        while self.service.places.inside and time.monotonic() < end:
            time.sleep(0.02)
        return self.service.places.inside == 0 and self.service.places.held == 0


class Answer:
    def __init__(self, status: int, headers: dict, body: bytes) -> None:
        self.status, self.body = status, body
        self.headers = {name.lower(): value for name, value in headers.items()}

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def sentence(self) -> str:
        """Of a problem, after making sure that it is one."""
        assert self.headers["content-type"] == "application/problem+json", self.body
        facts = self.json
        assert facts["status"] == self.status
        assert facts["title"]
        return facts["detail"]


@contextmanager
def running(limits: Limits | None = None, access: Access | None = None) -> Iterator[Running]:
    service = Service(limits or Limits(parallel=2), access)
    with bound("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        server = server_of(service, "127.0.0.1", port)
        thread = Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.02)
            yield Running(service, port)
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive()


def form(parts: dict, *, end: bool = True) -> bytes:
    """A multipart body; bytes become pictures with a file name, text becomes fields."""
    pieces = []
    for name, value in parts.items():
        named = f'form-data; name="{name}"'
        if isinstance(value, bytes):
            named += '; filename="../../../etc/passwd"\r\ncontent-type: image/png'
        content = value if isinstance(value, bytes) else str(value).encode()
        head = f"--{BOUNDARY}\r\ncontent-disposition: {named}\r\n\r\n"
        pieces.append(head.encode() + content + b"\r\n")
    return b"".join(pieces) + (f"--{BOUNDARY}--\r\n".encode() if end else b"")


def request(path: str, body: bytes, *extra: str, length: int | None = None) -> bytes:
    """A whole POST as it goes over the wire; `length` is what it claims."""
    lines = [
        f"POST {path} HTTP/1.1",
        "host: localhost",
        f"content-type: multipart/form-data; boundary={BOUNDARY}",
        f"content-length: {len(body) if length is None else length}",
        *extra,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def picture(rng: np.random.Generator, size=(48, 64), kind: str = "png", dtype=np.uint8) -> bytes:
    return encode_image(rng.integers(0, np.iinfo(dtype).max, size, dtype), kind)
