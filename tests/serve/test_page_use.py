"""What visitors do with the page, in a real browser."""

import gzip
import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from browsing import FAKE_CAMERA, choose, chromium, hosted, opened, sample, saved, settle
from typer.testing import CliRunner

from thermeld.align import read_warp
from thermeld.align.warp import transformed
from thermeld.cli import app
from thermeld.data.scene import render_scene
from thermeld.fuse import DEFAULT_METHOD
from thermeld.image import to_depth
from thermeld.io import read_image, write_image
from thermeld.io.video import VideoWriter
from thermeld.serve.page import STATIC

AXE = Path(__file__).parent / "vendor/axe-4.14.1.min.js.gz"
# Where the sample "apart" has its infrared pixels; see tools/render_page_samples.py.
APART = np.array([[1.21, -0.042, 36.0], [0.042, 1.20, 10.0], [1.5e-5, -1.0e-5, 1.0]])
CORNERS = np.array([[60.0, 60.0], [420.0, 50.0], [400.0, 300.0], [70.0, 310.0], [240.0, 180.0]])


@pytest.fixture(scope="module")
def address():
    with hosted() as there:
        yield there


@pytest.fixture(scope="module")
def browser():
    with chromium(*FAKE_CAMERA) as program:
        yield program


@pytest.fixture
def tab(browser, address):
    context = browser.new_context(
        accept_downloads=True, permissions=["camera"], viewport={"width": 1280, "height": 1000}
    )
    page = opened(context, address)
    yield page
    assert not page.faults
    context.close()


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A small rendered scene in two files."""
    folder = tmp_path_factory.mktemp("pair")
    scene = render_scene(np.random.default_rng(3), height=96, width=128)
    ir = write_image(folder / "a_ir.png", to_depth(scene.ir, np.uint8))
    vis = write_image(folder / "a_vis.png", to_depth(scene.vis, np.uint8))
    return ir, vis


DROP = """([target, files]) => {
  const transfer = new DataTransfer();
  for (const [name, bytes] of files) transfer.items.add(new File([Uint8Array.from(bytes)], name));
  const where = document.querySelector(target);
  const options = { dataTransfer: transfer, bubbles: true, cancelable: true };
  for (const type of ["dragover", "drop"]) where.dispatchEvent(new DragEvent(type, options));
}"""


def drop(tab, target, *paths):
    files = [[path.name, list(path.read_bytes())] for path in paths]
    tab.evaluate(DROP, [target, files])
    settle(tab)


def pixel(tab, canvas, x, y):
    """The colour at shares of a canvas's width and height."""
    script = """([id, x, y]) => {
      const canvas = document.getElementById(id);
      const at = [Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1];
      return Array.from(canvas.getContext("2d").getImageData(...at).data);
    }"""
    return tab.evaluate(script, [canvas, x, y])


def test_two_pictures_dropped_at_once_find_their_places(tab, pair):
    ir, vis = pair
    drop(tab, "#work", vis, ir)
    assert "a_ir.png" in tab.inner_text("#facts-ir")
    assert "a_vis.png" in tab.inner_text("#facts-vis")
    assert f"Fused by {DEFAULT_METHOD}" in tab.inner_text("#state")


def test_a_file_that_is_no_picture_is_refused_where_it_was_put(tab, pair, tmp_path):
    choose(tab, *pair)
    wrong = tmp_path / "notes.txt"
    wrong.write_text("no picture at all")
    drop(tab, "#slot-ir", wrong)
    assert tab.inner_text("#problem-ir").startswith("notes.txt: it is not a picture")
    assert tab.is_disabled("#save-png")
    drop(tab, "#slot-ir", pair[0])
    assert not tab.is_visible("#problem-ir")
    assert tab.is_enabled("#save-png")


