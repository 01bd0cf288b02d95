"""A real browser on the page, for tests: a small web host, Chromium, and what visitors do."""

import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from thermeld.serve.page import HEADERS, page_files

SECONDS = 90  # busy machines are slow
FAKE_CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")


@contextmanager
def hosted(headers: Mapping[str, str] = HEADERS) -> Iterator[str]:
    """The page on a free port of this machine; gives its address."""
    files = page_files()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            file = files.get(self.path.lstrip("/") or "index.html")
            body = file.read() if file else b""
            self.send_response(200 if file else 404)
            self.send_header("Content-Length", str(len(body)))
            if file:
                self.send_header("Content-Type", file.content_type)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@contextmanager
def chromium(*flags: str):
    """A browser, or a skip that says why there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright (extra dev)")
    program = os.environ.get("THERMELD_CHROMIUM") or shutil.which("chromium")
    if not program:
        pytest.skip("needs Chromium: install it, or name it in THERMELD_CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        # Containers have no user namespaces for the sandbox.
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", *flags], timeout=1000 * SECONDS
        )
        yield browser
        browser.close()


def opened(context, address: str):
    """A tab with the page in it, ready; `tab.faults` gathers what its scripts complain of."""
    tab = context.new_page()
    tab.set_default_timeout(1000 * SECONDS)
    tab.faults = []
    tab.on("pageerror", lambda error: tab.faults.append(str(error)))
    tab.goto(address)
    tab.wait_for_selector("html[data-ready=yes]")
    return tab


def settle(tab) -> None:
    """Wait until the result is that of all that was chosen."""
    tab.wait_for_timeout(20)
    tab.wait_for_selector("#work[aria-busy=false]")


def choose(tab, ir: Path, vis: Path) -> None:
    """Choose two files, as by the file dialog."""
    tab.set_input_files("#file-ir", ir)
    settle(tab)
    tab.set_input_files("#file-vis", vis)
    settle(tab)


def saved(tab, button: str, folder: Path) -> Path:
    """Press a button that downloads; gives the file."""
    with tab.expect_download() as waiting:
        tab.get_by_role("button", name=button, exact=True).click()
    path = folder / waiting.value.suggested_filename
    waiting.value.save_as(path)
    return path


def sample(tab, name: str) -> None:
    """Take a sample, as by its button."""
    tab.get_by_role("button", name=name).click()
    settle(tab)
