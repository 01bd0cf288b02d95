"""The browser gives the command line's results, from the same files."""

import struct
import zlib
from itertools import product

import cv2
import numpy as np
import pytest
from browsing import choose, chromium, hosted, opened, saved, settle
from handmade import chunk, png
from thermal_files import whole_flir
from typer.testing import CliRunner

from thermeld.cli import app
from thermeld.data.scene import render_scene
from thermeld.image import to_depth
from thermeld.io import encode_image, read_image
from thermeld.metrics import score

REAL = (
    ("tno25", "02"),
    ("msrs", "00004N"),
    ("vifb21", "carLight"),
    ("roadscene50", None),  # the first of odd width and height
)


@pytest.fixture(scope="module")
def tab():
    with hosted() as address, chromium() as browser:
        page = opened(browser.new_context(accept_downloads=True), address)
        yield page
        assert not page.faults


@pytest.fixture(scope="module")
def scene():
    return render_scene(np.random.default_rng(5), height=121, width=163)


def pair_of(shared, name, stem):
    folder = shared / "data" / name
    for vis in sorted((folder / "vi").iterdir()):
        ir = next((folder / "ir").glob(f"{vis.stem}.*"))
        height, width = read_image(vis).pixels.shape[:2]
        if vis.stem == stem or (stem is None and height % 2 and width % 2):
            return ir, vis
    raise AssertionError(f"{name} holds no such pair")


def by_command_line(ir, vis, out, *options):
    done = CliRunner().invoke(
        app, ["fuse", str(ir), str(vis), "-o", str(out), "--overwrite", *options]
    )
    assert done.exit_code == 0, done.output
    return read_image(out).pixels


def by_browser(tab, ir, vis, folder):
    choose(tab, ir, vis)
    return read_image(saved(tab, "Save as PNG", folder)).pixels


def assert_equal(found, wanted, *, levels=1):
    assert found.shape == wanted.shape
    assert found.dtype == wanted.dtype
    near = np.abs(found.astype(np.int64) - wanted) <= levels
    assert near.mean() >= 0.999


@pytest.mark.parametrize(("name", "stem"), REAL)
def test_real_pairs_come_out_as_by_the_command_line(tab, shared, tmp_path, name, stem):
    ir, vis = pair_of(shared, name, stem)
    found = by_browser(tab, ir, vis, tmp_path)
    assert_equal(found, by_command_line(ir, vis, tmp_path / "wanted.png"))


@pytest.fixture(scope="module")
def stored(scene, tmp_path_factory):
    """The scene in files of several kinds, by name."""
    folder = tmp_path_factory.mktemp("scene")
    counts = np.rint(7000 + 900 * scene.ir).astype(np.uint16)
    pictures = {
        "ir8.png": to_depth(scene.ir, np.uint8),
        "ir16.png": counts,
        "ir16.tiff": counts,
        "ir_small.png": cv2.resize(to_depth(scene.ir, np.uint8), (101, 76)),
        "vis8.png": to_depth(scene.vis, np.uint8),
        "vis16.png": to_depth(scene.vis, np.uint16),
        "vis16.tiff": to_depth(scene.vis, np.uint16),
        "vis_grey.png": to_depth(scene.vis[:, :, 1], np.uint8),
    }
    for name, pixels in pictures.items():
        (folder / name).write_bytes(encode_image(pixels, name))
    return folder


