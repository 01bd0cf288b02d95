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


def test_equal_views_come_back_untouched(rng):
    image = rng.random((30, 31))
    np.testing.assert_array_equal(gtf(image, image), image)
