"""The depthwise-separable convolution of MobileNets."""

from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


class DepthwiseSeparable(nn.Module):
    """Depthwise 3x3 and pointwise 1x1 convolution, one batch normalisation, ReLU.

    No border of its own, stride 1: (B, inputs, H + 2, W + 2) -> (B, outputs, H, W).

    Source: Howard et al., "MobileNets", arXiv:1704.04861, section 3.1. That block also
    normalises after the depthwise half; `norm_after_depthwise` adds it.
    """

    def __init__(self, inputs: int, outputs: int, *, norm_after_depthwise: bool = False) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(inputs, inputs, 3, groups=inputs, bias=False)
        self.middle: nn.Module = nn.BatchNorm2d(inputs) if norm_after_depthwise else nn.Identity()
        self.pointwise = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.norm: nn.Module = nn.BatchNorm2d(outputs)
        self.activation = nn.ReLU(inplace=True)

    def forward(self, features: Tensor) -> Tensor:
        """(B, inputs, H + 2, W + 2) -> (B, outputs, H, W)."""
        deep: Tensor = self.pointwise(self.middle(self.depthwise(features)))
        return self.activation(self.norm(deep))  # type: ignore[no-any-return]

    def fold(self) -> None:
        """Put the normalisation into the convolution before it, for inference."""
        if isinstance(self.middle, nn.BatchNorm2d):
            self.depthwise = fuse_conv_bn_eval(self.depthwise, self.middle)
            self.middle = nn.Identity()
        if isinstance(self.norm, nn.BatchNorm2d):
            self.pointwise = fuse_conv_bn_eval(self.pointwise, self.norm)
            self.norm = nn.Identity()
