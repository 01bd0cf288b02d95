"""SCGRFuse: gradient-aggregated dense blocks, four kernel sizes, two attentions, a shallow skip.

Source: Wang et al., "SCGRFuse: An infrared and visible image fusion network based on
spatial/channel attention mechanism and gradient aggregation residual dense blocks", Engineering
Applications of Artificial Intelligence 132, 2024; public code of the authors.

Departures: where paper and code differ the code is followed; `share_branch_convs`,
`channel_mode`, `pfb_pad` and `freeze_gradients` give the paper's reading. `scgrfuse-slim`, half as
wide, is ours. Normalisations that the code builds and never applies are not built (226
parameters).
"""

from functools import partial
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from thermeld.train.deployed import Deployed
from thermeld.train.layers.convolution import HalfTanh, conv, densely, folded
from thermeld.train.layers.gradient import TrainableLaplacian, TrainableSobel
from thermeld.train.layers.scam import SpatialChannelAttention, lrelu
from thermeld.train.published import Published

WIDTH = 16  # of a stream; all other widths are multiples of it


class GradientBlock(nn.Module):
    """GRXDB: dense layers on x + |Laplacian x|, beside them the Sobel branch, and x itself.

    Args:
        share: the Sobel branch uses the main branch's first two convolutions (code) or its own.
        freeze: the operators keep the values of Sobel and Laplacian (paper).
        width: channels in and out.
    """

    def __init__(self, *, share: bool, freeze: bool, width: int = WIDTH) -> None:
        super().__init__()
        self.laplaconv, self.sobelconv = TrainableLaplacian(width), TrainableSobel(width)
        for operator in (self.laplaconv, self.sobelconv):
            operator.requires_grad_(not freeze)
        self.conv1 = lrelu(width, width, 1)
        self.conv2, self.conv3, self.conv4 = (lrelu(n * width, width) for n in (1, 2, 3))
        self.conv5, self.conv6 = lrelu(10 * width, width, 1), lrelu(width, width, 1)
        self.branch1 = self.conv1 if share else lrelu(width, width, 1)
        self.branch2 = self.conv2 if share else lrelu(width, width)

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) -> the same."""
        a = self.conv1(features + self.laplaconv(features))
        b = densely([self.conv2], a)  # (B, 2 C, H, W)
        c = densely([self.conv3], b)  # (B, 3 C, H, W)
        d = densely([self.conv4], c)  # (B, 4 C, H, W)
        main = self.conv5(torch.cat([a, b, c, d], dim=1))
        edges = self.conv6(self.branch2(self.branch1(self.sobelconv(features))))
        return F.leaky_relu(features + edges + main, 0.1)


class PlainBlock(nn.Module):
    """The ablation of `GradientBlock`: no gradient operators, ReLU."""

    def __init__(self, *, width: int = WIDTH) -> None:
        super().__init__()
        self.conv1 = conv(width, width, 1, activation=nn.ReLU())
        self.dense = nn.ModuleList(conv(n * width, width, activation=nn.ReLU()) for n in (1, 2, 3))
        self.conv5 = conv(4 * width, width, 1, activation=nn.ReLU())

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) -> the same."""
        return torch.relu(features + self.conv5(densely(self.dense, self.conv1(features))))


