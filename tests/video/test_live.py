"""Feeds, the live loop and the web server, with sources that the test drives."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import cv2
import numpy as np
import pytest
from clips import BACKENDS, SIZE, clip, left_edge, square

from thermeld.errors import BadSetting, UnreadableFile
from thermeld.fuse import Fuser
from thermeld.io import encode_image
from thermeld.io.video import Facts, Frame, open_source
from thermeld.video import Broadcast, Feed, Live, VideoJob, fuse_video


class Camera:
    """A source of `count` frames, one every few milliseconds; endless if None."""

    def __init__(self, count=None, *, every_s=0.005, shift_s=0.0):
        self.facts = Facts("camera", SIZE, Fraction(200), live=True)
        self.closed = False
        self._count = count
        self._every_s = every_s
        self._shift_s = shift_s

    def __iter__(self):
        number = 0
        while self._count is None or number < self._count:
            time.sleep(self._every_s)
            yield Frame(square(number % 40), time.monotonic() + self._shift_s)
            number += 1

    def close(self):
        self.closed = True


def until(condition, wait_s=10.0):
    limit = time.monotonic() + wait_s
    while not condition() and time.monotonic() < limit:
        time.sleep(0.01)
    return condition()


def test_a_feed_connects_again_after_growing_pauses(monkeypatch):
    monkeypatch.setattr("thermeld.video.feed.FIRST_WAIT_S", 0.02)
    opened, states = [], []

    def opening():
        opened.append(time.monotonic())
        states.append(feed.state)
        if len(opened) in (2, 3, 4):
            raise UnreadableFile("no route")
        return Camera(3 if len(opened) == 1 else None)

    stop = threading.Event()
    feed = Feed(opening, name="infrared", stop=stop, again=True)
    feed.start()
    assert until(lambda: feed.state == "running" and len(opened) == 5)
    assert feed.connections == 2
    assert "came to its end; connecting again" in states[1]
    assert "no route" in states[2]
    pauses = np.diff(opened)[1:]
    assert np.all(pauses >= [0.04, 0.08, 0.16])
    stop.set()
    feed.join()
    assert feed.ended


def test_a_recording_is_not_opened_again():
    cameras = []
    feed = Feed(
        lambda: cameras.append(Camera(3)) or cameras[0],
        name="visible",
        stop=threading.Event(),
        again=False,
    )
    feed.start()
    assert until(lambda: feed.ended)
    assert feed.frames == 3
    assert len(cameras) == 1
    assert cameras[0].closed


def test_a_lost_camera_leaves_no_old_picture(monkeypatch):
    monkeypatch.setattr("thermeld.video.feed.FIRST_WAIT_S", 30.0)
    stop = threading.Event()
    feed = Feed(lambda: Camera(3), name="infrared", stop=stop, again=True)
    feed.start()
    assert until(lambda: feed.state.startswith("lost"))
    assert feed.nearest(time.monotonic()) is None
    stop.set()
    feed.join()


def test_a_slow_method_gets_the_newest_frames_and_no_queue():
    class Slow:
        aligner = None
        window = staticmethod(lambda dtype: None)

        def __call__(self, ir, vis):
            time.sleep(0.1)
            return vis

    live = Live(Slow(), Camera, Camera)
    frames = [frame for frame, _ in zip(live, range(6), strict=False)]
    live.stop.set()
    # Had frames queued up, latency would grow by a tenth of a second with each.
    assert max(frame.latency_ms for frame in frames) < 190
    assert live.vis.frames > 5 * len(frames)
    assert abs(frames[-1].apart_ms) < 60


def test_an_offset_pairs_older_infrared_with_newer_visible_frames():
    live = Live(Fuser("average"), Camera, Camera, offset=0.2)
    for frame in live:
        if frame.number > 60:
            break
        last = frame
    live.stop.set()
    assert abs(last.apart_ms) < 60


def test_bad_pairs_are_counted_and_left_out():
    class Small(Camera):
        def __iter__(self):
            for frame in super().__iter__():
                yield Frame(frame.pixels[:20], frame.seconds)

    live = Live(Fuser("average"), lambda: Small(20), lambda: Camera(20), again=(False, False))
    assert list(live) == []
    assert live.failed > 0
    assert "64x20" in live.status()["problem"]


def test_stale_infrared_is_not_passed_off_as_live():
    live = Live(
        Fuser("average"),
        lambda: Camera(10, shift_s=-5.0),
        lambda: Camera(10),
        again=(False, False),
    )
    assert list(live) == []


def test_recordings_end_the_stream(tmp_path):
    path = clip(tmp_path / "v.mp4", range(8), fps=20)
    live = Live(
        Fuser("average"),
        lambda: open_source(path, realtime=True),
        lambda: open_source(path, realtime=True),
        again=(False, False),
    )
    frames = list(live)
    assert 1 <= len(frames) <= 8
    status = live.status()
    assert status["fused"] == len(frames)
    assert status["visible"]["state"].startswith("ended")


def test_offsets_beyond_the_memory_of_a_feed_are_refused():
    with pytest.raises(BadSetting, match="1 s"):
        Live(Fuser("average"), Camera, Camera, offset=3.0)


@contextmanager
def serving() -> Iterator[Broadcast]:
    server = Broadcast("127.0.0.1", 0, lambda: {"fps": 7.5})
    try:
        yield server
    finally:
        server.close()


def fetched(server, path, **headers):
    request = Request(server.address.rstrip("/") + path, headers=headers)
    with urlopen(request, timeout=5) as answer:
        return answer.headers["Content-Type"], answer.read()


def picture(number):
    return encode_image(square(number), "jpeg")


def test_the_page_the_picture_and_the_status_are_served():
    with serving() as server:
        server.newest.put(picture(3))
        kind, page = fetched(server, "/")
        assert kind.startswith("text/html")
        assert b"/stream.mjpg" in page
        kind, jpeg = fetched(server, "/frame.jpg")
        assert kind == "image/jpeg"
        shown = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
        assert shown.shape == SIZE
        assert json.loads(fetched(server, "/status")[1]) == {"fps": 7.5}
        with pytest.raises(HTTPError, match="404") as refused:
            fetched(server, "/etc/passwd")
        refused.value.close()


def test_other_pages_cannot_look_in_through_the_browser():
    with serving() as server:
        with pytest.raises(HTTPError, match="403") as refused:
            fetched(server, "/status", Host="evil.example:80")
        refused.value.close()
        assert fetched(server, "/status", Host=f"localhost:{server.port}")


@contextmanager
def streaming() -> Iterator[str]:
    """The address of a stream of the moving square, a hundred pictures a second."""
    with serving() as server:
        over = threading.Event()

        def feeding():
            number = 0
            while not over.wait(0.01):
                number = (number + 1) % 40
                server.newest.put(picture(number))

        feeder = threading.Thread(target=feeding)
        feeder.start()
        try:
            yield server.address + "stream.mjpg"
        finally:
            over.set()
            feeder.join()


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_stream_can_be_read_as_a_source(backend):
    with streaming() as address:
        source = open_source(address, backend=backend)
        assert source.facts.live
        assert source.facts.size == SIZE
        edges = [left_edge(frame.pixels) for frame, _ in zip(source, range(5), strict=False)]
        source.close()
    assert len(edges) == 5
    assert len(set(edges)) > 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_live_stream_and_a_recording_are_fused_into_a_video(tmp_path, backend):
    recording = clip(tmp_path / "vis.mp4", range(40), fps=20)
    job = {"fps": Fraction(10), "most_s": 1.0, "backend": backend}
    with streaming() as address:
        with pytest.raises(BadSetting, match="recordings"):
            fuse_video(Fuser("average"), VideoJob(address, "x.mp4", tmp_path / "f", offset=None))
        job = VideoJob(address, str(recording), tmp_path / "f.mp4", **job)
        begun = time.monotonic()
        report = fuse_video(Fuser("average"), job)
    assert 1 <= report.frames <= 10
    assert time.monotonic() - begun > 0.05 * report.frames


def test_a_viewer_that_takes_nothing_holds_up_nobody():
    with serving() as server:
        idle = socket.create_connection(("127.0.0.1", server.port))
        idle.sendall(b"GET /stream.mjpg HTTP/1.0\r\nHost: localhost\r\n\r\n")
        big = picture(1) + bytes(500_000)
        begun = time.monotonic()
        for _ in range(40):  # 20 MB, more than any buffer of the system takes
            server.newest.put(big)
            time.sleep(0.005)
        assert time.monotonic() - begun < 2.0
        assert fetched(server, "/frame.jpg")[1] == big
        idle.close()


def test_a_taken_port_is_refused_with_the_cure():
    with serving() as server, pytest.raises(BadSetting, match="--port"):
        Broadcast("127.0.0.1", server.port, dict)
