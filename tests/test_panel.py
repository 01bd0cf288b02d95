import numpy as np

from thermeld.panel import GAP_PX, panel


def test_panel_holds_every_picture_under_its_caption(rng):
    grey = rng.integers(0, 256, (40, 100), np.uint8)
    colour = rng.integers(0, 256, (40, 100, 3), np.uint8)
    sheet = panel({"infrared": grey, "visible": colour})
    assert sheet.shape[1] == 2 * 100 + GAP_PX
    assert np.array_equal(sheet[-40:, :100], np.dstack([grey] * 3))
    assert np.array_equal(sheet[-40:, -100:], colour)
    assert (sheet[: sheet.shape[0] - 40] < 128).any()  # something is written above
