"""What holds for every network: size as designed, any image size, gradients, export."""

import pytest
import torch

from thermeld.train.count import facts_of, macs_of
from thermeld.train.deployed import example_inputs, inputs_of
from thermeld.train.export import PARITY, onnx_bytes, parity
from thermeld.train.layers.convolution import folded
from thermeld.train.nets import networks

# name: parameters, 10^9 multiply-adds of one pair of 640x480 (critics: of their own size)
DESIGN = {
    "densefuse": (74_193, 27.03),
    "densefuse-l1": (74_193, 27.03),
    "densefuse-rgb": (74_771, 27.29),
    "ifcnn": (83_587, 39.81),
    "ifcnn-unshared": (129_987, 39.81),
    "light-tardal": (41_271, 11.636),
    "lwc-densefuse": (10_137, 2.600),
    "lwc-densefuse-bare": (6_865, 2.600),
    "lwc-densefuse-no-gate": (6_865, 2.600),
    "lwc-densefuse-no-shuffle": (10_137, 2.600),
    "lwc-densefuse-ungrouped": (14_233, 4.094),
    "mobilefuse": (33_281, 10.106),
    "seafusion": (166_657, 51.00),
    "tardal": (296_577, 90.862),
    "tardal-cbam": (298_723, 90.893),
    "tardal-critic": (193_025, 0.119),
    "tardal-critic-320": (297_473, 0.244),
    "tardal-dsconv": (39_125, 11.605),
}
JUDGES = sorted(name for name in DESIGN if "critic" in name or "seg" in name)
FUSING = sorted(DESIGN.keys() - JUDGES - {"mobilefuse"})  # it has its own tests
EXPORTED = {"light-tardal", "lwc-densefuse", "seafusion"}  # the rest when slow tests are on


def made(name, **options):
    """A network with every weight away from the zeros that some begin with."""
    torch.manual_seed(0)
    net = networks()[name](**options)
    with torch.no_grad():
        for weight in net.parameters():
            weight.add_(0.05 * torch.randn_like(weight))
    return net


def outputs(answer):
    return [answer] if isinstance(answer, torch.Tensor) else list(answer)


def test_table_names_every_network():
    assert DESIGN.keys() == networks().keys()


@pytest.mark.parametrize("name", sorted(DESIGN))
def test_size_and_work_are_those_of_the_design(name):
    facts = facts_of(name, networks()[name])
    parameters, billions = DESIGN[name]
    assert facts.parameters == parameters
    assert facts.macs / 1e9 == pytest.approx(billions, rel=0.01)
    assert len(facts.source) > 20


@pytest.mark.parametrize("name", FUSING)
@pytest.mark.parametrize("size", [(17, 31), (8, 8)], ids=str)
def test_any_size_passes(name, size):
    deployed = made(name).deployed()
    channels = deployed.channels
    ir, vis = (torch.rand(2, channels[key], *size) for key in ("ir", "vis"))
    with torch.no_grad():
        fused = deployed(ir, vis)["fused"]
    assert fused.shape == (2, max(channels.values()), *size)
    assert torch.isfinite(fused).all()


@pytest.mark.parametrize("name", sorted(DESIGN.keys() - {"mobilefuse"}))
def test_every_parameter_gets_a_gradient(name):
    options, height, width = SMALL.get(name, ({}, 20, 22))
    net = made(name, **options).train()
    answer = outputs(net(*example_inputs(net, 2, height, width)))
    sum((part * torch.randn_like(part)).sum() for part in answer).backward()
    for key, weight in net.named_parameters():
        if not key.startswith(IDLE.get(name, ("nothing",))):
            assert weight.grad is not None, key
            assert weight.grad.abs().sum() > 0, key


@pytest.mark.parametrize("name", FUSING)
def test_folding_changes_nothing(name):
    net = made(name)
    inputs = example_inputs(net, 2, 20, 22)
    for _ in range(2):  # so that the running statistics are not the initial ones
        net(*inputs)
    net.eval()
    slim = folded(net)
    with torch.no_grad():
        pairs = zip(outputs(net(*inputs)), outputs(slim(*inputs)), strict=True)
        for whole, short in pairs:
            assert torch.allclose(whole, short, rtol=1e-4, atol=1e-4 * float(whole.abs().max()))
    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in slim.modules())


@pytest.mark.parametrize("name", FUSING)
def test_reach_is_what_the_network_says(name):
    """One changed pixel changes nothing further away than `reach_px`, and something that far."""
    deployed = made(name).deployed()
    if deployed.reach_px is None:
        pytest.skip("looks at the whole image")
    middle = deployed.reach_px + 2
    side = 2 * middle + 1
    ir, vis = (torch.rand(1, deployed.channels[key], side, side) for key in ("ir", "vis"))
    poked = ir.clone()
    poked[0, 0, middle, middle] = 1 - poked[0, 0, middle, middle]
    with torch.no_grad():
        change = (deployed(ir, vis)["fused"] - deployed(poked, vis)["fused"]).abs()
    rows, cols = torch.nonzero(change[0].amax(0) > 0, as_tuple=True)
    for places in (rows, cols):
        assert places.min() >= middle - deployed.reach_px
        assert places.max() <= middle + deployed.reach_px


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=() if name in EXPORTED else pytest.mark.slow) for name in FUSING],
)
def test_export_equals_torch(name):
    """ONNX Runtime, at two sizes and a batch unlike the traced ones, gives what torch gives."""
    pytest.importorskip("onnxscript")
    deployed = networks()[name]().deployed()
    content = onnx_bytes(deployed)
    assert b"BatchNormalization" not in content
    assert parity(deployed, content) < PARITY


def test_work_is_counted_by_hand():
    """3x3 convolution in two groups at stride 2, then a linear layer."""
    net = torch.nn.Sequential(
        torch.nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2),
        torch.nn.Flatten(),
        torch.nn.Linear(6 * 5 * 4, 7),
    ).to("meta")
    net.inputs = {"image": 4}
    assert inputs_of(net) == {"image": 4}
    assert macs_of(net, 10, 8) == 6 * 5 * 4 * (9 * 4 // 2) + 6 * 5 * 4 * 7


# name: options, height and width that keep the gradient test small
SMALL = {
    "tardal-critic": ({"size": (16, 24)}, 16, 24),
    "tardal-critic-320": ({"size": (24, 16)}, 24, 16),
}
# parameters that are not used by what a network returns
IDLE = {}
