import numpy as np
import pytest
from thermal_files import scene_celsius, whole_flir

from thermeld.align import Warp, warp_to_json
from thermeld.io import read_image, write_image
from thermeld.palette import colours, painted
from thermeld.present import ROOM


def test_one_flir_file_is_presented_with_both_its_pictures(thermeld, tmp_path):
    photo, out = tmp_path / "FLIR0042.jpg", tmp_path / "shown.png"
    photo.write_bytes(whole_flir())
    answer = thermeld("present", photo, "-o", out, "--window", "0:70", "--palette", "rainbow")
    assert answer.code == 0, answer.err
    shown = read_image(out).pixels
    assert shown.shape[0] == 192
    assert shown.shape[1] > 256
    # Far from the visible circle's rim, the colour is that of the temperature.
    celsius = scene_celsius()[20, 4]
    expected = painted(np.array([[celsius / 70]], np.float32), colours("rainbow", room=ROOM))
    assert np.abs(shown[164, 36] - expected[0, 0] * 255).max() < 6


def test_a_pair_and_a_thermal_picture_alone(thermeld, pair, tmp_path):
    both, alone = tmp_path / "both.png", tmp_path / "alone.png"
    assert thermeld("present", *pair, "-o", both, "--no-legend").code == 0
    assert thermeld("present", pair[0], "-o", alone, "--no-legend").code == 0
    assert read_image(both).pixels.shape == read_image(alone).pixels.shape == (24, 32, 3)


def test_linear_counts_are_presented_in_degrees(thermeld, tmp_path):
    steps = np.rint((scene_celsius() + 273.15) * 100).astype(np.uint16)
    path, out = write_image(tmp_path / "boson.tiff", steps), tmp_path / "shown.png"
    words = ("present", path, "-o", out, "--kelvin-per-count", 0.01, "--window", "0:70")
    assert thermeld(*words, "--no-legend", "--palette", "white-hot", "--edges", 0).code == 0
    shown = read_image(out).pixels[:, :, 0]
    assert np.abs(shown - scene_celsius() / 70 * 255).max() < 1


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["--palette", "irn"], 2, "did you mean 'iron'"),
        (["--edges", "2"], 2, "edges"),
        (["--window", "9:1"], 2, "rise"),
    ],
)
def test_impossible_looks_are_refused_before_work(thermeld, pair, tmp_path, words, code, reason):
    answer = thermeld("present", *pair, "-o", tmp_path / "out.png", *words)
    assert answer.code == code
    assert reason in answer.err
    assert not (tmp_path / "out.png").exists()


def test_two_views_are_laid_over_each_other_by_a_saved_warp(thermeld, pair, tmp_path):
    warp = Warp(np.array([[1.0, 0, 5], [0, 1, 3], [0, 0, 1]]), (24, 32), (24, 32))
    (tmp_path / "warp.json").write_text(warp_to_json(warp))
    out = tmp_path / "shown.png"
    answer = thermeld("present", *pair, "-o", out, "--no-legend", "--align", tmp_path / "warp.json")
    assert answer.code == 0, answer.err
    assert read_image(out).pixels.shape == (21, 27, 3)
