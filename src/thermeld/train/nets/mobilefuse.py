"""MobileFuse: a depthwise-separable two-stream network with a blending module.

Source: Perreault et al., "MobileFuse: Multimodal Image Fusion at the Edge", 2023, figure 1,
equation 1.

The paper prints about 33 K parameters and no layer table; the layers here follow
from that count: IFCNN (Zhang et al. 2020) with unshared streams has 129,987 parameters, the
paper's "130 K", and with its three 3x3 convolutions made depthwise-separable 33,281.
"""

from copy import deepcopy
from typing import ClassVar

import torch
from torch import Tensor, nn

from thermeld.train.layers.convolution import one_channel
from thermeld.train.layers.separable import DepthwiseSeparable

WIDTH = 64
VARIANTS = ("blend", "blending-only", "generative")


class Stream(nn.Module):
    """One sensor's features: 7x7 stem without bias or activation, then one separable block."""

    def __init__(self, *, norm_after_depthwise: bool) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, WIDTH, 7, padding=3, padding_mode="replicate", bias=False)
        self.features = DepthwiseSeparable(WIDTH, WIDTH, norm_after_depthwise=norm_after_depthwise)

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 64, H, W)."""
        return self.features(self.stem(image))  # type: ignore[no-any-return]


class MobileFuse(nn.Module):
    """Two streams, their element-wise maximum, one reconstruction block, a head of 1x1.

    Args:
        variant: what the head means, and so what the network is trained on.
            "blend": a sigmoid map M; fused = I1 M + I2 (1 - M); loss on the fused image.
            "blending-only": the same network; loss on the map.
            "generative": three channels, taken as the fused image as they are.
        norm_after_depthwise: the strict MobileNet block (+384 parameters).
        share_streams: both images through one stream (19,073 parameters).

    Shapes: two images (B, 3, H, W) in [0, 1], any H and W. Infrared is replicated to three
    channels. Departures from the paper, which is silent: one normalisation per block, the map
    made by a sigmoid (not by a stretch per image, which would make a pixel depend on the whole
    image), the stem trained from scratch.
    """

    inputs: ClassVar = {"first": 3, "second": 3}

    def __init__(
        self,
        *,
        variant: str = "blend",
        norm_after_depthwise: bool = False,
        share_streams: bool = False,
    ) -> None:
        super().__init__()
        if variant not in VARIANTS:
            raise ValueError(f"variant must be one of {VARIANTS}, got {variant!r}")
        self.variant = variant
        self.first = Stream(norm_after_depthwise=norm_after_depthwise)
        self.second = (
            self.first if share_streams else Stream(norm_after_depthwise=norm_after_depthwise)
        )
        self.reconstruct = DepthwiseSeparable(
            WIDTH, WIDTH, norm_after_depthwise=norm_after_depthwise
        )
        self.head = nn.Conv2d(WIDTH, 3 if variant == "generative" else 1, 1)

    def deployed(self) -> nn.Module:
        """The network as it is shipped."""
        return DeployedMobileFuse(self)

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor | None]:
        """Fuse two images (B, 3, H, W).

        Returns:
            The fused image (B, 3, H, W), and the map (B, 1, H, W) in (0, 1) that gives the
            share of `first`; None for the generative variant.
        """
        deep = torch.maximum(self.first(first), self.second(second))  # (B, 64, H, W)
        answer = self.head(self.reconstruct(deep))
        if self.variant == "generative":
            return answer, None
        share = torch.sigmoid(answer)
        return share * first + (1 - share) * second, share


class DeployedMobileFuse(nn.Module):
    """MobileFuse as it is shipped: visible first, infrared second as one channel, map of infrared.

    Replicating infrared to three channels and convolving is the same as convolving one channel
    with the sum of the three kernels, so the stem of that stream needs a third of the work.
    Normalisations are folded.
    """

    channels: ClassVar = {"ir": 1, "vis": 3}
    reach_px = 5  # 3 of the 7x7 stem, 1 of each of the two 3x3 convolutions

    def __init__(self, net: MobileFuse) -> None:
        super().__init__()
        net = deepcopy(net).eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        self.visible, self.infrared = net.first, deepcopy(net.second)
        self.infrared.stem = one_channel(net.second.stem)
        self.reconstruct, self.head = net.reconstruct, net.head
        for block in (self.visible.features, self.infrared.features, self.reconstruct):
            block.fold()
        self.blends = net.variant != "generative"

    def forward(self, ir: Tensor, vis: Tensor) -> dict[str, Tensor]:
        """From ir (B, 1, H, W), vis (B, 3, H, W) to fused (B, 3, H, W), and map (B, 1, H, W)."""
        deep = torch.maximum(self.visible(vis), self.infrared(ir))
        answer = self.head(self.reconstruct(deep))
        if not self.blends:
            return {"fused": answer}
        share = 1 - torch.sigmoid(answer)
        return {"fused": share * ir + (1 - share) * vis, "map": share}


NETWORKS = {"mobilefuse": MobileFuse}
