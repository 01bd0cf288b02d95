"""What most networks look like when they are shipped: two planes in [0, 1] to one."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from thermeld.image import LUMA

SHARED_RANGE = (0.0, 1.0)
SIGNED_RANGE = (-1.0, 1.0)
GREY_LEVELS = (0.0, 255.0)


class Deployed(nn.Module):
    """A network `(ir, vis) -> fused` in its own range, as the graph that `OnnxFusion` runs.

    Args:
        net: for inference, normalisations folded.
        reach_px: how far a pixel's result depends on the input; None = on the whole image.
        range: the network's values for black and white.
        pad_px: copies of the border pixel put around both images, for networks that shrink.
        align_px: a piece of an image gives what the whole gives if it begins at a multiple of this.

    Attributes:
        channels: of the two inputs.
        blends: False; there is no blending map.
    """

    blends = False

    def __init__(
        self,
        net: nn.Module,
        *,
        reach_px: int | None,
        range: tuple[float, float] = SHARED_RANGE,
        pad_px: int = 0,
        align_px: int = 1,
    ) -> None:
        super().__init__()
        self.net = net
        self.reach_px, self.align_px = reach_px, align_px
        self.low, self.span = range[0], range[1] - range[0]
        self.pad_px = pad_px
        self.channels = {"ir": 1, "vis": 1}

    def forward(self, ir: Tensor, vis: Tensor) -> dict[str, Tensor]:
        """Two planes (B, 1, H, W) in [0, 1] to "fused", (B, 1, H, W) in about [0, 1]."""
        fused = self.net(self._entering(ir), self._entering(vis))
        return {"fused": (fused - self.low) / self.span}

    def _entering(self, image: Tensor) -> Tensor:
        if self.pad_px:
            image = F.pad(image, (self.pad_px,) * 4, mode="replicate")
        return image * self.span + self.low


def grey(colour: Tensor) -> Tensor:
    """BT.601 luminance of a result (B, 3, H, W), clipped to [0, 1] first; (B, 1, H, W)."""
    weight = torch.tensor(LUMA.tolist(), device=colour.device).view(1, 3, 1, 1)
    return (colour.clamp(0, 1) * weight).sum(1, keepdim=True)


def inputs_of(net: nn.Module) -> Mapping[str, int]:
    """Channels of a network's arguments by name, in their order."""
    channels: Mapping[str, int] = net.inputs  # type: ignore[assignment]
    return channels


def size_of(net: nn.Module) -> tuple[int, int]:
    """(H, W) at which a network's work is stated: its own, or 480x640."""
    height, width = getattr(net, "size", (480, 640))
    return height, width


def example_inputs(net: nn.Module, batch: int, height: int, width: int) -> list[Tensor]:
    """Random arguments in [0, 1] for a network, on the default device."""
    return [torch.rand(batch, count, height, width) for count in inputs_of(net).values()]
