"""Single files that hold both pictures, through the command line."""

import numpy as np
import pytest
from thermal_files import dji_jpeg, jpeg, scene_counts, whole_flir

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