@pytest.mark.parametrize(
    ("ir", "vis", "chosen", "options"),
    [
        ("ir8.png", "vis8.png", {}, []),
        ("ir16.png", "vis8.png", {"color": "blend"}, ["--color", "blend"]),
        ("ir16.tiff", "vis8.png", {"window": "equalise"}, ["--window", "equalise"]),
        ("ir16.png", "vis8.png", {"own": "7200:7700"}, ["--window", "7200:7700"]),
        ("ir8.png", "vis16.png", {"own": "p2:p98"}, ["--window", "p2:p98"]),
        ("ir8.png", "vis16.tiff", {"color": "per-channel"}, ["--color", "per-channel"]),
        ("ir_small.png", "vis8.png", {"window": "minmax"}, ["--window", "minmax", "--fit", "vis"]),
        ("ir8.png", "vis_grey.png", {"method": "mobilefuse-generative"}, None),
        ("ir8.png", "vis8.png", {"method": "maximum", "color": "gray"}, ["--color", "gray"]),
    ],
    ids=str,
)
def test_rendered_pairs_come_out_as_by_the_command_line(
    tab, stored, tmp_path, ir, vis, chosen, options
):
    settings = {"method": "mobilefuse", "color": "ycbcr", "window": "auto"} | chosen
    own = settings.pop("own", None)
    for name, value in settings.items():
        tab.select_option(f"#{name}", "own" if name == "window" and own else value)
    if own:
        tab.fill("#own", own)
        tab.dispatch_event("#own", "change")
    found = by_browser(tab, stored / ir, stored / vis, tmp_path)
    tab.select_option("#window", "auto")
    options = ["--method", settings["method"], *(options or [])]
    wanted = by_command_line(stored / ir, stored / vis, tmp_path / "wanted.png", *options)
    assert_equal(found, wanted, levels=257 if found.dtype == np.uint16 else 1)


def test_a_radiometric_file_alone_gives_both_pictures(tab, tmp_path):
    tab.select_option("#method", "mobilefuse")
    tab.select_option("#color", "ycbcr")
    path = tmp_path / "FLIR0001.jpg"
    path.write_bytes(whole_flir())
    tab.set_input_files("#file-ir", path)
    settle(tab)
    assert "16 bits" in tab.inner_text("#facts-ir")
    assert "FLIR0001.jpg" in tab.inner_text("#facts-vis")
    found = read_image(saved(tab, "Save as PNG", tmp_path)).pixels
    wanted = tmp_path / "wanted.png"
    done = CliRunner().invoke(app, ["fuse", str(path), "-o", str(wanted), "-m", "mobilefuse"])
    assert done.exit_code == 0, done.output
    assert_equal(found, read_image(wanted).pixels)


def test_a_damaged_radiometric_file_is_refused_in_a_sentence(tab, tmp_path, rng):
    whole = whole_flir()
    for at in rng.integers(20, 6000, 25).tolist():
        broken = bytearray(whole)
        broken[at] ^= 255
        found = tab.evaluate(READ_FLIR, [tab.url, list(broken)])
        assert found is None or "counts" in found or found["refusal"].startswith(("it ", "its "))


def test_every_network_runs_in_the_browser(tab, stored, tmp_path):
    names = tab.eval_on_selector_all("#method option", "each => each.map(option => option.value)")
    assert {"mobilefuse", "average", "maximum"} <= set(names)
    choose(tab, stored / "ir8.png", stored / "vis8.png")
    tab.select_option("#color", "ycbcr")
    for name in names:
        tab.select_option("#method", name)
        settle(tab)
        found = read_image(saved(tab, "Save as PNG", tmp_path)).pixels
        options = ("--method", name)
        wanted = by_command_line(
            stored / "ir8.png", stored / "vis8.png", tmp_path / "wanted.png", *options
        )
        assert_equal(found, wanted)
    tab.select_option("#method", "mobilefuse")
    settle(tab)


@pytest.mark.parametrize("ir", ["ir8.png", "ir16.tiff"])
def test_metrics_are_those_of_the_package(tab, stored, tmp_path, ir):
    fused = by_browser(tab, stored / ir, stored / "vis8.png", tmp_path)
    tab.wait_for_selector("#numbers:not([hidden])")
    rows = tab.eval_on_selector_all(
        "#metrics tr",
        "rows => rows.map(row => [row.cells[0].textContent, row.cells[1].dataset.value])",
    )
    found = {name: float(value) for name, value in rows}
    sources = read_image(stored / ir).pixels, read_image(stored / "vis8.png").pixels
    wanted = score(*sources, fused, metrics=list(found), convention="tang")
    assert found == pytest.approx(wanted, abs=1e-6)
    assert list(found) == ["EN", "SD", "SF", "AG", "MI"]