def test_the_wipe_shows_the_source_on_its_left_and_the_result_on_its_right(tab, pair):
    choose(tab, *pair)
    place = (0.5, 0.6)
    tab.focus("#wipe")
    tab.keyboard.press("Home")
    fused = pixel(tab, "stage", *place)
    tab.keyboard.press("End")
    source = pixel(tab, "stage", *place)
    assert source != fused
    tab.check("input[name=compare][value=vis]")
    assert pixel(tab, "stage", *place) != source
    box = tab.locator("#stage").bounding_box()
    tab.mouse.move(box["x"] + box["width"] - 1, box["y"] + 50)
    tab.mouse.down()
    tab.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 50, steps=4)
    tab.mouse.up()
    assert float(tab.input_value("#wipe")) == pytest.approx(25, abs=1)
    assert pixel(tab, "stage", *place) == fused


def test_zoom_and_pan_move_all_three_pictures(tab, pair):
    choose(tab, *pair)
    before = [pixel(tab, f"pane-{role}", 0.1, 0.9) for role in ("ir", "vis", "fused")]
    tab.focus("#pane-vis")
    for _ in range(4):
        tab.keyboard.press("+")
    tab.keyboard.press("ArrowRight")
    assert tab.inner_text("#zoom-now") == "506 %"
    after = [pixel(tab, f"pane-{role}", 0.1, 0.9) for role in ("ir", "vis", "fused")]
    assert all(one != other for one, other in zip(before, after, strict=True))
    tab.get_by_role("button", name="Fit").click()
    assert [pixel(tab, f"pane-{role}", 0.1, 0.9) for role in ("ir", "vis", "fused")] == before


def mark(tab, role, place, size):
    """Click at a picture's pixel; the whole picture is in view."""
    box = tab.locator(f"#points-{role}").bounding_box()
    scale = min(box["width"] / size[0], box["height"] / size[1])
    corner = [
        (box[side] - scale * count) / 2
        for side, count in zip(("width", "height"), size, strict=True)
    ]
    x, y = (box[axis] + corner[k] + (place[k] + 0.5) * scale for k, axis in enumerate("xy"))
    tab.mouse.click(x, y)


def test_marked_points_align_cameras_and_the_command_line_reads_them(tab, tmp_path):
    sample(tab, "Cameras apart")
    tab.get_by_role("button", name="Mark points").click()
    for ir, vis in zip(CORNERS, transformed(APART, CORNERS), strict=True):
        mark(tab, "ir", ir, (480, 360))
        mark(tab, "vis", vis, (640, 480))
    settle(tab)
    assert "5 pairs marked. They agree to" in tab.inner_text("#points-state")
    assert "Aligned by marked points" in tab.inner_text("#state")
    path = saved(tab, "Save the warp", tmp_path)
    warp = read_warp(path)
    inner = np.stack(np.meshgrid([80, 240, 400], [60, 180, 300]), -1).reshape(-1, 2).astype(float)
    missed = transformed(warp.matrix, inner) - transformed(APART, inner)
    assert np.hypot(*missed.T).max() < 2.5  # clicks are whole screen pixels
    samples = STATIC / "samples"
    sources = [str(samples / f"apart_{name}") for name in ("ir.png", "vis.jpg")]
    wanted = tmp_path / "wanted.png"
    done = CliRunner().invoke(app, ["fuse", *sources, "-o", str(wanted), "--align", str(path)])
    assert done.exit_code == 0, done.output
    found = read_image(saved(tab, "Save as PNG", tmp_path)).pixels.astype(int)
    assert (np.abs(found - read_image(wanted).pixels) <= 1).mean() >= 0.999


def test_points_are_moved_undone_and_removed_by_keys(tab):
    sample(tab, "Cameras apart")
    tab.get_by_role("button", name="Mark points").click()
    for role in ("ir", "vis"):
        tab.focus(f"#points-{role}")
        tab.keyboard.press("Enter")
    marks = tab.locator("#marks-ir .mark")
    assert "at 240, 180" in marks.first.get_attribute("aria-label")
    marks.first.focus()
    tab.keyboard.press("ArrowRight")
    tab.keyboard.press("Shift+ArrowUp")
    assert "at 241, 170" in marks.first.get_attribute("aria-label")
    tab.get_by_role("button", name="Undo").click()
    assert "at 241, 180" in marks.first.get_attribute("aria-label")
    marks.first.focus()
    tab.keyboard.press("Delete")
    assert marks.count() == tab.locator("#marks-vis .mark").count() == 0
    tab.get_by_role("button", name="Undo").click()
    assert marks.count() == 1


