"""The service's routes: right pictures, the command line's sentences, facts for programs."""

import json
import sys

import numpy as np
import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")
pytest.importorskip("uvicorn", reason="needs the extra serve")
pytest.importorskip("python_multipart", reason="needs the extra serve")

from pathlib import Path

from service import picture, running
from thermal_files import whole_flir

from thermeld.align import Aligner, Parallax, Rig, Warp, apply, rig_to_json, unwarped, warp_to_json
from thermeld.align.files import warp_from_facts
from thermeld.cli import main
from thermeld.data.scene import render_scene
from thermeld.fuse import Fuser
from thermeld.image import to_depth
from thermeld.io import Pair, encode_image, read_pair
from thermeld.io.files import read_picture
from thermeld.metrics import score
from thermeld.serve.limits import FAMILIES, Limits


@pytest.fixture(scope="module")
def service():
    with running() as one:
        yield one


@pytest.fixture(scope="module")
def scene():
    """A rendered pair, 8 bit."""
    made = render_scene(np.random.default_rng(3), height=96, width=128)
    return to_depth(made.ir, np.uint8), to_depth(made.vis, np.uint8)


@pytest.fixture(scope="module")
def files(scene):
    return {"ir": encode_image(scene[0], "png"), "vis": encode_image(scene[1], "png")}


def pixels(answer):
    assert answer.status == 200, answer.body[:500]
    return read_picture(answer.body, Path("answer")).pixels


@pytest.mark.parametrize("method", ["mobilefuse", "average", "laplacian"])
def test_a_fused_picture_is_the_fusers(service, scene, files, method):
    answer = service.post("/v1/fuse", {**files, "method": method})
    assert np.array_equal(pixels(answer), Fuser(method)(*scene))
    assert answer.headers["content-type"] == "image/png"


def test_options_mean_what_they_mean_to_the_fuser(service, scene, files):
    options = {"method": "average", "color": "gray", "window": "p5:p95"}
    answer = service.post("/v1/fuse", {**files, **options})
    assert np.array_equal(pixels(answer), Fuser("average", color="gray", window="p5:p95")(*scene))


def test_settings_reach_the_method(service, scene, files):
    settings = {"levels": 3}
    parts = {**files, "method": "laplacian", "settings": json.dumps(settings)}
    fused = Fuser("laplacian", settings=settings)(*scene)
    assert np.array_equal(pixels(service.post("/v1/fuse", parts)), fused)


def test_16_bits_and_alpha_survive(service, rng):
    ir = rng.integers(7000, 9000, (40, 50), np.uint16)
    vis = rng.integers(0, 65536, (40, 50, 3), np.uint16)
    alpha = rng.integers(0, 65536, (40, 50), np.uint16)
    parts = {"ir": encode_image(ir, "tiff"), "vis": encode_image(vis, "png", alpha=alpha)}
    answer = service.post("/v1/fuse", {**parts, "method": "average"})
    fused = read_picture(answer.body, Path("answer"))
    assert np.array_equal(fused.pixels, Fuser("average")(ir, vis))
    assert np.array_equal(fused.alpha, alpha)


@pytest.mark.parametrize(
    ("format", "media"), [("jpg", "jpeg"), ("webp", "webp"), ("tiff", "tiff"), ("bmp", "bmp")]
)
def test_the_format_of_the_answer_can_be_chosen(service, files, format, media):
    answer = service.post("/v1/fuse", {**files, "method": "average", "format": format})
    assert answer.headers["content-type"] == f"image/{media}"
    assert read_picture(answer.body, Path("answer")).format == media


def test_a_given_warp_lays_the_infrared_picture(service, scene, files):
    ir, vis = scene
    plain = unwarped(ir.shape[:2], vis.shape[:2])
    shifted = plain.matrix.copy()
    shifted[0, 2] += 9
    warp = Warp(shifted, plain.ir_size, plain.vis_size)
    parts = {**files, "method": "average", "warp": warp_to_json(warp), "wedges": "black"}
    answer = service.post("/v1/fuse", parts)
    assert np.array_equal(pixels(answer), Fuser("average")(apply(warp, ir)[0], vis))
    assert "given warp" in answer.headers["thermeld-note"]


