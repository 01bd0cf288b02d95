import json
import time

import pytest

from thermeld.methods import calibrate
from thermeld.methods.calibrate import cache_file, fastest, side_of
from thermeld.methods.runtimes import Engine

ORT, VINO = Engine("onnxruntime"), Engine("openvino")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(calibrate, "_known", {})
    monkeypatch.setattr(calibrate, "BUDGET_S", 0.1)
    return tmp_path / "thermeld" / "runtimes.json"


def runs(built, **seconds):
    """What builds runs that take so long; notes in `built` that it was asked."""

    def builder(engine):
        def build():
            built.append(engine.runtime)
            return lambda side: time.sleep(seconds[engine.runtime])

        return build

    return {engine: builder(engine) for engine in (ORT, VINO)}


def test_the_fastest_is_chosen_and_remembered(cache, monkeypatch):
    built = []
    both = runs(built, onnxruntime=0.01, openvino=0.002)
    assert fastest(both, side=256, checksum="a") == VINO
    assert fastest(both, side=256, checksum="a") == VINO
    assert len(built) == 2  # once each
    monkeypatch.setattr(calibrate, "_known", {})  # another process
    assert fastest(both, side=256, checksum="a") == VINO
    assert len(built) == 2
    assert len(json.loads(cache.read_text())) == 1


def test_another_network_size_or_machine_is_timed_anew(cache, monkeypatch):
    built = []
    both = runs(built, onnxruntime=0.002, openvino=0.01)
    fastest(both, side=256, checksum="a")
    fastest(both, side=512, checksum="a")
    fastest(both, side=256, checksum="b")
    monkeypatch.setattr(calibrate, "processor", lambda: "another")
    fastest(both, side=256, checksum="a")
    monkeypatch.setattr(calibrate, "versions", lambda: "newer")
    fastest(both, side=256, checksum="a")
    assert len(built) == 10
    assert len(json.loads(cache.read_text())) == 5


def test_the_first_engine_wins_a_tie():
    assert fastest(runs([], onnxruntime=0.01, openvino=0.01), side=64, checksum="a") == ORT


def test_a_single_engine_is_not_timed():
    built = []
    only = {ORT: runs(built, onnxruntime=1)[ORT]}
    assert fastest(only, side=64, checksum="a") == ORT
    assert not built


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": 7}', "null", "\x00"])
def test_a_damaged_cache_is_as_if_empty(cache, content):
    cache.parent.mkdir()
    cache.write_text(content)
    both = runs([], onnxruntime=0.01, openvino=0.002)
    assert fastest(both, side=64, checksum="a") == VINO
    assert VINO.runtime in cache.read_text()


def test_an_engine_that_is_gone_is_not_taken_from_the_cache(cache):
    both = runs([], onnxruntime=0.01, openvino=0.002)
    fastest(both, side=64, checksum="a")
    cache.write_text(cache.read_text().replace("openvino float32 0", "tensorrt float16 0"))
    calibrate._known.clear()
    assert fastest(both, side=64, checksum="a") == VINO


def test_a_cache_that_cannot_be_written_stops_nothing(tmp_path, monkeypatch):
    file = tmp_path / "file"
    file.write_text("in the way")
    monkeypatch.setenv("XDG_CACHE_HOME", str(file))
    assert fastest(runs([], onnxruntime=0.01, openvino=0.002), side=64, checksum="a") == VINO


def test_no_home_no_cache(monkeypatch):
    monkeypatch.delenv("XDG_CACHE_HOME")

    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(calibrate.Path, "home", homeless)
    assert cache_file() is None
    assert fastest(runs([], onnxruntime=0.01, openvino=0.002), side=64, checksum="a") == VINO


def test_relative_cache_folders_are_ignored(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_file() == tmp_path / ".cache" / "thermeld" / "runtimes.json"


@pytest.mark.parametrize(
    ("pixels", "side"), [(1, 64), (64 * 64, 64), (266 * 266, 256), (640 * 480, 512), (10**9, 1024)]
)
def test_sizes_fall_into_classes(pixels, side):
    assert side_of(pixels) == side
