import numpy as np

from thermeld.io import write_image


def test_counts_and_their_window(thermeld, tmp_path):
    counts = np.arange(7000, 8000, dtype=np.uint16).reshape(20, 50)
    path = write_image(tmp_path / "t.tiff", counts)
    (facts,) = thermeld("info", path, "--json").lines
    assert (facts["width"], facts["height"], facts["type"]) == (50, 20, "uint16")
    assert (facts["lowest"], facts["highest"]) == (7000, 7999)
    low, high = facts["thermal_window"]
    assert 7000 < low < 7005
    assert 7994 < high < 7999
    assert "tiff, 50x20, grey, uint16" in thermeld("info", path).out


def test_bad_file_among_good_ones(thermeld, tmp_path):
    good = write_image(tmp_path / "g.png", np.zeros((2, 3, 3), np.uint8))
    (tmp_path / "b.png").write_bytes(b"")
    answer = thermeld("info", tmp_path / "b.png", good)
    assert answer.code == 1
    assert "3x2, RGB, all grey" in answer.out
    assert "b.png" in answer.err


def test_not_a_number_is_counted(thermeld, tmp_path):
    path = write_image(tmp_path / "n.tiff", np.array([[np.nan, 1.0]], np.float32))
    assert "1 NaN or infinite" in thermeld("info", path).out
