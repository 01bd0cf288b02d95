"""Chroma put back, and random changes of colour."""

import numpy as np
import torch

from thermeld.image import luminance, with_luminance
from thermeld.train.colours import jittered, recoloured
from thermeld.train.deployed import grey


def test_colour_is_put_back_as_the_fuser_does_it(rng):
    colour, fused = rng.random((9, 7, 3), np.float32), rng.random((9, 7), np.float32)
    wanted = with_luminance(colour, fused)
    planes = (torch.from_numpy(plane)[None, None] for plane in (fused, luminance(colour)))
    found = recoloured(*planes, torch.from_numpy(colour).permute(2, 0, 1)[None])
    assert np.allclose(found[0].permute(1, 2, 0).numpy(), wanted, atol=1e-6)


def test_each_factor_does_what_it_is_called():
    rgb = torch.rand(4, 3, 5, 6, generator=torch.Generator().manual_seed(0)) * 0.5 + 0.25
    factors = torch.tensor([[1.0, 1, 1], [0.5, 1, 1], [1, 0, 1], [1, 1, 0]])
    same, darker, flat, colourless = jittered(rgb, factors)
    assert torch.allclose(same, rgb[0])
    assert torch.allclose(darker, rgb[1] / 2)
    assert torch.allclose(flat, grey(rgb[2:3]).mean().expand_as(flat), atol=1e-6)
    assert torch.allclose(colourless, grey(rgb[3:])[0].expand_as(colourless), atol=1e-6)


def test_colours_stay_in_range():
    rgb = torch.rand(8, 3, 5, 6, generator=torch.Generator().manual_seed(1))
    changed = jittered(rgb, torch.full((8, 3), 1.5))
    assert changed.min() >= 0
    assert changed.max() <= 1
