import json
import os
import signal
import subprocess
import sys
from urllib.request import urlopen

import pytest
from clips import clip


@pytest.fixture
def clips(tmp_path):
    return [clip(tmp_path / f"{name}.mp4", range(8), fps=10) for name in ("ir", "vis")]


def test_files_are_played_at_their_speed_and_end(thermeld, clips):
    answer = thermeld("live", *clips, "-m", "average", "--port", 0)
    assert answer.code == 0
    assert "http://127.0.0.1:" in answer.out
    assert "fused" in answer.err


def test_streams_that_are_not_there_are_refused(thermeld, clips, tmp_path):
    answer = thermeld("live", tmp_path / "none.mp4", clips[1], "-m", "average", "--port", 0)
    assert answer.code == 2
    assert "none.mp4: does not exist" in answer.err


@pytest.mark.parametrize("words", [("--offset", "9"), ("--host", "no.such.host.invalid")])
def test_wrong_wishes_are_refused(thermeld, clips, words):
    assert thermeld("live", *clips, "-m", "average", "--port", 0, *words).code == 2


def test_a_build_without_windows_says_so(thermeld, clips, monkeypatch):
    monkeypatch.setattr("cv2.getBuildInformation", lambda: "  GUI:                  NONE\n")
    answer = thermeld("live", *clips, "--show")
    assert answer.code == 2
    assert "headless" in answer.err


def test_a_window_shows_what_is_fused(thermeld, clips, monkeypatch):
    shown = []
    monkeypatch.setattr("cv2.getBuildInformation", lambda: "  GUI:                  GTK3\n")
    monkeypatch.setattr("cv2.imshow", lambda title, pixels: shown.append(pixels.shape))
    monkeypatch.setattr("cv2.waitKey", lambda wait: ord("q") if len(shown) == 2 else -1)
    monkeypatch.setattr("cv2.destroyAllWindows", lambda: None)
    assert thermeld("live", *clips, "-m", "average", "--show").code == 0
    assert shown == [(48, 64, 3)] * 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals")
def test_the_page_is_served_until_a_signal(tmp_path):
    long = [str(clip(tmp_path / f"{name}.mp4", [n % 40 for n in range(600)])) for name in "iv"]
    words = [sys.executable, "-m", "thermeld", "live", *long, "-m", "average", "--port", "0"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        address = run.stdout.readline().split()[2].rstrip(";")
        with urlopen(address + "frame.jpg", timeout=20) as answer:
            assert answer.read(2) == b"\xff\xd8"
        with urlopen(address + "status", timeout=5) as answer:
            assert json.load(answer)["infrared"]["connections"] == 1
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=30)
    assert run.returncode == 143
