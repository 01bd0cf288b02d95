"""The page as files: complete, consistent, and written wholly or not at all."""

import gzip
import hashlib
import json
import re
from pathlib import PurePosixPath

import pytest
from typer.testing import CliRunner

from thermeld.cli import app
from thermeld.errors import UnwritableFile
from thermeld.methods.neural import MODELS
from thermeld.serve.page import HEADERS, POLICY, STATIC, page_files, write_page


@pytest.fixture(scope="module")
def files():
    return page_files()


def test_the_runtime_is_what_npm_has(files):
    facts = json.loads(files["runtime/runtime.json"].read())
    assert facts["licence"] == "MIT"
    assert b"MIT License" in files["runtime/LICENSE"].read()
    binaries = [name for name in facts["sha256"] if name.endswith(".wasm")]
    assert len(binaries) == 2
    for name in binaries:
        content = gzip.decompress(files[f"runtime/{name}.gz"].read())
        assert hashlib.sha256(content).hexdigest() == facts["sha256"][name]


def test_every_script_finds_what_it_imports(files):
    scripts = [name for name in files if name.startswith("js/")]
    assert "js/app.js" in scripts
    for name in scripts:
        for target in re.findall(r'from "\./([\w.]+)"', files[name].read().decode()):
            assert str(PurePosixPath(name).with_name(target)) in files, f"{name} wants {target}"


def test_every_element_a_script_names_is_on_the_page(files):
    page = files["index.html"].read().decode()
    there = set(re.findall(r'\bid="([\w-]+)"', page))
    assert len(there) == len(re.findall(r'\bid="', page)), "two elements have one id"
    for name in (name for name in files if name.startswith("js/")):
        wanted = set(re.findall(r'\$\("([\w-]+)"\)', files[name].read().decode()))
        assert wanted <= there, f"{name} wants {wanted - there}"


def test_the_page_has_no_inline_script_or_style_and_names_no_other_host(files):
    page = files["index.html"].read().decode()
    assert f'content="{POLICY}"' in page
    assert "unsafe-inline" not in HEADERS["Content-Security-Policy"]
    assert not re.search(r"\son\w+=|\sstyle=|<style|<script(?![^>]*\ssrc=)", page)
    own = [name for name in files if PurePosixPath(name).suffix in (".html", ".css", ".js")]
    for name in own:
        hosts = re.findall(r"https?://[^\s\"'`)]+", files[name].read().decode())
        assert not hosts, f"{name} names {hosts}"


def test_every_network_of_the_package_is_offered_with_its_files(files):
    facts = json.loads(files["page.json"].read())
    offered = {card["name"] for card in facts["methods"]}
    assert offered == {path.stem for path in MODELS.glob("*.json")} | {"average", "maximum"}
    assert facts["default"] in offered
    for card in facts["methods"]:
        for file in card["files"]:
            content = files[f"models/{file['file']}"].read()
            assert hashlib.sha256(content).hexdigest() == file["sha256"]
    for sample in facts["samples"]:
        assert {f"samples/{sample[role]}" for role in ("ir", "vis")} <= set(files)


def test_the_service_worker_keeps_every_file_and_tells_versions_apart(files):
    first = files["sw.js"].read().decode().partition("\n")[0]
    kept = json.loads(first.removeprefix("const KEPT = ").removesuffix(";"))
    assert set(kept["files"]) == {"./"} | files.keys() - {"sw.js"}
    assert set(kept["first"]) < set(kept["files"])
    again = page_files()["sw.js"].read()
    assert again == files["sw.js"].read()


def test_the_page_stays_small_enough_for_the_wheel():
    assert sum(path.stat().st_size for path in STATIC.rglob("*") if path.is_file()) < 12e6


def test_the_folder_holds_the_files(tmp_path, files):
    done = CliRunner().invoke(app, ["page", "-o", str(tmp_path / "site")])
    assert done.exit_code == 0, done.output
    written = {
        path.relative_to(tmp_path / "site").as_posix(): path.read_bytes()
        for path in (tmp_path / "site").rglob("*")
        if path.is_file()
    }
    assert written == {name: file.read() for name, file in files.items()}
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_page_is_replaced_only_if_allowed_and_other_things_never(tmp_path):
    site, other = tmp_path / "site", tmp_path / "other"
    write_page(site)
    (site / "index.html").write_text("old")
    with pytest.raises(UnwritableFile, match="--overwrite"):
        write_page(site)
    write_page(site, overwrite=True)
    assert (site / "index.html").read_bytes() == page_files()["index.html"].read()
    other.mkdir()
    (other / "precious.txt").write_text("keep me")
    with pytest.raises(UnwritableFile, match="other things"):
        write_page(other, overwrite=True)
    with pytest.raises(UnwritableFile, match="is a file"):
        write_page(other / "precious.txt", overwrite=True)
    assert (other / "precious.txt").read_text() == "keep me"
    assert {path.name for path in tmp_path.iterdir()} == {"site", "other"}


def test_a_failure_half_way_leaves_nothing_and_keeps_the_old(tmp_path, monkeypatch):
    folder = tmp_path / "site"
    write_page(folder)
    monkeypatch.setattr("thermeld.serve.page._write", refuse)
    with pytest.raises(UnwritableFile, match="No space left"):
        write_page(folder, overwrite=True)
    assert (folder / "index.html").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def refuse(path, file):
    raise OSError(28, "No space left on device")
