import numpy as np
import pytest

from thermeld.methods.gtf import gtf, l1_tv


@pytest.mark.parametrize("name", ["16", "25"])
def test_every_pixel_equals_the_reference(off_reference, name):
    assert off_reference(gtf, "gtf", name).max() == 0


def test_single_precision_stays_near_double(precision):
    assert precision(gtf, "16") > 70.0


def cost(plane, target, weight=4.0):
    return (
        np.abs(plane - target).sum()
        + weight
        * np.hypot(
            np.diff(plane, axis=1, append=plane[:, -1:]), np.diff(plane, axis=0, append=plane[-1:])
        ).sum()
    )


def test_rounds_lower_the_cost_that_the_paper_minimises(rng):
    target = rng.standard_normal((40, 40)) * 0.1
    target[10:30, 10:30] += 0.5
    costs = [cost(l1_tv(target, 4.0, rounds), target) for rounds in (0, 1, 5)]
    assert costs[2] < costs[1] < costs[0]


def test_three_equal_channels_weigh_gradients_by_the_root_of_three(rng):
    """The length of the vector of three equal gradients is sqrt(3) of one, its distance 3."""
    ir, vis = rng.random((2, 30, 31))
    colour = gtf(np.dstack([ir] * 3), np.dstack([vis] * 3), weight=4.0)
    grey = gtf(ir, vis, weight=4.0 / np.sqrt(3.0))
    np.testing.assert_allclose(colour, np.dstack([grey] * 3), atol=1e-9)


def test_an_edge_in_one_channel_opens_the_others_at_that_place(rng):
    """Channels share their weights: solved alone, a channel comes out otherwise."""
    ir, vis = rng.random((2, 30, 31, 3))
    together = gtf(ir, vis)
    alone = np.dstack([gtf(ir[:, :, at], vis[:, :, at]) for at in range(3)])
    assert together.shape == alone.shape
    assert np.abs(together - alone).max() > 0.01


def test_equal_views_come_back_untouched(rng):
    image = rng.random((30, 31))
    np.testing.assert_array_equal(gtf(image, image), image)
