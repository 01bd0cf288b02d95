"""Pictures to browsers, over HTTP as MJPEG: each viewer gets the newest there is when it can.

A viewer that is slow misses pictures and holds up nobody, for it is served in a thread of its
own and asks for the newest picture each time it has taken one.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from threading import BoundedSemaphore, Condition, Thread
from typing import Any

from thermeld.errors import BadSetting

BOUNDARY = "frame"
VIEWERS = 16
PATIENCE_S = 10.0  # a viewer that takes nothing for so long is let go
PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>thermeld live</title>
<style>
body { margin: 0; background: #111; color: #ddd; font: 15px/1.5 system-ui, sans-serif }
img { display: block; max-width: 100vw; max-height: calc(100vh - 4em); margin: 0 auto }
p { margin: .6em 1em; text-align: center }
</style>
<img src="/stream.mjpg" alt="The fused stream">
<p id="status" role="status">connecting</p>
<script>
const line = document.getElementById("status");
async function tell() {
  try {
    const now = await (await fetch("/status")).json();
    const lost = ["infrared", "visible"].filter(name => now[name].state !== "running");
    line.textContent = lost.length
      ? lost.map(name => name + ": " + now[name].state).join("; ")
      : now.fps + " frames/s, latency " + now.latency_ms + " ms"
        + (now.failed ? ", " + now.failed + " failed: " + now.problem : "");
  } catch { line.textContent = "thermeld has stopped" }
}
setInterval(tell, 1000); tell();
</script>
</html>
"""


class Newest:
    """The newest picture, to be waited for by any number of viewers."""

    def __init__(self) -> None:
        self._picture = b""
        self._number = 0
        self._over = False
        self._change = Condition()

    def put(self, picture: bytes) -> None:
        """Replace the picture; never waits for a viewer."""
        with self._change:
            self._picture, self._number = picture, self._number + 1
            self._change.notify_all()

    def end(self) -> None:
        """There will be no more."""
        with self._change:
            self._over = True
            self._change.notify_all()

    def after(self, number: int, wait_s: float) -> tuple[int, bytes]:
        """The newest picture and its number if it is later than `number`, else (number, b"")."""
        with self._change:
            self._change.wait_for(lambda: self._over or self._number > number, wait_s)
            fresh = self._number > number
            return (self._number, self._picture) if fresh else (number, b"")

    @property
    def over(self) -> bool:
        """No more pictures will come."""
        return self._over


class Broadcast:
    """A small web server: `/` a page, `/stream.mjpg`, `/frame.jpg` and `/status` as JSON.

    Bound to this machine only, it also refuses requests that name another host, so that no web
    page elsewhere can look through the user's browser.

    Args:
        host: address to listen at.
        port: 0 for any free one.
        status: asked for what `/status` shows.

    Raises:
        BadSetting: the address or port cannot be had.
    """

    def __init__(self, host: str, port: int, status: Callable[[], Mapping[str, Any]]) -> None:
        self.newest = Newest()
        handler = partial(
            _Handler,
            newest=self.newest,
            status=status,
            room=BoundedSemaphore(VIEWERS),
            local=_is_local(host),
        )
        try:
            self._server = ThreadingHTTPServer((host, port), handler)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            raise BadSetting(
                f"cannot listen at {host}:{port} ({reason}); choose another --port or --host"
            ) from error
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.host, self.port = host, int(self._server.server_address[1])
        self._thread = Thread(target=self._server.serve_forever, name="broadcast", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """To be typed into a browser."""
        return f"http://{self.host}:{self.port}/"

    def close(self) -> None:
        """Let all viewers go and stop listening."""
        self.newest.end()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Handler(BaseHTTPRequestHandler):
    """Answers one viewer."""

    timeout = PATIENCE_S

    def __init__(
        self,
        *request: Any,
        newest: Newest,
        status: Callable[[], Mapping[str, Any]],
        room: BoundedSemaphore,
        local: bool,
    ) -> None:
        self._newest = newest
        self._status = status
        self._room = room
        self._local = local
        super().__init__(*request)  # which answers the request

    def do_GET(self) -> None:
        """Answer one of the four paths."""
        asked = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        if self._local and not _is_local(asked.strip("[]")):
            self.send_error(403, "this server is for its own machine only")
            return
        answers: dict[str, Callable[[], None]] = {
            "/": partial(self._send, PAGE.encode(), "text/html; charset=utf-8"),
            "/stream.mjpg": self._stream,
            "/frame.jpg": self._frame,
            "/status": self._tell,
        }
        answer = answers.get(self.path.partition("?")[0])
        if answer is None:
            self.send_error(404)
            return
        try:
            answer()
        except (ConnectionError, TimeoutError):
            self.close_connection = True  # the viewer went away

    def log_message(self, *_: Any) -> None:
        """Keep silent: the terminal is for people."""

    def _send(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def _tell(self) -> None:
        self._send(json.dumps(self._status()).encode(), "application/json")

    def _frame(self) -> None:
        _, picture = self._newest.after(0, PATIENCE_S)
        if picture:
            self._send(picture, "image/jpeg")
        else:
            self.send_error(503, "no picture yet")

    def _stream(self) -> None:
        if not self._room.acquire(blocking=False):
            self.send_error(503, f"{VIEWERS} viewers are the most")
            return
        try:
            self.send_response(200)
            self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self._pictures()
        finally:
            self._room.release()

    def _pictures(self) -> None:
        # After a picture, not before it: a browser shows it as soon as the boundary is there.
        boundary = f"\r\n--{BOUNDARY}\r\n".encode()
        self.wfile.write(boundary)
        number = 0
        while not self._newest.over:
            number, picture = self._newest.after(number, 1.0)
            if picture:
                head = f"Content-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                self.wfile.write(head.encode() + picture + boundary)
        self.close_connection = True