class ScgrFuse(nn.Module):
    """Two streams, attention, the shallow features added, decoder 96-64-32-16-1, tanh / 2 + 1/2.

    Args:
        share_branch_convs: see `GradientBlock`.
        freeze_gradients: see `GradientBlock`.
        channel_mode: see `SpatialChannelAttention`.
        pfb_pad: see `SpatialChannelAttention`.
        gradient_blocks: False is the paper's ablation without GRXDB: plain dense blocks whose
            results are not put beside each other, so everything up to the decoder is 32 wide.
        attention: False is the ablation without SCAM.
        width: of a stream; 8 halves every layer and needs about a quarter of the work (ours).

    Shapes: two planes (B, 1, H, W) in [0, 1] -> (B, 1, H, W) in (0, 1). 1,184,293 parameters.
    """

    inputs: ClassVar = {"ir": 1, "vis": 1}

    def __init__(
        self,
        *,
        share_branch_convs: bool = True,
        freeze_gradients: bool = False,
        channel_mode: str = "pooled",
        pfb_pad: str = "zeros",
        gradient_blocks: bool = True,
        attention: bool = True,
        width: int = WIDTH,
    ) -> None:
        super().__init__()
        if channel_mode not in ("pooled", "map") or pfb_pad not in ("zeros", "reflect"):
            raise ValueError("channel_mode must be pooled or map, pfb_pad zeros or reflect")
        self.gradient_blocks = gradient_blocks
        block = partial(GradientBlock, share=share_branch_convs, freeze=freeze_gradients)
        make = partial(block if gradient_blocks else PlainBlock, width=width)
        self.vis, self.ir = (nn.ModuleList([lrelu(1, width), make(), make()]) for _ in range(2))
        joined = 6 * width if gradient_blocks else 2 * width
        self.shallow = nn.Sequential(lrelu(2, 8 * width), lrelu(8 * width, joined))
        self.attention = (
            SpatialChannelAttention(joined, channel_mode=channel_mode, pfb_pad=pfb_pad)
            if attention
            else None
        )
        narrower = ((joined, 4 * width), (4 * width, 2 * width), (2 * width, width))
        self.decoder = nn.Sequential(
            *(lrelu(i, o) for i, o in narrower), conv(width, 1, activation=HalfTanh())
        )

    def _stream(self, layers: nn.ModuleList, image: Tensor) -> Tensor:
        seen = []
        for layer in layers:
            image = layer(image)
            seen.append(image)
        return torch.cat(seen, dim=1) if self.gradient_blocks else image

    def forward(self, ir: Tensor, vis: Tensor) -> Tensor:
        """Two planes (B, 1, H, W) to the fused one."""
        streams = [self._stream(self.vis, vis), self._stream(self.ir, ir)]
        deep = torch.cat(streams, dim=1)  # (B, 96, H, W)
        if self.attention is not None:
            deep = self.attention(deep)
        return self.decoder(deep + self.shallow(torch.cat([vis, ir], dim=1)))  # type: ignore[no-any-return]

    def deployed(self) -> nn.Module:
        """The network as it is shipped; its channel attention looks at the whole image.

        Without it: 1 and twice (1 + 3) of a stream, 4 of the decoder.
        """
        local = self.attention is None
        reach_px = (13 if self.gradient_blocks else 11) if local else None
        return Deployed(folded(self), reach_px=reach_px)


NETWORKS = {
    "scgrfuse": ScgrFuse,
    "scgrfuse-no-grxdb": partial(ScgrFuse, gradient_blocks=False),
    "scgrfuse-no-scam": partial(ScgrFuse, attention=False),
    "scgrfuse-slim": partial(ScgrFuse, width=8),
}
PUBLISHED = {
    "scgrfuse": Published(
        ScgrFuse,
        rules=(
            (r"^ir\.", "inf."),
            (r"^(inf|vis)\.0\.0\.", r"\1_conv.conv."),
            (r"^(inf|vis)\.([12])\.", r"\1_rgbd\2."),
            (r"\.branch([12])\.", r".conv\1."),
            (r"\.conv([156])\.0\.", r".conv\1.conv1d."),
            (r"\.conv([234])\.0\.", r".conv\1.conv3d."),
            (r"^shallow\.0\.0\.", "xconv31.conv3d."),
            (r"^shallow\.1\.0\.", "xconv32.conv3d."),
            *((rf"^attention\.multi\.{n}\.0\.", f"multi.conv{2 * n + 1}.") for n in range(4)),
            (r"^attention\.conv1l\.0\.", "conv1l.conv1d."),
            (r"^attention\.spa\.0\.", "spa.conv1.conv1d."),
            (r"^attention\.spa_atten\.", "spa.conv_atten."),
            (r"^attention\.cpa\.0\.", "cpa.conv."),
            (r"^attention\.conv3R\.0\.", "conv3R.conv3d."),
            (r"^attention\.pfb\.0\.", "pfb.conv.conv1d."),
            *((rf"^decoder\.{n}\.0\.", f"decode{4 - n}.conv.") for n in range(4)),
        ),
        ignored=r"^decode\d\.bn\.",
    )
}