READ_FLIR = """async ([address, bytes]) => {
  const { readFlir } = await import(address + "js/flir.js");
  try {
    const found = await readFlir(Uint8Array.from(bytes));
    return found && { counts: found.counts.width };
  } catch (error) {
    return { refusal: error.message };
  }
}"""
READ = """async ([address, bytes]) => {
  const { decode } = await import(address + "js/picture.js");
  try {
    const { pixels, alpha, ...facts } = await decode(Uint8Array.from(bytes));
    return { ...facts, pixels: Array.from(pixels), alpha: alpha && Array.from(alpha) };
  } catch (error) {
    return { refusal: error.message };
  }
}"""


def read_by_browser(tab, data):
    return tab.evaluate(READ, [tab.url, list(data)])


KINDS = [
    *product(("png", "tiff"), (np.uint8, np.uint16), (1, 3, 4)),
    ("tiff", np.float32, 1),
    ("tiff", np.float32, 3),
]


@pytest.mark.parametrize(("kind", "dtype", "channels"), KINDS)
def test_files_are_read_exactly(tab, rng, kind, dtype, channels):
    pixels = rng.random((13, 7, channels)) * (1 if dtype is np.float32 else np.iinfo(dtype).max)
    pixels = (np.rint(pixels) if dtype is not np.float32 else pixels).astype(dtype)
    alpha = np.ascontiguousarray(pixels[:, :, 3]) if channels == 4 else None
    plane = np.ascontiguousarray(pixels[:, :, 0] if channels == 1 else pixels[:, :, :3])
    found = read_by_browser(tab, encode_image(plane, kind, alpha=alpha))
    assert (found["width"], found["height"]) == (7, 13)
    assert found["pixels"] == plane.ravel().tolist()
    assert (found["alpha"] or []) == ([] if alpha is None else alpha.ravel().tolist())


PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2))


def interlaced(pixels):
    """An Adam7 PNG of uint8 (H, W), by hand."""
    rows = b""
    for left, top, across, down in (*PASSES, (0, 1, 1, 2)):
        part = pixels[top::down, left::across]
        rows += b"".join(b"\0" + row.tobytes() for row in part if row.size)
    height, width = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 1)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


@pytest.mark.parametrize("size", [(1, 1), (5, 3), (17, 21)])
def test_interlaced_pngs_are_read_exactly(tab, rng, size):
    pixels = rng.integers(0, 256, size, dtype=np.uint8)
    assert read_by_browser(tab, interlaced(pixels))["pixels"] == pixels.ravel().tolist()


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_pngs_of_few_bits_and_palettes_are_read_as_by_the_package(tab, rng, tmp_path, bits):
    rows = rng.integers(0, 256, (6, 3), dtype=np.uint8)
    colours = chunk(b"PLTE", rng.integers(0, 256, 3 << bits, dtype=np.uint8).tobytes())
    for colour, extra in ((0, b""), (3, colours)):
        data = png(rows, bits=bits, colour=colour, width=24 // bits - 1, extra=extra)
        path = tmp_path / f"{colour}.png"
        path.write_bytes(data)
        assert read_by_browser(tab, data)["pixels"] == read_image(path).pixels.ravel().tolist()


def test_larger_compressed_tiffs_are_read_exactly(tab, scene):
    """Long enough for codes of all widths, and for the dictionary to be cleared."""
    counts = np.rint(7000 + 900 * scene.ir).astype(np.uint16)
    for packing in (1, 5, 8):  # none, LZW, deflate
        done, data = cv2.imencode(".tiff", counts, [cv2.IMWRITE_TIFF_COMPRESSION, packing])
        assert done
        assert read_by_browser(tab, data.tobytes())["pixels"] == counts.ravel().tolist()


def test_damaged_files_are_refused_in_a_sentence(tab, scene, rng):
    whole = {
        kind: encode_image(to_depth(scene.ir[:40, :40], np.uint16), kind)
        for kind in ("png", "tiff")
    }
    for data in whole.values():
        for _ in range(40):
            broken = bytearray(data)
            at = int(rng.integers(len(data)))
            broken[at] ^= int(rng.integers(1, 256))
            for candidate in (bytes(broken), data[:at]):
                found = read_by_browser(tab, candidate)
                assert "pixels" in found or found["refusal"].startswith(("it ", "its ")), found
