import pytest
import torch

from thermeld.train.nets import networks
from thermeld.train.nets.mobilefuse import MobileFuse

COUNTS = [
    ({"variant": "blend"}, 33_281),
    ({"variant": "blending-only"}, 33_281),
    ({"variant": "generative"}, 33_411),
    ({"norm_after_depthwise": True}, 33_665),
    ({"share_streams": True}, 19_073),
]


@pytest.mark.parametrize(("options", "count"), COUNTS, ids=str)
def test_parameters_are_those_of_the_design(options, count):
    net = networks()["mobilefuse"](**options)
    assert sum(weight.numel() for weight in net.parameters()) == count


@pytest.mark.parametrize("size", [(1, 1), (17, 31), (32, 32)], ids=str)
@pytest.mark.parametrize("variant", ["blend", "generative"])
def test_any_size_passes(variant, size):
    net = MobileFuse(variant=variant).eval()
    fused, share = net(torch.rand(2, 3, *size), torch.rand(2, 3, *size))
    assert fused.shape == (2, 3, *size)
    assert share is None if variant == "generative" else share.shape == (2, 1, *size)


def test_blend_lies_between_its_inputs():
    """A convex combination: trained or not, no pixel can leave the range of the two."""
    first, second = torch.rand(1, 3, 24, 24), torch.rand(1, 3, 24, 24)
    fused, _ = MobileFuse().eval()(first, second)
    assert (fused >= torch.minimum(first, second) - 1e-6).all()
    assert (fused <= torch.maximum(first, second) + 1e-6).all()


@pytest.mark.parametrize("options", [options for options, _ in COUNTS], ids=str)
def test_every_parameter_gets_a_gradient(options):
    torch.manual_seed(0)
    net = MobileFuse(**options)
    fused, _ = net(torch.rand(2, 3, 24, 24), torch.rand(2, 3, 24, 24))
    fused.square().mean().backward()
    for name, weight in net.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.abs().sum() > 0, name


def test_reach_is_what_the_card_says():
    """Changing one pixel changes nothing further away than `reach_px`."""
    torch.manual_seed(0)
    deployed = MobileFuse().eval().deployed()
    ir, vis = torch.rand(1, 1, 33, 33), torch.rand(1, 3, 33, 33)
    poked = ir.clone()
    poked[0, 0, 16, 16] += 1.0
    with torch.no_grad():
        changed = (deployed(ir, vis)["map"] - deployed(poked, vis)["map"]).abs()[0, 0] > 0
    rows = torch.nonzero(changed.any(dim=1)).flatten()
    assert rows.min() == 16 - deployed.reach_px
    assert rows.max() == 16 + deployed.reach_px


@pytest.mark.parametrize("variant", ["blend", "generative"])
def test_deployed_equals_trained(variant):
    """Folding normalisations, one-channel infrared and the turned map change nothing."""
    torch.manual_seed(0)
    net = MobileFuse(variant=variant)
    for _ in range(3):  # so that the running statistics are not the initial ones
        net(torch.rand(4, 3, 24, 24), torch.rand(4, 3, 24, 24))
    net.eval()
    ir, vis = torch.rand(2, 1, 20, 21), torch.rand(2, 3, 20, 21)
    with torch.no_grad():
        fused, share = net(vis, ir.expand(-1, 3, -1, -1))
        answer = net.deployed()(ir, vis)
    assert torch.allclose(answer["fused"], fused, atol=1e-5)
    if share is not None:
        assert torch.allclose(answer["map"], 1 - share, atol=1e-5)


def test_grey_form_gives_what_the_colour_form_gives_for_grey():
    torch.manual_seed(0)
    net = MobileFuse(norm_after_depthwise=True).eval()
    ir, vis = torch.rand(2, 1, 20, 21), torch.rand(2, 1, 20, 21)
    with torch.no_grad():
        colour = net.deployed()(ir, vis.expand(-1, 3, -1, -1))["map"]
        grey = net.deployed_luminance()(ir, vis)["map"]
    assert torch.allclose(colour, grey, atol=1e-5)


def test_merged_stream_is_the_stream():
    """Stem, depthwise, normalisation and pointwise as one 9x9 convolution, before the ReLU."""
    torch.manual_seed(0)
    stream = MobileFuse(norm_after_depthwise=True).first
    for _ in range(3):  # so that the running statistics are not the initial ones
        stream(torch.rand(4, 3, 24, 24))
    stream.eval()
    image = torch.rand(1, 3, 24, 25)
    with torch.no_grad():
        assert torch.allclose(stream.merged()(image).relu(), stream(image), atol=1e-5)


def test_unknown_variant_is_refused():
    with pytest.raises(ValueError, match="blending-only"):
        MobileFuse(variant="mixing")
