"""The array contract under Hypothesis: any array is fused or refused in a sentence."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thermeld import Fuser, FusionError

FUSERS = {
    (name, fit): Fuser(name, fit=fit, threads=1)
    for name in ("average", "laplacian", "mobilefuse")
    for fit in (None, "vis")
}
DTYPES = ("uint8", "uint16", "uint32", "int16", "float16", "float32", "float64", "bool")
ODD_DTYPES = ("complex64", "U3", "datetime64[s]", "O", "float128")
SIDES = st.one_of(st.integers(1, 40), st.sampled_from([1, 2, 3, 255, 257, 511]))
LONG = st.tuples(st.sampled_from([1, 2, 3]), st.sampled_from([4097, 5000]))


@st.composite
def arrays(draw, size):
    """Any dtype, values, channels, strides and flags, at one (H, W)."""
    channels = draw(st.sampled_from([None, 1, 3, 4]))
    shape = size if channels is None else (*size, channels)
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    values = np.random.default_rng(draw(st.integers(0, 99))).random(shape)
    pixels = values if dtype.kind in "fb" else values * 255
    pixels = pixels.astype(dtype)
    if dtype.kind == "f":
        pixels = draw(st.sampled_from([_as_is, _with_nan, _with_infinity, _beyond]))(pixels)
    pixels = draw(st.sampled_from([_as_is, _strided, _mirrored, _turned, _swapped]))(pixels)
    pixels.setflags(write=draw(st.booleans()))
    return pixels


def _as_is(pixels):
    return pixels


def _with_nan(pixels):
    pixels.flat[pixels.size // 2] = np.nan
    return pixels


def _with_infinity(pixels):
    pixels.flat[0] = -np.inf
    return pixels


def _beyond(pixels):
    return pixels * pixels.dtype.type(7) - pixels.dtype.type(3)


def _strided(pixels):
    return np.repeat(np.repeat(pixels, 2, axis=0), 3, axis=1)[::2, ::3]


def _mirrored(pixels):
    return np.ascontiguousarray(pixels[::-1, ::-1])[::-1, ::-1]


def _turned(pixels):
    return np.asfortranarray(pixels)


def _swapped(pixels):
    return pixels.astype(pixels.dtype.newbyteorder())


@st.composite
def shots(draw):
    size = draw(st.one_of(st.tuples(SIDES, SIDES), LONG))
    other = draw(st.sampled_from([size, size, size, (size[0] + 1, size[1])]))
    fit = draw(st.sampled_from([None, "vis"]))
    name = draw(st.sampled_from(["average", "laplacian", "mobilefuse"]))
    return FUSERS[name, fit], draw(arrays(other)), draw(arrays(size))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(shots())
def test_fused_in_the_visible_images_form_or_refused(shot):
    fuser, ir, vis = shot
    before = ir.copy(), vis.copy()
    try:
        fused = fuser(ir, vis)
    except FusionError:
        return
    assert fused.shape[:2] == vis.shape[:2]
    assert fused.dtype.newbyteorder("=") == vis.dtype.newbyteorder("=")
    assert np.isfinite(fused.astype(np.float64)).all()
    assert np.array_equal(ir, before[0])
    assert np.array_equal(vis, before[1])


@pytest.mark.parametrize("dtype", ODD_DTYPES)
@pytest.mark.parametrize("role", [0, 1])
def test_what_is_no_number_is_refused(dtype, role):
    if dtype == "float128" and not hasattr(np, "float128"):
        pytest.skip("no such type here")
    pair = [np.zeros((8, 8), np.uint8), np.zeros((8, 8), np.uint8)]
    pair[role] = np.zeros((8, 8), dtype)
    for fuser in FUSERS.values():
        try:
            fuser(*pair)
        except FusionError:
            continue
        assert dtype == "float128"  # a number after all


@pytest.mark.parametrize("shape", [(), (5,), (0, 4), (4, 0), (4, 4, 2), (4, 4, 5), (2, 4, 4, 3)])
def test_what_is_no_picture_is_refused(shape):
    plain = np.zeros((4, 4), np.uint8)
    for pair in ((np.zeros(shape, np.uint8), plain), (plain, np.zeros(shape, np.uint8))):
        with pytest.raises(FusionError):
            FUSERS["average", None](*pair)
