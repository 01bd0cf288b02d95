"""Gates over channels and places, and the shuffle of channel groups."""

import torch
from torch import Tensor, nn


class Cbam(nn.Module):
    """Channel attention, then spatial attention, both sigmoid gates.

    Mc = sigmoid(W1 relu(W0 mean(F)) + W1 relu(W0 max(F))), F' = Mc F,
    Ms = sigmoid(conv7x7([mean_c F'; max_c F'])), F'' = Ms F'. No biases.

    Source: Woo et al., "CBAM", ECCV 2018, equations 2 and 3.
    """

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(channels, channels // reduction, 1, bias=False)
        self.widen = nn.Conv2d(channels // reduction, channels, 1, bias=False)
        self.place = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) -> the same."""
        pooled = (features.mean((2, 3), keepdim=True), features.amax((2, 3), keepdim=True))
        channel = sum(self.widen(torch.relu(self.narrow(part))) for part in pooled)
        features = features * torch.sigmoid(channel)
        seen = [features.mean(1, keepdim=True), features.amax(1, keepdim=True)]
        return features * torch.sigmoid(self.place(torch.cat(seen, dim=1)))


class ResidualGate(nn.Module):
    """Squeeze and excitation that can only add: y (1 + sigmoid(W2 relu(W1 mean(y)))).

    W2 begins at zero, so that the gate begins at 1.5 everywhere.

    Source: Hu et al., "Squeeze-and-Excitation Networks", CVPR 2018, equations 2 to 4; the 1 is
    ours.
    """

    def __init__(self, channels: int, reduction: int = 4) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(channels, channels // reduction, 1)
        self.widen = nn.Conv2d(channels // reduction, channels, 1)
        nn.init.zeros_(self.widen.weight)
        nn.init.zeros_(self.widen.bias)  # type: ignore[arg-type]

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) -> the same."""
        pooled = features.mean((2, 3), keepdim=True)
        return features * (1 + torch.sigmoid(self.widen(torch.relu(self.narrow(pooled)))))


def shuffle_channels(features: Tensor, groups: int) -> Tensor:
    """Deal the channels of each group out over all groups; (B, C, H, W) -> the same.

    Source: Zhang et al., "ShuffleNet", CVPR 2018, section 3.1.
    """
    batch, channels, height, width = features.shape
    apart = features.reshape(batch, groups, channels // groups, height, width)
    return apart.transpose(1, 2).reshape(batch, channels, height, width)
