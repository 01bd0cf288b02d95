"""What holds for every network: size as designed, any image size, gradients, export."""

from importlib import import_module

import pytest
import torch

from thermeld.train.count import facts_of, macs_of
from thermeld.train.deployed import example_inputs, inputs_of
from thermeld.train.export import PARITY, onnx_bytes, parity
from thermeld.train.layers.convolution import folded
from thermeld.train.nets import networks
from thermeld.train.nets.cnn import doubled, halved

# name: parameters, 10^9 multiply-adds of one pair of 640x480 (critics: of their own size)
DESIGN = {
    "bisenet-segmenter": (12_894_080, 14.46),
    "cnn": (435_202, 95.73),
    "ddcgan": (1_097_665, 495.81),
    "ddcgan-critic": (31_233, 0.004524),
    "deeplab-segmenter": (5_815_065, 30.77),
    "defusion": (8_043_817, 71.80),
    "densefuse": (74_193, 27.03),
    "densefuse-l1": (74_193, 27.03),
    "densefuse-rgb": (74_771, 27.29),
    "fusiongan": (925_633, 287.88),
    "fusiongan-critic": (397_953, 0.042),
    "ganmcc": (1_864_129, 579.82),
    "ganmcc-critic": (407_170, 0.042),
    "ifcnn": (83_587, 39.81),
    "ifcnn-unshared": (129_987, 39.81),
    "light-tardal": (41_271, 11.636),
    "lwc-densefuse": (10_137, 2.600),
    "lwc-densefuse-bare": (6_865, 2.600),
    "lwc-densefuse-no-gate": (6_865, 2.600),
    "lwc-densefuse-no-shuffle": (10_137, 2.600),
    "lwc-densefuse-ungrouped": (14_233, 4.094),
    "mobilefuse": (33_281, 10.211),
    "scgrfuse": (1_184_293, 363.66),
    "scgrfuse-no-grxdb": (244_837, 74.63),
    "scgrfuse-no-scam": (261_729, 83.32),
    "scgrfuse-slim": (297_621, 91.27),
    "sdnet": (67_091, 20.52),
    "sdnet-fusion": (28_705, 8.78),
    "seafusion": (166_657, 51.00),
    "tardal": (296_577, 90.862),
    "tardal-cbam": (298_723, 90.893),
    "tardal-critic": (193_025, 0.119),
    "tardal-critic-320": (297_473, 0.244),
    "tardal-dsconv": (39_125, 11.605),
    "thermeld-nano": (7_570, 0.1432),
    "thermeld-small": (30_682, 0.6921),
    "two-layer-gan": (3 * 393_153, 372.68),
    "two-layer-gan-critic": (398_017, 0.042),
    "two-layer-gan-generator": (390_849, 121.13),
    "two-layer-gan-generator-pair": (393_153, 121.86),
    "two-layer-gan-single": (3 * 390_849, 245.80),
    "u2fusion": (659_217, 202.36),
}
PARTS = sorted(
    n for n in DESIGN if n.split("-")[-1] in ("critic", "320", "segmenter", "pair", "generator")
)
FUSING = sorted(DESIGN.keys() - set(PARTS) - {"mobilefuse"})  # it has its own tests
OURS = {"thermeld-nano", "thermeld-small"}  # reach by what can be seen: tests/methods
EXPORTED = {
    "light-tardal",
    "two-layer-gan",
    "lwc-densefuse",
    "scgrfuse",
    "seafusion",
}  # the rest when slow tests are on


def made(name):
    """A network with every weight away from the zeros that some begin with."""
    torch.manual_seed(0)
    net = networks()[name](**SMALL.get(name, ({},))[0])
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
@pytest.mark.parametrize("size", [(17, 31), (24, 18)], ids=str)
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
    _, height, width = SMALL.get(name, ({}, 20, 22))
    net = made(name).train()
    answer = outputs(net(*example_inputs(net, 2, height, width)))
    sum((part * torch.randn_like(part)).sum() for part in answer).backward()
    for key, weight in net.named_parameters():
        if not key.startswith(IDLE.get(name, ("nothing",))):
            assert weight.grad is not None, key
            assert weight.grad.abs().sum() > 0, key


@pytest.mark.parametrize("name", sorted(set(FUSING) - {"ddcgan"}))  # never folded: batch statistics
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


