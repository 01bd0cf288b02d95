"""Single files that hold both pictures, through the command line."""

import numpy as np
import pytest
from thermal_files import dji_jpeg, jpeg, scene_celsius, scene_counts, whole_flir

from thermeld.io import read_image


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "FLIR0042.jpg"
    path.write_bytes(whole_flir())
    return path


def test_one_flir_file_is_fused_alone(thermeld, photo, tmp_path):
    answer = thermeld("fuse", photo, "-o", tmp_path / "fused.png", "--method", "laplacian")
    assert answer.code == 0, answer.err
    fused = read_image(tmp_path / "fused.png").pixels
    assert fused.shape == (192, 256, 3)
    assert fused.std() > 20


def test_comparison_shows_both_pictures_of_the_file(thermeld, photo, tmp_path):
    out = tmp_path / "fused.png"
    answer = thermeld("fuse", photo, "-o", out, "--method", "average", "--compare")
    assert answer.code == 0, answer.err
    assert read_image(tmp_path / "fused_compare.png").pixels.shape[1] > 3 * 256


def test_a_folder_of_such_files_is_fused_and_resumed(thermeld, photo, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(whole_flir()[:3000])
    words = ("fuse", tmp_path, "-o", tmp_path / "out", "--method", "average", "--json")
    first = thermeld(*words)
    assert first.code == 1
    assert first.lines[-1]["made"] == 1
    assert first.lines[-1]["failed"] == ["broken"]
    photo.with_name("broken.jpg").unlink()
    assert thermeld(*words).lines[-1]["skipped"] == 1


def test_a_dji_shot_is_fused_with_its_neighbour(thermeld, tmp_path):
    (tmp_path / "DJI_0001_T.JPG").write_bytes(dji_jpeg(scene_counts()))
    (tmp_path / "DJI_0001_V.JPG").write_bytes(jpeg(48, 64))
    words = ("fuse", tmp_path / "DJI_0001_T.JPG", "-o", tmp_path / "fused.png", "-m", "average")
    refused = thermeld(*words)
    assert refused.code == 1
    assert "fit" in refused.err
    assert thermeld(*words, "--fit", "vis").code == 0
    assert read_image(tmp_path / "fused.png").pixels.shape == (48, 64, 3)


def test_counts_are_fused_not_the_rendered_picture(thermeld, photo, tmp_path):
    jpeg_only = tmp_path / "vis.jpg"
    jpeg_only.write_bytes(jpeg(24, 32))
    out = tmp_path / "fused.png"
    assert thermeld("fuse", photo, jpeg_only, "-o", out, "-m", "maximum").code == 0
    counts = scene_counts().astype(float).ravel()  # the rendered picture is a flat grey
    fused = read_image(out).pixels[:, :, 0].astype(float).ravel()
    assert np.corrcoef(counts, fused)[0, 1] > 0.8


def test_a_plain_picture_alone_is_refused(thermeld, tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(jpeg())
    answer = thermeld("fuse", tmp_path / "holiday.jpg", "-o", tmp_path / "fused.png")
    assert answer.code == 2
    assert "name the visible one too" in answer.err


def test_info_tells_temperatures_camera_and_offsets(thermeld, photo):
    answer = thermeld("info", photo)
    celsius = scene_celsius()
    assert answer.code == 0, answer.err
    assert f"temperatures {celsius.min():.1f} to {celsius.max():.1f} °C" in answer.out
    assert f"mean {celsius.mean():.1f} °C" in answer.out
    assert "camera FLIR E40: 32x24 counts" in answer.out
    assert "1.250 times" in answer.out
    assert "+6 right and -4 down" in answer.out


def test_info_as_json(thermeld, photo):
    (facts,) = thermeld("info", photo, "--json").lines
    assert facts["thermal"]["celsius"]["max"] == pytest.approx(scene_celsius().max(), abs=0.05)
    assert facts["thermal"]["offset_px"] == [6, -4]
    assert facts["type"] == "uint8"


def test_temperatures_are_saved_as_floats_and_as_hundredths_of_a_kelvin(thermeld, photo, tmp_path):
    celsius = scene_celsius()
    out = tmp_path / "degrees.tiff"
    answer = thermeld("info", photo, "--temperatures", out)
    assert answer.code == 0, answer.err
    saved = read_image(out).pixels
    assert saved.dtype == np.float32
    assert np.abs(saved - celsius).max() < 0.05
    assert thermeld("info", photo, "--temperatures", tmp_path / "steps.png").code == 0
    steps = read_image(tmp_path / "steps.png").pixels
    assert steps.dtype == np.uint16
    assert np.abs(steps / 100 - 273.15 - celsius).max() < 0.06


def test_saved_steps_can_be_read_back_as_temperatures(thermeld, photo, tmp_path):
    steps = tmp_path / "steps.png"
    thermeld("info", photo, "--temperatures", steps)
    (facts,) = thermeld("info", steps, "--kelvin-per-count", 0.01, "--json").lines
    assert facts["thermal"]["celsius"]["mean"] == pytest.approx(scene_celsius().mean(), abs=0.05)


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["FLIR0042.jpg", "FLIR0042.jpg", "--temperatures", "a.tiff"], 2, "one file"),
        (["FLIR0042.jpg", "--temperatures", "a.jpg"], 1, "need .tiff"),
        (["plain.jpg", "--temperatures", "a.tiff"], 1, "not a radiometric JPEG"),
        (["dji.jpg", "--temperatures", "a.tiff"], 1, "Thermal SDK"),
        (["plain.jpg", "--kelvin-per-count", "0.01"], 1, "not one plane of 16-bit"),
        (["FLIR0042.jpg", "--kelvin-per-count", "-1"], 2, "kelvin per count"),
    ],
)
def test_temperatures_that_cannot_be_are_refused(thermeld, photo, monkeypatch, words, code, reason):
    monkeypatch.chdir(photo.parent)
    (photo.parent / "plain.jpg").write_bytes(jpeg())
    (photo.parent / "dji.jpg").write_bytes(dji_jpeg(scene_counts()))
    answer = thermeld("info", *words)
    assert answer.code == code
    assert reason in answer.err
    assert not list(photo.parent.glob("a.*"))


def test_info_says_why_dji_has_no_degrees(thermeld, tmp_path):
    (tmp_path / "DJI_0001_T.JPG").write_bytes(dji_jpeg(scene_counts()))
    answer = thermeld("info", tmp_path / "DJI_0001_T.JPG")
    assert answer.code == 0
    assert "no temperatures: how DJI's counts become degrees" in answer.out
    assert "emissivity 0.95" in answer.out
