"""A service on a socket, closed to others unless its owner says otherwise."""

import ipaddress
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from thermeld.errors import BadSetting
from thermeld.serve.app import Service
from thermeld.serve.gate import Access
from thermeld.serve.limits import Limits
from thermeld.serve.protocol import patient_protocol

BACKLOG = 512  # connections the system takes before we do


def require_closed(host: str, access: Access, *, anyone: bool) -> None:
    """Refuse to listen where others can reach the service without a token.

    Raises:
        BadSetting: another address than this machine's own, no token, and not meant for anyone.
    """
    if not (is_loopback(host) or access.token or anyone):
        raise BadSetting(
            f"{host} can be reached from other machines; give the service a token (--token-file), "
            "or let anyone in who can reach it (--anyone)"
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False  # a name: who knows what it stands for


def server_of(service: Service, host: str, port: int) -> uvicorn.Server:
    """A server that is ready to run; port 0 takes a free one."""
    limits: Limits = service.limits
    # What clients do wrong is answered and counted, not logged line by line.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    config = uvicorn.Config(
        service.app(),
        host=host,
        port=port,
        http=patient_protocol(limits),
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_level="error",
        access_log=False,
        backlog=BACKLOG,
        server_header=False,
        h11_max_incomplete_event_size=limits.head_bytes,
        timeout_keep_alive=max(1, int(limits.head_s)),
        timeout_graceful_shutdown=max(1, int(limits.stop_s)),
    )
    return uvicorn.Server(config)


@contextmanager
def bound(host: str, port: int) -> Iterator[socket.socket]:
    """A socket on that address, taken before anything is loaded.

    Raises:
        BadSetting: the address is taken, or not this machine's.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = _listening(socket.socket(family, kind), address)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadSetting(
            f"cannot listen on {host} port {port} ({reason}); choose another"
        ) from error
    with listener:
        yield listener


def _listening(listener: socket.socket, address: Any) -> socket.socket:
    """Already listening, so that clients may come before the networks are loaded."""
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
