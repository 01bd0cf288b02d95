"""A blending network's map at every second, third or fourth pixel, for pictures that are large.

A network shown a reduced picture makes another map than the reduced map of the whole picture: it
sees other frequencies. Here the stems look at the picture as it is, but only at every `scale`-th
row and column, so that the features there are exactly those of the full network. What the layer
after them wants to know of the neighbours in between is interpolated.
"""

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from thermeld.train.nets.mobilefuse import DeployedMobileFuse, MobileFuse

SCALES = (2, 3, 4)
HALF = 4  # of a merged stem of 9x9


class CoarseMobileFuse(nn.Module):
    """MobileFuse's map for grey pictures, at rows and columns 0, `scale`, 2 `scale`, ...

    Nothing is learned anew: strides are set, and the 3x3 depthwise kernel that spans one pixel to
    each side is spread over the samples that lie around those pixels.

    Args:
        net: trained, of a blending variant.
        scale: 2, 3 or 4.
    """

    def __init__(self, net: MobileFuse, scale: int) -> None:
        super().__init__()
        grey = DeployedMobileFuse(net, vis_channels=1)
        self.channels = {"ir": 1, "vis": 1}
        self.reach_px = HALF + scale
        self.scale = scale
        self.visible, self.infrared, self.head = grey.visible, grey.infrared, grey.head
        for stem in (self.visible, self.infrared):
            stem.stride = (scale, scale)
        self.reconstruct = deepcopy(grey.reconstruct)
        depthwise = self.reconstruct.depthwise
        with torch.no_grad():
            spread = _spread(scale)
            depthwise.weight.copy_(
                torch.einsum("ckij,im,jn->ckmn", depthwise.weight, spread, spread)
            )

    def forward(self, ir: Tensor, vis: Tensor) -> dict[str, Tensor]:
        """From ir and vis (B, 1, H, W) to the map (B, 1, ceil(H / scale), ceil(W / scale))."""
        sides = (self.reach_px,) * 4
        planes = [F.pad(plane, sides, mode="replicate") for plane in (vis, ir)]
        deep = torch.maximum(self.visible(planes[0]), self.infrared(planes[1]))
        answer = self.head(self.reconstruct(F.relu(deep)))
        return {"map": 1 - torch.sigmoid(answer)}


def _spread(scale: int) -> Tensor:
    """How much the samples before, at and after count for the pixel before, at and after (3, 3)."""
    near = 1 / scale
    return torch.tensor([[near, 1 - near, 0.0], [0.0, 1.0, 0.0], [0.0, 1 - near, near]])


def coarse_forms(net: nn.Module) -> dict[int, nn.Module]:
    """The coarse forms a network has, by scale; none if it does not blend or is not MobileFuse."""
    if not isinstance(net, MobileFuse) or net.variant == "generative":
        return {}
    return {scale: CoarseMobileFuse(net, scale).eval() for scale in SCALES}
