import json
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from references import off_by, pair, psnr, read

import thermeld.methods
from thermeld.methods.csr import csr, dictionary, fuse_by, smooth

LEARNED = Path(thermeld.methods.__file__).parent / "learned"


@pytest.mark.parametrize(
    ("name", "most", "floor"),
    [("16", 1, 80.0), pytest.param("25", 3, 73.0, marks=pytest.mark.slow)],
)
def test_the_reference_is_met_with_the_authors_dictionary(classical, name, most, floor):
    filters = np.load(classical / "data" / "csr_dictionary.npy").transpose(2, 0, 1)
    ir, vis = (plane.astype(np.float32) for plane in pair(classical / "sources", name))
    off = off_by(fuse_by(filters, ir, vis, sparsity=0.01), read(classical / "csr" / f"{name}.png"))
    assert off.max() <= most
    assert 10 * np.log10(255.0**2 / np.mean(off**2)) > floor


def test_our_dictionary_fuses_much_as_the_authors_does(classical):
    filters = np.load(classical / "data" / "csr_dictionary.npy").transpose(2, 0, 1)
    ir, vis = (plane[80:144, 80:144] for plane in pair(classical / "sources", "16"))
    pieces = ir.astype(np.float32), vis.astype(np.float32)
    assert psnr(csr(*pieces), fuse_by(filters, *pieces, sparsity=0.01)) > 36.0


def test_single_precision_stays_near_double(rng):
    ir, vis = rng.random((40, 50)), rng.random((40, 50))
    assert psnr(csr(ir.astype(np.float32), vis.astype(np.float32)), csr(ir, vis)) > 60.0


def test_the_base_of_a_constant_is_the_constant():
    np.testing.assert_allclose(smooth(np.full((20, 31), 0.4)), 0.4, atol=1e-12)


def test_the_card_is_about_the_file_beside_it():
    card = json.loads((LEARNED / "csr.json").read_text())
    assert card["sha256"] == sha256((LEARNED / card["file"]).read_bytes()).hexdigest()
    assert dictionary().shape == tuple(card["shape"]) == (32, 8, 8)
    assert np.sum(dictionary() ** 2, axis=(1, 2)) == pytest.approx(np.ones(32), abs=1e-5)