@pytest.mark.parametrize("name", sorted(set(FUSING) - OURS))
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
    deployed = made(name).deployed()
    content = onnx_bytes(deployed)
    graph = import_module("onnx").load_model_from_string(content).graph
    assert "BatchNormalization" not in {node.op_type for node in graph.node}
    for value in (*graph.input, *graph.output):
        sizes = [size.dim_param for size in value.type.tensor_type.shape.dim]
        assert sizes[0] == "batch"
        assert all(sizes[2:]), sizes  # by name, none by number
    assert parity(deployed, content) < PARITY


@pytest.mark.parametrize("name", ["bisenet-segmenter", "deeplab-segmenter"])
@pytest.mark.parametrize("size", [(64, 64), (61, 83)], ids=str)
def test_segmenters_give_logits_of_the_image_size(name, size):
    net = made(name).eval()
    with torch.no_grad():
        for logits in outputs(net(torch.rand(1, 3, *size))):
            assert logits.shape == (1, 9, *size)


@pytest.mark.parametrize("name", ["fusiongan", "ganmcc", "two-layer-gan", "tardal", "ddcgan"])
def test_image_statistics_are_those_of_training_on_one_image(name):
    options = {} if name == "ddcgan" else {"statistics": "image"}
    torch.manual_seed(0)
    net = networks()[name](**options)
    deployed = net.deployed()
    assert deployed.reach_px is None
    inputs = example_inputs(net, 1, 24, 26)
    with torch.no_grad():
        alone = deployed.net(*inputs)
        assert torch.allclose(alone, net.eval().train()(*inputs), atol=1e-4)


def test_spectral_normalisation_is_folded():
    """The head of FusionGAN is one row, so its normalised weight has length one."""
    net = networks()["fusiongan"]().eval()
    with torch.no_grad():
        assert float(folded(net).head[0].weight.norm()) == pytest.approx(1.0, rel=1e-3)


def test_liu_map_follows_the_scores():
    """Equal images share equally; a weight that always prefers infrared gives infrared."""
    net = made("cnn").eval()
    with torch.no_grad():
        net.output.weight.zero_()
        same = torch.rand(1, 1, 33, 41)
        assert torch.allclose(net.share(same, same), torch.full_like(same, 0.5))
        assert torch.allclose(net.deployed()(same, same)["fused"], same, atol=1e-5)


def test_liu_map_averages_overlapping_windows():
    """A window's score counts for its 16x16 pixels: of two side by side, all but 2 columns."""
    net = made("cnn").eval()
    ir, vis = torch.rand(1, 1, 16, 18), torch.rand(1, 1, 16, 18)
    with torch.no_grad():
        deep = torch.cat([net.features(ir), net.features(vis)], dim=1)
        scores = torch.nn.functional.conv2d(deep, net.output.weight).softmax(1)[0, 1, 0, :2]
        share = net.share(ir, vis)[0, 0]
    wanted = [scores[0]] * 2 + [scores.mean()] * 14 + [scores[1]] * 2
    assert torch.allclose(share, torch.stack(wanted).expand(16, -1), atol=1e-6)


def test_liu_pyramid_by_hand():
    """A 1 in three pixels: halved it spreads 4/16, doubled it is 6/8 on itself and 1/8 beside."""
    rows = torch.tensor([[0.0, 1.0, 0.0]]).expand(3, -1)[None, None]
    half = halved(rows, (2, 2))  # with the border mirrored: 4 + 1 sixteenths
    assert half[0, 0, 0].tolist() == pytest.approx([5 / 16, 5 / 16])
    step = torch.tensor([[0.0, 1.0]]).expand(2, -1)[None, None]
    assert doubled(step, (4, 4))[0, 0, 0].tolist() == pytest.approx([1 / 8, 1 / 2, 7 / 8, 1])


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
    "bisenet-segmenter": ({}, 64, 96),
    "ddcgan-critic": ({"size": (20, 22)}, 20, 22),
    "deeplab-segmenter": ({}, 64, 96),
    "fusiongan-critic": ({"size": (40, 50)}, 40, 50),
    "ganmcc-critic": ({"size": (40, 50)}, 40, 50),
    "two-layer-gan-critic": ({"size": (40, 50)}, 40, 50),
    "tardal-critic": ({"size": (16, 24)}, 16, 24),
    "tardal-critic-320": ({"size": (24, 16)}, 24, 16),
}
# parameters that are not used by what a network returns
IDLE = {"two-layer-gan-single": ("second.",)}  # trained by itself
