import torch

from thermeld.train.coarse import CoarseMobileFuse, _spread, coarse_forms
from thermeld.train.nets.mobilefuse import MobileFuse


def test_scale_one_would_be_the_network_itself():
    """With a sample at every pixel nothing is interpolated: the map is the full one."""
    torch.manual_seed(0)
    net = MobileFuse().eval()
    ir, vis = torch.rand(1, 1, 20, 27), torch.rand(1, 1, 20, 27)
    with torch.no_grad():
        full = net.deployed_luminance()(ir, vis)["map"]
        assert torch.allclose(CoarseMobileFuse(net, 1)(ir, vis)["map"], full, atol=1e-5)


def test_flat_pictures_lose_nothing():
    """Where neighbours are alike, interpolating between samples is exact."""
    torch.manual_seed(0)
    net = MobileFuse().eval()
    ir, vis = torch.full((1, 1, 21, 30), 0.7), torch.full((1, 1, 21, 30), 0.2)
    with torch.no_grad():
        full = net.deployed_luminance()(ir, vis)["map"]
        for scale, form in coarse_forms(net).items():
            assert torch.allclose(form(ir, vis)["map"], full[..., ::scale, ::scale], atol=1e-5)


def test_spread_keeps_the_sum():
    for scale in (1, 2, 4):
        assert torch.allclose(_spread(scale).sum(dim=1), torch.ones(3))


def test_generative_networks_have_none():
    assert coarse_forms(MobileFuse(variant="generative")) == {}
