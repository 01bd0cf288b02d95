"""Weights on disk."""

import torch

from thermeld.train.nets import networks
from thermeld.train.recipe import Recipe
from thermeld.train.weights import Trained, read_safetensors, save_trained


def test_layers_that_share_weights_are_saved(tmp_path):
    """SCGRFuse's Sobel branch uses the main branch's convolutions, which safetensors refuses."""
    recipe = Recipe(name="shared", network="scgrfuse-slim")
    net = networks()["scgrfuse-slim"]().to(memory_format=torch.channels_last).eval()
    block = net.vis[1]
    assert block.branch1 is block.conv1
    save_trained(Trained(net, recipe, {"steps": 1}), tmp_path / "shared.safetensors")
    again = read_safetensors(tmp_path / "shared.safetensors")
    wanted, found = net.state_dict(), again.net.state_dict()
    assert wanted.keys() == found.keys()
    assert all(torch.equal(found[name], value) for name, value in wanted.items())
    assert again.recipe == recipe
