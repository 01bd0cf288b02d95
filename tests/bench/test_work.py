import pytest

from thermeld.bench.memory import peak_megabytes
from thermeld.bench.work import work_of
from thermeld.methods.neural import MODELS
from thermeld.methods.runtimes import version_of

needs_onnx = pytest.mark.skipif(not version_of("onnx"), reason="needs onnx of the extra train")


@needs_onnx
def test_work_of_mobilefuse_is_counted_by_hand():
    """Two 9x9 convolutions of a plane to 64 features and 2 pixels more, 3x3, 64 x 64, 64 x 1."""
    content = (MODELS / "mobilefuse-luma.onnx").read_bytes()
    height, width = 30, 40
    stems = 2 * 81 * 64 * (height + 2) * (width + 2)
    rest = (9 * 64 + 64 * 64 + 64) * height * width
    assert work_of(content, (height, width)).macs == stems + rest


@needs_onnx
def test_traffic_grows_with_the_picture():
    content = (MODELS / "mobilefuse-luma.onnx").read_bytes()
    small, large = (work_of(content, size).bytes for size in ((64, 64), (256, 256)))
    assert 13 < large / small < 16
    assert large > 4 * 64 * 256 * 256  # at least one feature plane of 64 channels


def test_without_onnx_there_is_no_count(monkeypatch):
    monkeypatch.setattr("thermeld.bench.work.version_of", lambda name: "")
    assert work_of(b"", (8, 8)) is None


def test_a_larger_picture_needs_more_memory():
    settings = {"method": "average", "tile_px": 0}
    small, large = (peak_megabytes(settings, size) for size in ((64, 64), (1500, 2000)))
    assert 20 < small < large < 3000
    assert large - small > 3e6 * 4 * 4 / 1e6 / 2  # some float planes of three megapixels
