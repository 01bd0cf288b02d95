"""uvicorn's HTTP/1.1 protocol, with the patience it lacks.

By itself it waits for ever for a request's headers, for a client that does not read its answer,
and for any number of connections.
"""

import asyncio
import json

from uvicorn.protocols.http.h11_impl import H11Protocol

from thermeld.serve.limits import LINGER_S, Limits
from thermeld.serve.problems import MEDIA_TYPE, Problem

LOOK_S = 1.0  # between two looks at each connection


class PatientProtocol(H11Protocol):
    """One connection, which is closed when it has stood still for too long.

    Attributes:
        limits: of the service; see `patient_protocol`.
    """

    limits = Limits()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take it, or say that there are too many."""
        super().connection_made(transport)
        self._refused = False
        self._state: object = None
        self._since = self.loop.time()  # when it came into that state
        if len(self.connections) > self.limits.connections:
            self._refuse(Problem(503, "all connections are taken; try again in 5 s", retry_s=5))
            return
        self._look()

    def data_received(self, data: bytes) -> None:
        """Parse it; what a refused client goes on sending is thrown away."""
        if not self._refused:
            super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        """Answer what is not HTTP, or has more headers than are taken."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True  # a body that breaks off in the middle
            self.cycle.message_event.set()
        most = self.limits.head_bytes
        if len(self.conn.trailing_data[0]) > most:
            self._refuse(Problem(431, f"the headers take more than {most} bytes; send fewer"))
        else:
            self._refuse(Problem(400, "this is not HTTP/1.1 as it should be"))

    def _refuse(self, problem: Problem) -> None:
        """Closing at once would reset the connection, and the client would not see why."""
        self._refused = True
        self.transport.write(_whole_answer(problem))
        self.loop.call_later(LINGER_S, self.transport.abort)

    def _look(self) -> None:
        if self not in self.connections:
            return  # lost
        state, patience = self._standing()
        if state != self._state:
            self._state, self._since = state, self.loop.time()
        if self.loop.time() - self._since >= patience:
            self.transport.abort()
            return
        self.loop.call_later(LOOK_S, self._look)

    def _standing(self) -> tuple[object, float]:
        """What the connection is waiting for, and how long it may."""
        if self.transport.is_closing():
            return "closing", self.limits.idle_s
        if self.flow.write_paused:  # as long as the buffer shrinks, the client is reading
            return ("unread", self.transport.get_write_buffer_size()), self.limits.idle_s
        if self.cycle is None or self.cycle.response_complete:
            return ("between", self.cycle), self.limits.head_s
        return "answering", float("inf")  # the application has limits of its own


def patient_protocol(limits: Limits) -> type[PatientProtocol]:
    """The protocol for a service of these limits; uvicorn wants a class."""
    return type("LimitedProtocol", (PatientProtocol,), {"limits": limits})


def _whole_answer(problem: Problem) -> bytes:
    """For where no request was understood, so that no application is asked."""
    body = json.dumps(problem.facts).encode()
    head = [
        f"HTTP/1.1 {problem.status} {problem.facts['title']}",
        f"content-type: {MEDIA_TYPE}",
        f"content-length: {len(body)}",
        "connection: close",
        *([f"retry-after: {problem.retry_s}"] if problem.retry_s else []),
    ]
    return "\r\n".join([*head, "", ""]).encode() + body
