"""How fast the page fuses in Chromium, and what bounds it.

    python benchmarks/page.py [SECONDS]

Two of Chromium's fake cameras are fused live at 640x480 with the default method, its map at full,
half and quarter scale. Then the steps of a frame are timed by themselves; the least of many is
told, for other work on the machine only ever adds.
"""

import os
import shutil
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from playwright.sync_api import Page, sync_playwright

from thermeld.serve.page import HEADERS, page_files

FLAGS = ["--no-sandbox", "--use-fake-ui-for-media-stream"]
FLAGS += ["--use-fake-device-for-media-stream=device-count=2"]
STEPS = """async ([base, scale, seconds]) => {
  const { Method } = await import(base + "js/network.js");
  const { fuseFrames } = await import(base + "js/frames.js");
  const facts = await (await fetch(base + "page.json")).json();
  const method = new Method(facts.methods.find(({ name }) => name === facts.default));
  const canvas = new OffscreenCanvas(640, 480), context = canvas.getContext("2d");
  const noise = context.createImageData(640, 480);
  for (let at = 0; at < noise.data.length; at++) noise.data[at] = (at * 2654435761) >>> 24;
  context.putImageData(noise, 0, 0);
  const how = { width: 640, height: 480, color: "ycbcr", scale, places: null };
  const least = { whole: Infinity, network: Infinity };
  let frames = 0;
  for (const end = performance.now() + 1000 * seconds; performance.now() < end; frames++) {
    const [ir, vis] = [await createImageBitmap(canvas), await createImageBitmap(canvas)];
    const begun = performance.now();
    const { network } = await fuseFrames(method, ir, vis, how);
    if (!frames) continue; // loads
    least.whole = Math.min(least.whole, performance.now() - begun);
    least.network = Math.min(least.network, network);
  }
  return { ...least, frames };
}"""


class Handler(BaseHTTPRequestHandler):
    """Serves the page from memory."""

    files = page_files()

    def do_GET(self) -> None:
        """Send a file of the page."""
        file = self.files.get(self.path.lstrip("/") or "index.html")
        body = file.read() if file else b""
        self.send_response(200 if file else 404)
        self.send_header("Content-Length", str(len(body)))
        if file:
            self.send_header("Content-Type", file.content_type)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def live(tab: Page, scale: str, seconds: float) -> list[str]:
    """Frames per second and times as the page tells them."""
    tab.select_option("#live-scale", scale)
    tab.get_by_role("button", name="Start").click()
    tab.wait_for_selector("#meter:not([hidden])")
    tab.wait_for_timeout(1000 * seconds)
    told = [tab.inner_text(f"#{name}") for name in ("fps", "network-ms", "frame-ms", "live-engine")]
    tab.get_by_role("button", name="Stop").click()
    return told


def main() -> None:
    """Measure and print."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/"
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        tab = browser.new_page()
        tab.set_default_timeout(120_000)
        tab.goto(address)
        tab.get_by_role("button", name="Live", exact=True).click()
        tab.get_by_role("button", name="Find cameras").click()
        tab.wait_for_selector("#source-ir option:nth-child(2)", state="attached")
        for scale in ("1", "2", "4"):
            fps, network, frame, engine = live(tab, scale, seconds)
            print(f"live, map at 1/{scale}, by {engine}: {fps} frames/s")
            print(f"  as it runs: network {network}, frame with fetching and waiting {frame}")
            least = tab.evaluate(STEPS, [address, int(scale), seconds])
            whole, network_ms = least["whole"], least["network"]
            print(
                f"  least of {least['frames']}: network {network_ms:.0f} ms, frame {whole:.0f} ms"
            )
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
