import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from references import pair, psnr, read

import thermeld.methods
from thermeld.errors import BadSetting
from thermeld.methods.latlrr import fuse_by, latlrr, salient_matrix

REACH = 28
LEARNED = Path(thermeld.methods.__file__).parent / "learned"


@pytest.fixture(scope="module")
def authors_matrix(classical):
    return np.load(classical / "data" / "latlrr_L8.npy")


# A corner is enough, for a result depends on nothing further away than the reach; it is quick.
@pytest.mark.parametrize(("name", "corner"), [("16", (0, 0)), ("25", (337, 499))])
def test_every_pixel_equals_the_reference_with_the_authors_matrix(
    classical, authors_matrix, name, corner
):
    part = tuple(slice(start, start + 120) for start in corner)
    ir, vis = (plane[part] for plane in pair(classical / "sources", name))
    fused = fuse_by(authors_matrix, ir, vis, levels=4, accumulate=True)
    expected = read(classical / "latlrr" / f"{name}.png")[part]
    holds = tuple(slice(None, -REACH) if start == 0 else slice(REACH, None) for start in corner)
    np.testing.assert_array_equal(np.floor(fused * 255 + 0.5)[holds], expected[holds])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["16", "25"])
def test_the_whole_picture_equals_the_reference(off_reference, authors_matrix, name):
    def rule(ir, vis):
        return fuse_by(authors_matrix, ir, vis, levels=4, accumulate=True)

    assert off_reference(rule, "latlrr", name).max() == 0


def test_single_precision_stays_near_double(rng):
    ir, vis = rng.random((48, 50)), rng.random((48, 50))
    assert psnr(latlrr(ir.astype(np.float32), vis.astype(np.float32)), latlrr(ir, vis)) > 65.0


def test_our_matrix_fuses_much_as_the_authors_does(classical, authors_matrix):
    ir, vis = (plane[:100, :100] for plane in pair(classical / "sources", "16"))
    theirs = fuse_by(authors_matrix, ir, vis, levels=4, accumulate=True)
    assert psnr(latlrr(ir, vis), theirs) > 40.0


def test_counting_each_level_once_adds_less_detail(rng):
    ir, vis = rng.random((30, 30)), rng.random((30, 30))
    assert latlrr(ir, vis, accumulate=False).std() < latlrr(ir, vis).std()


def test_the_card_is_about_the_file_beside_it():
    card = json.loads((LEARNED / "latlrr.json").read_text())
    assert card["sha256"] == sha256((LEARNED / card["file"]).read_bytes()).hexdigest()
    assert card["licence"]
    assert salient_matrix().shape == tuple(card["shape"]) == (64, 64)


def test_no_levels_are_refused():
    plane = np.zeros((8, 8), np.float32)
    with pytest.raises(BadSetting, match="levels"):
        latlrr(plane, plane, levels=0)
