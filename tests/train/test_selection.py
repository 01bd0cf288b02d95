"""What our own networks are trained by, by hand and against the metrics they stand for."""

import numpy as np
import pytest
import torch

from thermeld.metrics.target import target_visibility, targets
from thermeld.train.losses.selection import (
    SELECTION,
    fusion_terms,
    grown,
    hidden,
    lost_contrast,
    narrowed,
    signed_gradients,
    visibility,
)


def planes(rng, count=3, size=(48, 56)):
    return [torch.from_numpy(rng.random((1, 1, *size), np.float32)) for _ in range(count)]


def test_signed_gradients_tell_an_edge_from_its_negative(rng):
    busy, flat = planes(rng, 1)[0], torch.full((1, 1, 48, 56), 0.5)
    assert signed_gradients(busy, busy, flat).item() == 0
    assert signed_gradients(1 - busy, busy, flat) > signed_gradients(flat, busy, flat)


def test_contrast_is_lost_by_dimming_and_kept_by_copying(rng):
    busy, flat = planes(rng, 1)[0], torch.full((1, 1, 48, 56), 0.5)
    assert lost_contrast(busy, flat, busy).item() == 0
    assert lost_contrast(0.6 * busy, flat, busy).item() == pytest.approx(0.95 - 0.6, abs=1e-4)
    assert lost_contrast(1 - busy, busy, flat).item() == pytest.approx(0.95 + 1, abs=1e-4)
    assert lost_contrast(busy, flat, flat).item() == 0


def test_half_the_spread_of_the_wider_source_is_half_lost(rng):
    busy, other = planes(rng, 2)
    assert narrowed(0.5 * busy, busy, 0.3 * other).item() == pytest.approx(0.5, abs=1e-3)
    assert narrowed(1.5 * busy, busy, other).item() == 0


@pytest.fixture
def person(rng):
    """Noise with a brighter person, and where the person is."""
    labels = np.zeros((90, 80), np.uint8)
    labels[30:60, 30:50] = 2
    image = rng.integers(0, 120, labels.shape).astype(np.uint8) + 100 * (labels == 2)
    return image.astype(np.uint8), labels


def test_visibility_is_the_metric(person):
    image, labels = person
    ((inside, ring),) = targets(labels, 2)
    masks = (torch.from_numpy(mask.astype(np.float32))[None, None] for mask in (inside, ring))
    found = visibility(torch.from_numpy(image / np.float32(255))[None, None], *masks)
    assert found.item() == pytest.approx(target_visibility(image, labels, 2), rel=1e-3)


def test_people_are_hidden_where_they_stand_out_less_than_in_infrared(person):
    image, labels = person
    ir = torch.from_numpy(image / np.float32(255))[None, None]
    inside = torch.from_numpy((labels == 2).astype(np.float32))[None, None]
    wanted = target_visibility(image, labels, 2)
    assert hidden(ir, ir, inside).item() == pytest.approx(0, abs=1e-6)
    assert hidden(1 - ir, ir, inside).item() == pytest.approx(2 * wanted, rel=1e-3)
    assert hidden(1 - ir, ir, torch.zeros_like(inside)).item() == 0


def test_growing_is_a_square(person):
    one = torch.zeros(1, 1, 9, 9)
    one[..., 4, 4] = 1
    assert grown(one, 2).sum() == 25


def test_terms_are_those_that_have_weights_and_have_slopes(rng):
    fused, ir, vis = planes(rng)
    fused.requires_grad_()
    terms = fusion_terms(fused, ir, vis, torch.zeros_like(ir))
    assert terms.keys() == SELECTION.keys()
    sum(terms.values()).backward()
    assert fused.grad.isfinite().all()
