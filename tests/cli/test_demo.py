import pytest

from thermeld.io import read_image


@pytest.mark.parametrize("light", ["night", "fog"])
def test_demo_shows_all_three(thermeld, tmp_path, light):
    answer = thermeld("demo", "-o", tmp_path, "--light", light)
    assert answer.code == 0, answer.err
    fused = read_image(tmp_path / f"{light}_fused.png").pixels
    assert fused.shape == (480, 640, 3)
    assert fused.std() > 10
    assert read_image(tmp_path / f"{light}_compare.png").pixels.shape[1] >= 3 * 640


def test_light_must_be_known(thermeld, tmp_path):
    assert thermeld("demo", "-o", tmp_path, "--light", "dusk").code == 2