def test_points_on_a_line_are_refused_in_a_sentence(tab):
    sample(tab, "Cameras apart")
    tab.get_by_role("button", name="Mark points").click()
    for x in (50, 150, 250, 350):
        mark(tab, "ir", (x, 100), (480, 360))
        mark(tab, "vis", (x, 100), (640, 480))
    assert "line" in tab.inner_text("#points-state")
    assert tab.is_disabled("#warp-save")


def test_a_warp_file_is_opened_and_a_stranger_refused(tab, pair, tmp_path):
    choose(tab, *pair)
    facts = {"thermeld": "warp", "version": 1, "ir_size": [96, 128], "vis_size": [96, 128]}
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps({**facts, "matrix": [[1, 0, 9], [0, 1, -4], [0, 0, 1]]}))
    bad.write_text(json.dumps({**facts, "matrix": [[1, 0, 9], [0, 1, -4]]}))
    tab.set_input_files("#warp-file", good)
    settle(tab)
    assert "Aligned by good.json" in tab.inner_text("#state")
    tab.set_input_files("#warp-file", bad)
    tab.wait_for_selector("#align-problem:not([hidden])")
    assert "damaged" in tab.inner_text("#align-problem")


def test_the_panel_holds_all_three_side_by_side(tab, pair, tmp_path):
    choose(tab, *pair)
    found = read_image(saved(tab, "Save all three as a panel", tmp_path)).pixels
    ir, vis = (read_image(path).pixels for path in pair)
    assert found.shape[1] == 3 * 128 + 2 * 6
    bar = found.shape[0] - 96
    assert np.array_equal(found[bar:, :128, 0], ir)
    assert np.array_equal(found[bar:, 134:262], vis)


def live_frames(tab):
    tab.get_by_role("button", name="Start").click()
    tab.wait_for_selector("#meter:not([hidden])")
    assert float(tab.inner_text("#fps")) > 0
    assert tab.inner_text("#live-problem") == ""
    return pixel(tab, "live-stage", 0.3, 0.7)


def test_two_cameras_are_fused_live(tab):
    tab.get_by_role("button", name="Live", exact=True).click()
    tab.select_option("#live-size", "320")
    tab.get_by_role("button", name="Find cameras").click()
    tab.wait_for_selector("#source-ir option:nth-child(2)", state="attached")
    assert sum(live_frames(tab)[:3]) > 0
    tab.get_by_role("button", name="Take this pair as pictures").click()
    settle(tab)
    assert "live_ir.png" in tab.inner_text("#facts-ir")
    assert f"Fused by {DEFAULT_METHOD}" in tab.inner_text("#state")


def test_two_videos_are_fused_live(tab, tmp_path):
    """Dark infrared with a hot spot, bright visible: the fused one is neither."""
    pytest.importorskip("av", reason="needs PyAV to make a video")
    hot = np.full((120, 160), 20, np.uint8)
    hot[40:80, 60:100] = 250
    for role, picture in (("ir", hot), ("vis", np.full((120, 160, 3), 120, np.uint8))):
        with VideoWriter(tmp_path / f"{role}.mp4", fps=Fraction(10)) as sink:
            for _ in range(20):
                sink.write(picture)
    tab.get_by_role("button", name="Live", exact=True).click()
    tab.select_option("#live-size", "320")
    tab.select_option("#live-method", "maximum")
    for role in ("ir", "vis"):
        tab.set_input_files(f"#video-{role}", tmp_path / f"{role}.mp4")
    live_frames(tab)
    assert pixel(tab, "live-stage", 0.5, 0.5)[:3] == pytest.approx([250] * 3, abs=6)
    assert pixel(tab, "live-stage", 0.1, 0.1)[:3] == pytest.approx([120] * 3, abs=6)
    tab.get_by_role("button", name="Stop").click()


