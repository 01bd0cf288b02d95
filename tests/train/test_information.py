"""What a classifier finds in images, and what a network must not forget, worked by hand."""

from math import exp

import pytest
import torch
from torch import nn, tensor

from thermeld.errors import BadModel, UnreadableFile
from thermeld.train.information import classifier, information_map, u2fusion_shares
from thermeld.train.layers.vgg import Vgg16
from thermeld.train.losses.consolidation import consolidation, importance


def test_trunk_has_the_published_size():
    net = Vgg16().to("meta")
    assert sum(weight.numel() for weight in net.parameters()) == 14_714_688
    convolutions = [n for n, part in enumerate(net.features) if isinstance(part, nn.Conv2d)]
    assert convolutions == [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]
    stages = net(torch.empty(2, 1, 32, 48, device="meta"))
    assert [tuple(maps.shape[1:]) for maps in stages] == [
        (64, 32, 48), (128, 16, 24), (256, 8, 12), (512, 4, 6), (512, 2, 3)
    ]  # fmt: skip


def test_stages_are_those_before_pooling():
    """The first convolution passes red on, the second doubles it: normalised, rectified."""
    net = Vgg16().eval()
    with torch.no_grad():
        for number in (0, 2):
            net.features[number].weight.zero_()
            net.features[number].bias.zero_()
            net.features[number].weight[0, 0, 1, 1] = 1.0 + number / 2
        first = net(torch.ones(1, 1, 16, 16))[0]
    assert first[0, 0, 3, 4].item() == pytest.approx(2 * (1 - 0.485) / 0.229)
    assert first[0, 1:].abs().max() == 0


def test_users_weights_are_read_and_others_refused(tmp_path):
    weights = Vgg16().state_dict()
    torch.save({**weights, "classifier.0.bias": torch.zeros(3)}, tmp_path / "whole.pth")
    trunk = {key.removeprefix("features."): value for key, value in weights.items()}
    torch.save(trunk, tmp_path / "trunk.pth")
    for name, alone in (("whole.pth", False), ("trunk.pth", True)):
        net = classifier(tmp_path / name, trunk_only=alone)
        assert torch.equal(net.features[28].weight, weights["features.28.weight"])
        assert not any(weight.requires_grad for weight in net.parameters())
    with pytest.raises(BadModel, match=r"missing: features\.0\.bias"):
        classifier(tmp_path / "trunk.pth")
    with pytest.raises(UnreadableFile, match="none"):
        classifier(tmp_path / "none.pth")


class Told(nn.Module):
    """Stands in for a classifier: the image itself, and twice the image at half the size."""

    def forward(self, image):
        return [image.expand(-1, 2, -1, -1), 2 * image[:, :, ::2, ::2]]


def test_map_is_the_mean_over_stages():
    found = information_map(Told(), torch.full((1, 1, 5, 7), 0.4), side_px=8)
    assert found.shape == (1, 1, 5, 7)
    assert found.flatten().tolist() == pytest.approx([0.6] * 35)  # (0.4 + 0.8) / 2


def test_shares_follow_the_squared_gradient():
    """A lone 1 in 3x3: -1 there, 1/8 at eight places, so 9/8 of 9 pixels; flat tells nothing."""
    spot = torch.zeros(1, 1, 3, 3)
    spot[0, 0, 1, 1] = 1.0

    class Seen(nn.Module):
        def forward(self, image):
            return [image]

    told = (1 + 8 / 64) / 9
    shares = u2fusion_shares(Seen(), spot, torch.zeros(1, 1, 3, 3), scale=told, side_px=3)
    assert shares[0].tolist() == pytest.approx([exp(1) / (exp(1) + 1), 1 / (exp(1) + 1)])


def test_importance_and_penalty_by_hand():
    """Loss a w of slopes a = 1 and 3: importance 5; one step of 2 away costs 5 x 4 / 2."""
    net = nn.Linear(1, 1)
    slopes = (net(tensor([[a]])).sum() for a in (1.0, 3.0))
    found = importance(net, slopes)
    assert {key: value.item() for key, value in found.items()} == {"weight": 5.0, "bias": 1.0}
    learned = {key: value.detach().clone() for key, value in net.named_parameters()}
    assert consolidation(net, learned, found).item() == 0
    with torch.no_grad():
        net.weight += 2.0
    penalty = consolidation(net, learned, found)
    assert penalty.item() == pytest.approx(10.0, rel=1e-5)
    penalty.backward()
    assert net.weight.grad.item() == pytest.approx(10.0, rel=1e-5)
    with pytest.raises(ValueError, match="one loss"):
        importance(net, [])
