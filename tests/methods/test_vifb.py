"""Our fusion per channel against the pictures that the VIFB benchmark ships.

They are JPEGs of quality 75 with halved chrominance, so ours are written as such before they are
compared. A corner is enough where a result depends on nothing further away than the method's
reach: the squares of 16 that a JPEG codes are coded one by one.
"""

import cv2
import numpy as np
import pytest
from references import psnr, read

from thermeld.fuse import Fuser
from thermeld.methods.cbf import cbf
from thermeld.methods.gff import gff
from thermeld.methods.gtf import gtf
from thermeld.methods.latlrr import fuse_by
from thermeld.methods.wls import wls

JPEG = [
    *(cv2.IMWRITE_JPEG_QUALITY, 75),
    *(cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420),
]
CORNER, HOLDS = 96, 48  # px: a reach of 28, then the JPEG squares that see beyond it


@pytest.fixture(scope="module")
def vifb(shared):
    """Infrared, visible and someone's fused picture of a pair, uint8 BGR."""

    def pictures(stem, label):
        fused = shared / "reference" / "metrics" / "fused" / "vifb" / f"{stem}_{label}.jpg"
        if not fused.is_file():
            pytest.skip(f"VIFB's {label} picture of {stem} is not at hand")
        sources = (shared / "data" / "vifb21" / view / f"{stem}.jpg" for view in ("ir", "vi"))
        ir, vis, theirs = (read(path) for path in (*sources, fused))
        return np.dstack([ir] * 3) if ir.ndim == 2 else ir, vis, theirs

    return pictures


def as_jpeg(pixels):
    done, code = cv2.imencode(".jpg", pixels, JPEG)
    assert done
    return cv2.imdecode(code, cv2.IMREAD_UNCHANGED)


def stored(fused):
    return as_jpeg(np.floor(fused * 255 + 0.5).astype(np.uint8))


def by_channel(rule, ir, vis):
    """Each channel by itself, in double precision, as the authors' code computes."""
    return np.dstack([rule(ir[:, :, at] / 255, vis[:, :, at] / 255) for at in range(3)])


def jointly(rule, ir, vis):
    """The three channels, in the order RGB that a luminance needs, as one problem."""
    return rule(ir[:, :, ::-1] / 255, vis[:, :, ::-1] / 255)[:, :, ::-1]


@pytest.mark.parametrize("stem", ["walking", "fight", "snow", "manCar"])
def test_gff_equals_vifb(vifb, stem):
    ir, vis, theirs = vifb(stem, "GFF")
    np.testing.assert_array_equal(stored(jointly(gff, as_jpeg(ir), as_jpeg(vis))), theirs)


@pytest.mark.parametrize("stem", ["walking", "fight", "snow"])
def test_the_fuser_per_channel_comes_as_near_as_single_precision_lets_it(vifb, stem):
    ir, vis, theirs = vifb(stem, "GFF")
    sources = (as_jpeg(view)[:, :, ::-1] for view in (ir, vis))
    fused = Fuser("gff", color="per-channel")(*sources)[:, :, ::-1]
    assert psnr(as_jpeg(fused), theirs, top=255) > 55.0


@pytest.mark.parametrize("stem", ["carLight", "walkingnight"])
def test_latlrr_with_the_authors_matrix_equals_vifb(classical, vifb, stem):
    matrix = np.load(classical / "data" / "latlrr_L8.npy")
    ir, vis, theirs = (view[:CORNER, :CORNER] for view in vifb(stem, "LatLRR"))
    fused = by_channel(lambda *pair: fuse_by(matrix, *pair, levels=4, accumulate=True), ir, vis)
    assert np.array_equal(stored(fused)[:HOLDS, :HOLDS], theirs[:HOLDS, :HOLDS])


@pytest.mark.parametrize("stem", ["walking", "fight"])
def test_wls_equals_vifb(vifb, stem):
    ir, vis, theirs = vifb(stem, "VSMWLS")
    np.testing.assert_array_equal(stored(by_channel(wls, ir, vis)), theirs)


@pytest.mark.parametrize("stem", ["walking", "fight"])
def test_cbf_is_near_vifb(vifb, stem):
    ir, vis, theirs = vifb(stem, "CBF")
    assert psnr(stored(by_channel(cbf, ir, vis)), theirs, top=255) > 47.0


@pytest.mark.parametrize("stem", ["walking", "fight"])
def test_gtf_is_near_vifb(vifb, stem):
    ir, vis, theirs = vifb(stem, "GTF")
    assert psnr(stored(jointly(gtf, ir, vis)), theirs, top=255) > 40.0