def test_a_rig_is_used_at_its_distance(service, scene, files):
    ir, vis = scene
    plain = unwarped(ir.shape[:2], vis.shape[:2])
    rig = Rig(plain, {}, parallax=Parallax(0.2, 400.0, 10.0))
    parts = {**files, "method": "average", "warp": rig_to_json(rig), "distance": "5"}
    fused = Fuser("average", aligner=Aligner(rig.at(5.0)))(ir, vis)
    assert np.array_equal(pixels(service.post("/v1/fuse", parts)), fused)
    assert "distance must be" in service.post("/v1/fuse", {**parts, "distance": "far"}).sentence
    assert "distance must be" in service.post("/v1/fuse", {**parts, "distance": "nan"}).sentence


def test_scores_are_the_librarys(service, scene, files):
    fused = Fuser("average")(*scene)
    parts = {**files, "fused": encode_image(fused, "png"), "metrics": "EN,SF", "convention": "tang"}
    found = service.post("/v1/score", parts).json
    assert found["values"] == score(*scene, fused, metrics=["EN", "SF"], convention="tang")
    assert found["convention"] == "tang"


def test_a_found_warp_can_be_sent_back(service):
    made = render_scene(np.random.default_rng(5), height=192, width=256, night=False)
    ir, vis = to_depth(np.roll(made.ir, 7, axis=1), np.uint8), to_depth(made.vis, np.uint8)
    parts = {"ir": encode_image(ir, "png"), "vis": encode_image(vis, "png")}
    found = service.post("/v1/align", parts).json
    assert found["confidence"] > 0.9
    assert found["displaced_px"] == pytest.approx(7, abs=1)
    text = json.dumps(found["warp"])
    fused = service.post("/v1/fuse", {**parts, "method": "average", "warp": text})
    aligner = Aligner(warp_from_facts(found["warp"]))
    assert np.array_equal(pixels(fused), Fuser("average", aligner=aligner)(ir, vis))


def test_too_little_in_common_is_said(service, rng):
    parts = {"ir": picture(rng, (64, 64)), "vis": picture(rng, (64, 64))}
    answer = service.post("/v1/align", parts)
    assert answer.status == 422
    assert "too little in common" in answer.sentence


def test_the_methods_on_offer_are_those_of_the_limits(service):
    facts = service.get("/v1/methods").json
    assert facts["default"] in {card["name"] for card in facts["methods"]}
    assert {card["family"] for card in facts["methods"]} == set(FAMILIES)
    assert facts["limits"]["pixels"] == Limits().pixels


def test_sentences_are_the_command_lines(service, rng, tmp_path, monkeypatch, capsys):
    """Each refusal of the service, beside what `thermeld fuse` prints for the same files."""
    small, large = picture(rng, (24, 32)), picture(rng, (30, 32))
    (tmp_path / "ir").write_bytes(small)
    (tmp_path / "vis").write_bytes(large)
    monkeypatch.chdir(tmp_path)
    for options in ({}, {"fit": "vis", "method": "averge"}, {"window": "9:7"}, {"color": "blend"}):
        chosen = {"method": "average", **options}
        flags = [word for name, value in chosen.items() for word in (f"--{name}", value)]
        monkeypatch.setattr(sys, "argv", ["thermeld", "fuse", "ir", "vis", "-o", "o.png", *flags])
        with pytest.raises(SystemExit):
            main()
        printed = capsys.readouterr().err.removeprefix("thermeld: ").strip()
        answer = service.post("/v1/fuse", {"ir": small, "vis": large, **chosen})
        assert (answer.status, answer.sentence) == (422, printed)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ({"ir": b"GIF89a\1\0\1\0", "vis": b""}, "a GIF"),
        ({"vis": b"x"}, "part 'ir' is missing"),
        ({"ir": b"\x89PNG\r\n\x1a\n", "vis": b"\x89PNG\r\n\x1a\n"}, "cut off"),
        ({"ir": b"a,b\n1,2\n"}, "begins like text"),
        ({"infrared": b"x"}, "no part named 'infrared'"),
        ({"ir": b"x", "method": "/etc/passwd.onnx"}, "no method named"),
        ({"ir": b"x", "method": "csr"}, "csr is not offered"),
        ({"ir": b"x", "quality": "101"}, "quality must be a whole number of 1..100"),
        ({"ir": b"x", "settings": "[1]"}, "settings must be a JSON object"),
        ({"ir": b"x", "settings": '{"levels": "many"}', "method": "laplacian"}, "levels"),
        ({"ir": b"x", "warp": "{}"}, "not a warp or rig of thermeld's"),
        ({"ir": b"x", "warp": '{"thermeld": "warp", "version": 1}'}, "matrix must be 3x3"),
        ({"ir": b"x", "warp": '{"thermeld": "rig", "version": 1}'}, "a rig holds a warp"),
        ({"ir": b"x", "warp": "[" * 10_000}, "warp is not JSON"),
        ({"ir": b"x", "format": "exe"}, "format must be one of"),
        ({"ir": b"x", "align": "auto", "warp": "{}"}, "send one of the two"),
        ({"ir": b"x", "window": b"\xff\xfe"}, "window is not UTF-8"),
        ({"ir": b"x", "wedges": "round", "align": "auto"}, "wedges must be one of"),
    ],
)
def test_refusals_are_problems_with_a_sentence(service, parts, sentence):
    answer = service.post("/v1/fuse", parts)
    assert answer.status == 422
    assert sentence in answer.sentence


