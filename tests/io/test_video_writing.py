from fractions import Fraction

import numpy as np
import pytest
from clips import BACKENDS, clip, left_edge, needs_pyav, square

from thermeld.errors import BadImage, BadSetting, UnwritableFile
from thermeld.io import read_image
from thermeld.io.video import VideoWriter, open_source


def frames_of(path, backend="auto"):
    source = open_source(path, backend=backend)
    frames = list(source)
    source.close()
    return frames


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", ["v.mp4", "v.mov", "v.mkv"])
@pytest.mark.parametrize("colour", [True, False])
def test_what_is_written_can_be_read(tmp_path, name, backend, colour):
    clip(tmp_path / name, range(5), backend=backend, colour=colour)
    frames = frames_of(tmp_path / name, backend)
    assert [left_edge(frame.pixels) for frame in frames] == pytest.approx(range(5), abs=1)
    shown = frames[0].pixels[18, 8]
    wanted = (220, 90, 30) if colour else 220
    assert np.abs(shown.astype(int) - wanted).max() < 12


@needs_pyav
def test_brightness_survives_the_way_through_h264(tmp_path):
    grays = np.repeat(np.arange(0, 256, 4, dtype=np.uint8)[None], 32, axis=0)
    with VideoWriter(tmp_path / "v.mp4", Fraction(10)) as writer:
        assert writer.codec == "libx264"
        writer.write(grays)
    (frame,) = frames_of(tmp_path / "v.mp4")
    assert np.abs(frame.pixels[16].mean(axis=1) - grays[16]).max() < 4


@needs_pyav
def test_odd_sides_are_made_even_in_mp4_and_kept_in_mkv(tmp_path):
    for name, size in (("v.mp4", (32, 34)), ("v.mkv", (31, 33))):
        with VideoWriter(tmp_path / name, Fraction(10)) as writer:
            writer.write(square(4, size=(31, 33)))
            notes = writer.notes
        assert frames_of(tmp_path / name)[0].pixels.shape[:2] == size
        assert bool(notes) == (name == "v.mp4")


def test_a_folder_of_frames_is_lossless_and_deep(tmp_path, rng):
    counts = rng.integers(0, 65536, (9, 11), np.uint16)
    with VideoWriter(tmp_path / "frames", Fraction(10)) as writer:
        writer.write(counts)
        writer.write(counts)
    assert [path.name for path in sorted((tmp_path / "frames").iterdir())] == [
        "000001.png",
        "000002.png",
    ]
    assert np.array_equal(read_image(tmp_path / "frames" / "000002.png").pixels, counts)


@pytest.mark.parametrize("backend", BACKENDS)
def test_sixteen_bits_in_mp4_are_rounded_and_told(tmp_path, backend):
    with VideoWriter(tmp_path / "v.mp4", Fraction(10), backend=backend) as writer:
        writer.write(np.full((32, 32), 128 * 257, np.uint16))
        assert "16 bits" in writer.notes[0]
    assert frames_of(tmp_path / "v.mp4")[0].pixels.mean() == pytest.approx(128, abs=5)


def interrupted(path):
    with VideoWriter(path, Fraction(10)) as writer:
        writer.write(square(0))
        raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["v.mp4", "v.mkv", "frames"])
def test_nothing_is_left_of_a_run_that_fails(tmp_path, name):
    with pytest.raises(KeyboardInterrupt):
        interrupted(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_of_a_run_without_frames(tmp_path):
    with VideoWriter(tmp_path / "v.mp4", Fraction(10)):
        pass
    assert not list(tmp_path.iterdir())


def test_the_old_file_stays_until_the_new_one_is_complete(tmp_path):
    clip(tmp_path / "v.mp4", range(3))
    with VideoWriter(tmp_path / "v.mp4", Fraction(10), overwrite=True) as writer:
        writer.write(square(0))
        assert len(frames_of(tmp_path / "v.mp4")) == 3
    assert len(frames_of(tmp_path / "v.mp4")) == 1


def test_frames_of_another_kind_are_refused(tmp_path):
    def mixed():
        with VideoWriter(tmp_path / "v.mp4", Fraction(10)) as writer:
            writer.write(square(0))
            writer.write(square(0, size=(30, 30)))

    with pytest.raises(BadImage):
        mixed()


def test_places_that_cannot_take_a_video_are_refused_before_any_work(tmp_path):
    (tmp_path / "there.mp4").write_bytes(b"x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a.png").write_bytes(b"x")
    for name, kind, word in (
        ("v.gif", BadSetting, ".mkv"),
        ("there.mp4", UnwritableFile, "--overwrite"),
        ("full", UnwritableFile, "files in it"),
        ("missing/v.mp4", UnwritableFile, "no such folder"),
    ):
        with pytest.raises(kind, match=word):
            VideoWriter(tmp_path / name, Fraction(10))


@needs_pyav
def test_a_missing_encoder_is_refused_before_any_work(tmp_path, monkeypatch):
    from thermeld.io.video import pyav

    monkeypatch.setattr(pyav, "has_encoder", lambda codec: codec == "mpeg4")
    assert VideoWriter(tmp_path / "v.mp4", Fraction(10)).codec == "mpeg4"
    with pytest.raises(UnwritableFile, match="ffv1"):
        VideoWriter(tmp_path / "v.mkv", Fraction(10))


@needs_pyav
def test_without_x264_mp4_is_written_as_mpeg4(tmp_path, monkeypatch):
    from thermeld.io.video import pyav

    monkeypatch.setattr(pyav, "has_encoder", lambda codec: codec == "mpeg4")
    clip(tmp_path / "v.mp4", range(4), backend="pyav")
    assert [left_edge(one.pixels) for one in frames_of(tmp_path / "v.mp4")] == pytest.approx(
        range(4), abs=1
    )
    monkeypatch.undo()
    assert pyav.has_encoder("ffv1")
    assert not pyav.has_encoder("no-such-codec")
