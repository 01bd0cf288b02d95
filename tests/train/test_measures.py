"""Differentiable measures against our metrics of the same names."""

import cv2
import numpy as np
import pytest
import torch

from thermeld.metrics import score
from thermeld.train.losses import measures


@pytest.fixture(scope="module", params=[(64, 80), (61, 83)], ids=str)
def levels(request):
    """Infrared, visible and fused that resemble one another, as 8-bit levels."""
    rng = np.random.default_rng(3)
    rough = [cv2.GaussianBlur(rng.random(request.param), (0, 0), s) for s in (1.0, 2.0)]
    ir, vis = (np.interp(r, (r.min(), r.max()), (0, 255)) for r in rough)
    fused = 0.5 * ir + 0.6 * vis - 12 + rng.normal(0, 3, request.param)
    return tuple(np.clip(np.rint(p), 0, 255).astype(np.uint8) for p in (ir, vis, fused))


def units(levels):
    ir, vis, fused = (torch.from_numpy(p / 255.0).double()[None, None] for p in levels)
    return fused, ir, vis


@pytest.mark.parametrize(
    ("measure", "name", "tolerance"),
    [
        (measures.difference_correlations, "SCD", 1e-6),
        (measures.edge_transfer, "Qabf", 1e-3),
        (measures.multi_exposure, "MS_SSIM", 1e-5),
        (measures.information_fidelity, "VIF", 1e-4),
    ],
)
def test_it_is_the_metric(measure, name, tolerance, levels):
    (wanted,) = score(*levels, metrics=[name], convention="tang").values()
    assert measure(*units(levels)).item() == pytest.approx(wanted, abs=tolerance)


def test_similarity_is_the_metric_of_windows_that_fit(levels):
    (wanted,) = score(*levels, metrics=["SSIM"], convention="vifb").values()
    assert 2 * measures.similarity(*units(levels)).item() == pytest.approx(wanted, abs=1e-5)


def test_similarity_with_vanishing_constants_is_near_that_of_the_survey(levels):
    """The survey's windows reach over the border."""
    (wanted,) = score(*levels, metrics=["SSIM"], convention="tang").values()
    ours = measures.similarity(*units(levels), steady=(0.01 / 255, 0.03 / 255))
    assert ours.item() == pytest.approx(wanted, abs=0.02)


def test_mutual_information_of_256_bins_is_the_metric(levels):
    (wanted,) = score(*levels, metrics=["MI"], convention="cddfuse").values()
    ours = measures.mutual_information(*units(levels), bins=256) * np.log(2)
    assert ours.item() == pytest.approx(wanted, abs=1e-4)


MEASURES = [
    measures.difference_correlations,
    measures.edge_transfer,
    measures.similarity,
    measures.multi_exposure,
    measures.information_fidelity,
    measures.mutual_information,
]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("value", [0.0, 0.5])
def test_slopes_are_finite_on_flat_images(measure, value):
    flat = torch.full((2, 1, 48, 48), value, requires_grad=True)
    measure(flat, flat.detach(), torch.zeros(2, 1, 48, 48)).sum().backward()
    assert flat.grad.isfinite().all()


@pytest.mark.parametrize("measure", MEASURES)
def test_a_step_uphill_is_uphill(measure, levels):
    fused, ir, vis = units(levels)
    fused.requires_grad_()
    before = measure(fused, ir, vis)
    before.sum().backward()
    step = 1e-3 * fused.grad / fused.grad.abs().max()
    assert measure((fused + step).detach(), ir, vis).item() > before.item()