def test_one_radiometric_picture_is_a_pair(service, tmp_path):
    path = tmp_path / "FLIR0042.jpg"
    path.write_bytes(whole_flir())
    ir, vis = read_pair(Pair("FLIR0042", path, path))
    answer = service.post("/v1/fuse", {"ir": whole_flir(), "method": "average"})
    assert np.array_equal(pixels(answer), Fuser("average")(ir.pixels, vis.pixels))
    both = service.post(
        "/v1/fuse",
        {"ir": whole_flir(), "vis": encode_image(vis.pixels, "png"), "fit": "vis"},
    )
    assert pixels(both).shape == vis.pixels.shape


def test_the_picture_inside_a_radiometric_one_is_no_larger_than_others_may_be():
    with running(Limits(parallel=1, pixels=50_000)) as small:
        answer = small.post("/v1/fuse", {"ir": whole_flir(), "method": "average"})
    assert "its visible picture has 76800 pixels; the limit is 50000" in answer.sentence


def test_a_plain_picture_without_a_visible_one_is_told_so(service, files):
    answer = service.post("/v1/fuse", {"ir": files["ir"]})
    assert "holds one picture only" in answer.sentence


def test_metrics_count_what_happened(service, files):
    def value(name):
        lines = service.get("/metrics").body.decode().splitlines()
        return float(next(line.rpartition(" ")[2] for line in lines if line.startswith(name)))

    asked = 'thermeld_requests_total{route="/v1/fuse",status="200"}'
    service.post("/v1/fuse", {**files, "method": "average"})
    before = value(asked)
    for _ in range(3):
        service.post("/v1/fuse", {**files, "method": "average"})
    assert value(asked) == before + 3
    assert value('thermeld_request_seconds_bucket{route="/v1/fuse",le="+Inf"}') >= before + 3
    assert value('thermeld_step_seconds_count{route="/v1/fuse",step="encode"}') >= before + 3
    assert value("thermeld_in_work") == value("thermeld_held_bytes") == 0
    assert value("process_resident_memory_bytes") > 1e7


def test_health(service):
    assert service.get("/healthz").json["status"] == "ok"


def test_the_openapi_document_describes_every_route(service):
    document = service.get("/openapi.json").json
    fuse = document["paths"]["/v1/fuse"]["post"]
    body = fuse["requestBody"]["content"]["multipart/form-data"]
    assert body["schema"]["required"] == ["ir"]
    assert set(body["example"]) <= set(body["schema"]["properties"])
    assert "application/problem+json" in fuse["responses"]["422"]["content"]
    assert {"/v1/score", "/v1/align", "/v1/methods", "/healthz", "/metrics"} <= set(
        document["paths"]
    )


def test_the_page_is_there_with_its_policy(service):
    page = service.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "script-src 'self' 'wasm-unsafe-eval'" in page.headers["content-security-policy"]
    assert page.headers["cross-origin-opener-policy"] == "same-origin"
    again = service.get("/", **{"if-none-match": page.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize(
    "path", ["/../app.py", "/%2e%2e/app.py", "/static/index.html", "/v2", "//"]
)
def test_nothing_else_is_there(service, path):
    answer = service.get(path)
    if path == "//":
        assert answer.status == 200  # the page again
    else:
        assert answer.status == 404
        assert "nothing is here" in answer.sentence


def test_a_wrong_http_method_is_told(service):
    assert service.get("/v1/fuse").status == 405


def test_answers_of_the_service_may_do_nothing_in_a_browser(service, files):
    for answer in (service.get("/healthz"), service.post("/v1/fuse", {**files})):
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "access-control-allow-origin" not in answer.headers
