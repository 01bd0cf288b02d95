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
from torch.nn import functional as F

from thermeld.train.layers.separable import DepthwiseSeparable

WIDTH = 64
REACH_PX = 5  # 3 of the 7x7 stem, 1 of each of the two 3x3 convolutions
VARIANTS = ("blend", "blending-only", "generative")


class Stream(nn.Module):
    """One sensor's features: 7x7 stem without bias or activation, then one separable block."""

    def __init__(self, *, norm_after_depthwise: bool) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, WIDTH, 7, bias=False)
        self.features = DepthwiseSeparable(WIDTH, WIDTH, norm_after_depthwise=norm_after_depthwise)

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H + 8, W + 8) -> (B, 64, H, W)."""
        return self.features(self.stem(image))  # type: ignore[no-any-return]

    def merged(self) -> nn.Conv2d:
        """All that comes before the first ReLU, as the one 9x9 convolution it amounts to.

        Nothing before it is more than linear, so stem, depthwise and pointwise convolution and
        the normalisations multiply out: 5,184 multiply-adds a pixel for a grey image instead of
        7,808, and one feature plane written instead of three.
        """
        block = deepcopy(self.features).eval()
        block.fold()
        depthwise, pointwise = block.depthwise, block.pointwise
        one = nn.Conv2d(self.stem.in_channels, WIDTH, 9)
        with torch.no_grad():
            # A full correlation of each stem kernel with its depthwise kernel, 7x7 * 3x3 = 9x9.
            kernels = F.conv_transpose2d(
                self.stem.weight.transpose(0, 1), depthwise.weight, groups=WIDTH
            ).transpose(0, 1)
            mix = pointwise.weight[:, :, 0, 0]
            one.weight.copy_(torch.einsum("oc,cikl->oikl", mix, kernels))
            own, carried = pointwise.bias, depthwise.bias
            assert own is not None  # both are built with one
            assert one.bias is not None
            one.bias.copy_(own if carried is None else own + mix @ carried)
        return one


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
    image), the stem trained from scratch, the border: both images are extended once by copies of
    their border pixels and no layer pads, so that the layers before the first ReLU stay one
    convolution up to the border.
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

    def deployed_luminance(self) -> nn.Module:
        """The same for a grey visible image, as it is fused when colours are kept."""
        return DeployedMobileFuse(self, vis_channels=1)

    def forward(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor | None]:
        """Fuse two images (B, 3, H, W).

        Returns:
            The fused image (B, 3, H, W), and the map (B, 1, H, W) in (0, 1) that gives the
            share of `first`; None for the generative variant.
        """
        deep = torch.maximum(  # (B, 64, H + 2, W + 2)
            self.first(extended(first)), self.second(extended(second))
        )
        answer = self.head(self.reconstruct(deep))
        if self.variant == "generative":
            return answer, None
        share = torch.sigmoid(answer)
        return share * first + (1 - share) * second, share


def extended(image: Tensor) -> Tensor:
    """With copies of the border pixels around it, as many as the network looks far."""
    return F.pad(image, (REACH_PX,) * 4, mode="replicate")


class DeployedMobileFuse(nn.Module):
    """MobileFuse as it is shipped: visible first, infrared second as one channel, map of infrared.

    Replicating a plane to three channels and convolving is the same as convolving one channel
    with the sum of the three kernels. Each stream is one convolution and a ReLU, which is taken
    after the maximum: the larger of two, cut at zero, is the larger of the two cut at zero.

    Args:
        net: trained.
        vis_channels: 3, or 1 for luminance; then only the map is given if the network blends.
    """

    reach_px = REACH_PX

    def __init__(self, net: MobileFuse, *, vis_channels: int = 3) -> None:
        super().__init__()
        net = deepcopy(net).eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        self.channels = {"ir": 1, "vis": vis_channels}
        self.infrared = _grey(net.second.merged())
        visible = net.first.merged()
        self.visible = visible if vis_channels == 3 else _grey(visible)
        self.reconstruct, self.head = net.reconstruct, net.head
        self.reconstruct.fold()
        self.blends = net.variant != "generative"

    def forward(self, ir: Tensor, vis: Tensor) -> dict[str, Tensor]:
        """From ir (B, 1, H, W), vis (B, 1 or 3, H, W) to fused (B, 3, H, W), map (B, 1, H, W)."""
        deep = torch.maximum(self.visible(extended(vis)), self.infrared(extended(ir)))
        answer = self.head(self.reconstruct(F.relu(deep)))
        if not self.blends:
            return {"fused": answer}
        share = 1 - torch.sigmoid(answer)
        if self.channels["vis"] == 1:
            return {"map": share}
        return {"fused": share * ir + (1 - share) * vis, "map": share}


def _grey(colour: nn.Conv2d) -> nn.Conv2d:
    """A convolution of three equal channels as one of a single channel."""
    narrow = nn.Conv2d(1, colour.out_channels, colour.kernel_size)  # type: ignore[arg-type]
    with torch.no_grad():
        narrow.weight.copy_(colour.weight.sum(dim=1, keepdim=True))
        narrow.bias.copy_(colour.bias)  # type: ignore[union-attr,arg-type]
    return narrow


NETWORKS = {"mobilefuse": MobileFuse}
