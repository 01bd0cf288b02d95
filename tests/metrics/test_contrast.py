"""Contrast kept, against a plain loop and by hand."""

import numpy as np
import pytest

from thermeld.metrics import score


def kept(ir, vis, fused):
    return score(ir, vis, fused, metrics=["contrast_kept"])["contrast_kept"]


def by_loops(ir, vis, fused, side=11):
    passed = counted = 0
    for row in range(ir.shape[0] - side + 1):
        for col in range(ir.shape[1] - side + 1):
            window = np.s_[row : row + side, col : col + side]
            a, b, f = (image[window].astype(np.float64).ravel() for image in (ir, vis, fused))
            strong = a if a.var() >= b.var() else b
            if strong.std() <= 8:
                continue
            counted += 1
            passed += np.cov(strong, f, bias=True)[0, 1] / strong.var() >= 0.8
    return passed / counted


def test_it_is_the_definition(rng):
    rough = rng.normal(0, 1, (3, 12, 14)).repeat(2, 1).repeat(2, 2)
    ramp = np.linspace(2, 40, 28)
    ir, vis = (np.clip(120 + ramp * part, 0, 255).astype(np.uint8) for part in rough[:2])
    fused = np.where(np.arange(24)[:, None] < 12, 0.9 * ir + 4 * rough[2], vis).astype(np.uint8)
    wanted = by_loops(ir, vis, fused)
    assert 0.05 < wanted < 0.95
    assert kept(ir, vis, fused) == pytest.approx(wanted, abs=1e-12)


def test_a_source_over_a_flat_partner_is_kept_by_itself_and_lost_by_its_negative(rng):
    busy = rng.integers(0, 256, (24, 24)).astype(np.uint8)
    flat = np.full_like(busy, 90)
    assert kept(busy, flat, busy) == 1.0
    assert kept(flat, busy, busy) == 1.0
    assert kept(busy, flat, 255 - busy) == 0.0


def test_three_quarters_of_the_contrast_do_not_count_as_kept(rng):
    busy = (4 * rng.integers(0, 64, (24, 24))).astype(np.uint8)
    flat = np.zeros_like(busy)
    assert kept(busy, flat, busy // 4 * 3) == 0.0


def test_flat_sources_have_no_contrast_to_keep(rng):
    faint = (100 + rng.integers(0, 5, (24, 24))).astype(np.uint8)
    assert np.isnan(kept(faint, faint, faint))
