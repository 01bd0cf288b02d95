"""Renew the browser's ONNX Runtime in `serve/static/runtime` from npm.

    python tools/renew_onnxruntime_web.py [VERSION]

Takes what the page loads out of `onnxruntime-web`, compresses the WebAssembly files with gzip
(browsers unpack them, so that any web host will do), and writes `runtime.json` with the version
and the SHA-256 of every file as npm has it. Needs npm, and an installed `onnxruntime` for the
licence texts of the same project.
"""

import gzip
import hashlib
import json
import subprocess
import sys
import tarfile
from importlib.metadata import distribution
from pathlib import Path
from tempfile import TemporaryDirectory

VERSION = "1.30.0"
PACKAGE = "onnxruntime-web"
RUNTIME = Path(__file__).parents[1] / "src/thermeld/serve/static/runtime"
# Plain WebAssembly (with threads where the page may have them), and WebGPU in its form that
# works in every browser; `jspi` is smaller but not every browser with WebGPU can run it.
FILES = (
    "ort.wasm.min.mjs",
    "ort-wasm-simd-threaded.mjs",
    "ort-wasm-simd-threaded.wasm",
    "ort.webgpu.min.mjs",
    "ort-wasm-simd-threaded.asyncify.mjs",
    "ort-wasm-simd-threaded.asyncify.wasm",
)
NOTICES = {"LICENSE": "LICENSE", "ThirdPartyNotices.txt": "ThirdPartyNotices.txt"}


def fetched(version: str, folder: Path) -> dict[str, bytes]:
    """The files as npm has them."""
    command = ["npm", "pack", "--silent", f"{PACKAGE}@{version}"]
    name = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout
    with tarfile.open(folder / name.strip().splitlines()[-1]) as archive:
        contents = {}
        for file in FILES:
            member = archive.extractfile(f"package/dist/{file}")
            if member is None:
                raise SystemExit(f"{PACKAGE} {version} holds no {file}; was it renamed?")
            contents[file] = member.read()
    return contents


def without_map(script: bytes) -> bytes:
    """A script without the mention of its source map, which is not shipped."""
    lines = [line for line in script.splitlines() if not line.startswith(b"//# sourceMappingURL")]
    return b"\n".join(lines) + b"\n"


def write(contents: dict[str, bytes], version: str) -> None:
    """Compress, write, and note the checksums; files of an earlier version go."""
    RUNTIME.mkdir(parents=True, exist_ok=True)
    for old in RUNTIME.iterdir():
        old.unlink()
    for name, content in contents.items():
        if name.endswith(".wasm"):
            packed = gzip.compress(content, compresslevel=9, mtime=0)
            (RUNTIME / f"{name}.gz").write_bytes(packed)
        else:
            (RUNTIME / name).write_bytes(without_map(content))
    installed = distribution("onnxruntime")
    for name, source in NOTICES.items():
        text = Path(str(installed.locate_file(f"onnxruntime/{source}"))).read_bytes()
        packed = gzip.compress(text, compresslevel=9, mtime=0) if len(text) > 20_000 else text
        (RUNTIME / (name if packed is text else f"{name}.gz")).write_bytes(packed)
    facts = {
        "package": PACKAGE,
        "version": version,
        "licence": "MIT",
        "source": f"https://www.npmjs.com/package/{PACKAGE}/v/{version}",
        "sha256": {name: hashlib.sha256(body).hexdigest() for name, body in contents.items()},
    }
    (RUNTIME / "runtime.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Fetch and write."""
    version = sys.argv[1] if len(sys.argv) > 1 else VERSION
    with TemporaryDirectory() as folder:
        write(fetched(version, Path(folder)), version)
    total = sum(path.stat().st_size for path in RUNTIME.iterdir())
    print(f"{RUNTIME}: {PACKAGE} {version}, {total / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
