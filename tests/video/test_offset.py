from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from thermeld.errors import BadSetting
from thermeld.io.video import Frame, open_source
from thermeld.video import estimate_offset, motion


def bouncing(count, fps, *, begun=0.0, inverted=False, seed=0):
    """A disc on an irregular path through the same scene time, from second `begun` on."""
    rows, columns = np.mgrid[:48, :64]
    rng = np.random.default_rng(5)
    paths = np.cumsum(rng.normal(0, 1.6, (2, 4000)), axis=1)
    noise = np.random.default_rng(seed)
    for number in range(count):
        at = (begun + number / fps) * 20  # the path has 20 points a second
        y, x = (np.interp(at, np.arange(4000), path) for path in paths)
        near = (rows - 24 - 20 * np.sin(y / 9)) ** 2 + (columns - 32 - 28 * np.sin(x / 9)) ** 2 < 80
        level = np.where(near, 210.0, 60.0) + noise.normal(0, 3, near.shape)
        shown = 255 - level if inverted else level
        yield Frame(np.clip(shown, 0, 255).astype(np.uint8), number / fps)


@pytest.mark.parametrize("later", [0.0, 1.3, -0.72])
def test_the_offset_is_found_whatever_the_contrast_and_rate(later):
    ir = motion(bouncing(150, 25, begun=3.0 + later, inverted=True, seed=1))
    vis = motion(bouncing(180, 30, begun=3.0, seed=2))
    found = estimate_offset(ir, vis)
    assert found.seconds == pytest.approx(later, abs=0.03)
    assert found.agreement > 0.5


def test_broken_frames_do_not_hinder():
    frames = list(bouncing(150, 25, begun=1.0))
    frames[40:43] = [Frame(None, frame.seconds, "damaged") for frame in frames[40:43]]
    assert estimate_offset(motion(frames), motion(bouncing(150, 25))).seconds == pytest.approx(
        1.0, abs=0.03
    )


def noise_only(seed, count=120):
    rng = np.random.default_rng(seed)
    return (Frame(rng.integers(0, 256, (48, 64), np.uint8), n / 25) for n in range(count))


def still(count=120):
    return (Frame(np.full((48, 64), 90, np.uint8), n / 25) for n in range(count))


@pytest.mark.parametrize(
    ("ir", "vis"),
    [
        (noise_only(1), noise_only(2)),
        (still(), still()),
        (still(2), still(2)),
        (still(20), still()),
    ],
    ids=["unrelated", "still", "two frames", "under a second"],
)
def test_too_little_in_common_is_refused_with_the_cure(ir, vis):
    with pytest.raises(BadSetting, match="--offset SECONDS"):
        estimate_offset(motion(ir), motion(vis))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["0111_1716", "0117_1605", "1230_1202"])
def test_real_clips_cut_late_are_found(shared, name):
    sources = [
        open_source(shared / "m2vd" / view / f"{name}.mp4", gray=True) for view in ("ir", "vi")
    ]
    ir = list(sources[0])[37:]
    begun = ir[0].seconds
    cut = (replace(frame, seconds=frame.seconds - begun) for frame in ir)
    found = estimate_offset(motion(cut), motion(islice(sources[1], None)))
    assert found.seconds == pytest.approx(begun, abs=0.01)
