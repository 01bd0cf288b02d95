"""What every request passes before anything of it is read, and every answer on its way out."""

import asyncio
import hmac
import ipaddress
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from fastapi import Response

from thermeld.errors import BadSetting
from thermeld.serve.counters import Counters
from thermeld.serve.limits import LINGER_S
from thermeld.serve.problems import GONE, Problem, response_of

Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
App: TypeAlias = Callable[[Message, Receive, Send], Awaitable[None]]

LEAST_TOKEN = 16  # characters; a shorter one can be tried out
GUARDED = ("/v1/", "/metrics", "/openapi.json")
ROUTES = ("/v1/fuse", "/v1/score", "/v1/align", "/v1/methods", "/healthz", "/metrics")
# Answers of the service are data; the page brings a policy of its own.
DATA_HEADERS = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}


@dataclass(frozen=True)
class Access:
    """Who may use the service.

    Attributes:
        token: to be sent as "Authorization: Bearer ..."; "" for none.
        origins: other web sites whose pages may use it, as "https://example.org".
        local: only this machine is meant to reach it, so requests must call it by an address or
            localhost. A name in their Host header would be that of a web site which made its
            own name point here to pass for this service's page (DNS rebinding).
    """

    token: str = ""
    origins: tuple[str, ...] = ()
    local: bool = False

    def __post_init__(self) -> None:
        if self.token and (len(self.token) < LEAST_TOKEN or not self.token.isascii()):
            raise BadSetting(
                f"the token must have {LEAST_TOKEN} ASCII characters or more; make one with: "
                "python -c 'import secrets; print(secrets.token_urlsafe())'"
            )

    def require(self, path: str, headers: dict[bytes, bytes]) -> None:
        """Let a request in, or say why not.

        Raises:
            Problem: 403 from a page of another site, 401 without the token.
        """
        host = headers.get(b"host", b"").decode("latin-1")
        if self.local and host and not _is_local(host):
            raise Problem(
                403, f"this service is not called {host!r}; ask for it by its address or localhost"
            )
        origin = headers.get(b"origin", b"").decode("latin-1")
        own = origin.partition("://")[2] == host
        if origin and not own and origin not in self.origins:
            raise Problem(
                403,
                f"pages of {origin!r} may not use this service; its owner can allow it (--cors)",
            )
        if not self.token or not path.startswith(GUARDED):
            return
        scheme, _, given = headers.get(b"authorization", b"").partition(b" ")
        right = hmac.compare_digest(given.strip(), self.token.encode())  # in constant time
        if scheme.lower() != b"bearer" or not right:
            raise Problem(401, "this service needs its token: send 'Authorization: Bearer TOKEN'")


def _is_local(host: str) -> bool:
    """Whether a Host header holds an address or localhost, with or without a port."""
    bracketed = re.fullmatch(r"\[([^\]]*)\](:\d*)?", host)
    name = bracketed[1] if bracketed else re.sub(r":\d*$", "", host)
    if name.lower() == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


class Gate:
    """The outermost layer: access, headers, counting, and answers to what is refused.

    Args:
        app: what lies behind.
        access: who may use it.
        counters: what is counted.
        head_bytes: most of a request's line and headers.
    """

    def __init__(self, app: App, access: Access, counters: Counters, head_bytes: int) -> None:
        self.app, self.access, self.counters = app, access, counters
        self.head_bytes = head_bytes

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request, as ASGI has it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = _Exchange(scope, receive, send, self.access.origins)
        begun = time.perf_counter()
        await self._answer(scope, exchange)
        if exchange.status == GONE:
            self.counters.gone += 1
            return
        path = scope["path"]
        route = path if path in ROUTES else "other"
        self.counters.answered(route, exchange.status, time.perf_counter() - begun)

    async def _answer(self, scope: Message, exchange: "_Exchange") -> None:
        headers = dict(scope["headers"])
        try:
            _require_short(scope, self.head_bytes)
            self.access.require(scope["path"], headers)
        except Problem as problem:
            await response_of(problem)(scope, exchange.receive, exchange.send)
            return
        if scope["method"] == "OPTIONS" and b"access-control-request-method" in headers:
            await _preflight()(scope, exchange.receive, exchange.send)
            return
        await self.app(scope, exchange.receive, exchange.send)


class _Exchange:
    """One request and its answer: knows whether the body was read, and ends it well if not."""

    def __init__(
        self, scope: Message, receive: Receive, send: Send, origins: tuple[str, ...]
    ) -> None:
        headers = dict(scope["headers"])
        self.status = 0
        self._receive, self._send = receive, send
        self._unread = (
            b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"
        )
        origin = headers.get(b"origin", b"").decode("latin-1")
        self._origin = origin if origin in origins else ""

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            self._unread = False
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": [*message["headers"], *self._added(message)]}
        ends = message["type"] == "http.response.body" and not message.get("more_body", False)
        if not (ends and self._unread):
            await self._send(message)
            return
        # Closing with bytes unread would reset the connection, and the client, still sending,
        # would never see why: the answer goes out, the rest is thrown away for a moment.
        await self._send({**message, "more_body": True})
        await self._drain()
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(LINGER_S):
                while self._unread:
                    await self.receive()
        except TimeoutError:
            return

    def _added(self, message: Message) -> list[tuple[bytes, bytes]]:
        there = {name.lower() for name, _ in message["headers"]}
        added = {name: value for name, value in DATA_HEADERS.items() if name.encode() not in there}
        if self._unread:
            added["connection"] = "close"
        if self._origin:
            added["access-control-allow-origin"] = self._origin
            added["access-control-expose-headers"] = "thermeld-note, server-timing, retry-after"
            added["cross-origin-resource-policy"] = "cross-origin"
            added["vary"] = "origin"
        return [(name.encode(), value.encode()) for name, value in added.items()]


def _require_short(scope: Message, most: int) -> None:
    """The parser stops at headers that do not end; those that came in one piece are told here."""
    size = len(scope.get("raw_path", b"")) + len(scope.get("query_string", b""))
    if size + sum(len(name) + len(value) for name, value in scope["headers"]) > most:
        raise Problem(431, f"the headers take more than {most} bytes; send fewer")


def _preflight() -> Response:
    """Asked by browsers on behalf of other sites' pages; the origin was let in already."""
    return Response(
        status_code=204,
        headers={
            "access-control-allow-methods": "GET, POST",
            "access-control-allow-headers": "authorization, content-type",
            "access-control-max-age": "600",
        },
    )