def test_a_network_without_a_map_is_fused_live(tab):
    """The scale of a map, a quarter at first, is none of its business."""
    tab.get_by_role("button", name="Live", exact=True).click()
    tab.select_option("#live-size", "320")
    tab.select_option("#live-method", "thermeld-nano")
    tab.get_by_role("button", name="Find cameras").click()
    tab.wait_for_selector("#source-ir option:nth-child(2)", state="attached")
    assert sum(live_frames(tab)[:3]) > 0


def test_live_says_what_is_missing_where_it_is_missing(tab):
    tab.get_by_role("button", name="Live", exact=True).click()
    tab.get_by_role("button", name="Start").click()
    tab.wait_for_selector("#live-problem-vis:not([hidden])")
    assert "Choose a video file" in tab.inner_text("#live-problem-ir")
    assert tab.inner_text("#live-start") == "Start"


def test_it_works_offline_after_the_first_visit(browser, address, pair):
    context = browser.new_context()
    tab = opened(context, address)
    tab.wait_for_selector("html[data-kept=yes]")
    context.set_offline(True)
    again = opened(context, address)
    choose(again, *pair)
    assert f"Fused by {DEFAULT_METHOD}" in again.inner_text("#state")
    sample(again, "Night street")
    assert "night_ir.png" in again.inner_text("#facts-ir")
    assert not again.faults
    context.close()


def test_a_plain_web_host_gets_threads_from_the_second_visit_on(browser, pair):
    with hosted(headers={}) as plain:
        context = browser.new_context()
        tab = opened(context, plain)
        assert not tab.evaluate("crossOriginIsolated")
        choose(tab, *pair)
        assert f"Fused by {DEFAULT_METHOD}" in tab.inner_text("#state")
        tab.wait_for_selector("html[data-kept=yes]")
        tab.reload()
        tab.wait_for_selector("html[data-ready=yes]")
        assert tab.evaluate("crossOriginIsolated")
        context.close()


def test_nothing_is_asked_of_any_other_host(browser, address, pair):
    context = browser.new_context()
    asked = []
    context.on("request", lambda request: asked.append((request.method, request.url)))
    tab = opened(context, address)
    choose(tab, *pair)
    assert asked
    assert all(method == "GET" and url.startswith((address, "blob:")) for method, url in asked)
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser, address, scheme):
    context = browser.new_context(color_scheme=scheme)
    tab = opened(context, address)
    tab.evaluate(gzip.decompress(AXE.read_bytes()).decode())
    assert serious(tab) == []
    sample(tab, "Cameras apart")
    tab.get_by_role("button", name="Mark points").click()
    tab.click("summary")
    tab.keyboard.press("Tab")
    assert serious(tab) == []
    tab.get_by_role("button", name="Live", exact=True).click()
    tab.get_by_role("button", name="Start").click()
    tab.wait_for_selector("#live-problem-vis:not([hidden])")
    assert serious(tab) == []
    context.close()


def serious(tab):
    found = tab.evaluate("axe.run()")["violations"]
    return [
        (each["id"], [node["target"] for node in each["nodes"]])
        for each in found
        if each["impact"] in ("serious", "critical", "moderate")
    ]


def test_a_telephone_needs_no_sideways_scrolling(browser, address):
    context = browser.new_context(viewport={"width": 360, "height": 740}, has_touch=True)
    tab = opened(context, address)
    sample(tab, "Night street")
    tab.get_by_role("button", name="Mark points").click()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    tab.get_by_role("button", name="Live", exact=True).click()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    context.close()


def test_everything_is_reached_by_the_tabulator_key(tab, pair):
    tab.select_option("#method", "mobilefuse")  # one with a map to look at
    choose(tab, *pair)
    script = (
        "document.activeElement.id || document.activeElement.name || document.activeElement.tagName"
    )
    reached = []
    for _ in range(40):
        tab.keyboard.press("Tab")
        reached.append(tab.evaluate(script))
    wanted = ["file-ir", "file-vis", "method", "window", "palette", "color", "points-open"]
    wanted += ["stage", "wipe", "save-png", "save-panel"]
    places = [reached.index(name) for name in wanted]
    assert places == sorted(places)
    assert {"compare", "map-share", "zoom-in", "pane-ir", "warp-file"} <= set(reached)
