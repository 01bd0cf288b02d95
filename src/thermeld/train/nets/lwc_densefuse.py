"""LWC-DenseFuse: DenseFuse of lightweight convolutions that compensate what they lose.

Source: "Infrared and Visible Image Fusion Network Based on Self-Compensating Lightweight
Convolution", Sensors 26(12), 3748, abstract.

It says: depthwise and pointwise instead of standard convolution, channel attention that enhances
and compensates, channel shuffle between groups, staged training. Only that was at
hand: widths are DenseFuse's (Li & Wu 2019), everything else is ours.
"""

from collections.abc import Callable
from functools import partial
from typing import ClassVar

from torch import Tensor, nn

from thermeld.train.deployed import Deployed
from thermeld.train.layers.attention import ResidualGate, shuffle_channels
from thermeld.train.layers.convolution import conv, densely, folded
from thermeld.train.nets.densefuse import addition, l1

RULES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"mean": addition, "l1": l1}


class LightConvolution(nn.Module):
    """Depthwise 3x3, pointwise in groups, ReLU, gate y (1 + a), shuffle of the groups.

    Args:
        inputs: channels in.
        outputs: channels out.
        groups: of the pointwise half.
        gate: scale channels by 1 + a, a in (0, 1).
        shuffle: deal channels out over the groups.
    """

    def __init__(self, inputs: int, outputs: int, *, groups: int, gate: bool, shuffle: bool):
        super().__init__()
        self.depthwise = nn.Conv2d(
            inputs, inputs, 3, padding=1, padding_mode="reflect", groups=inputs, bias=False
        )
        self.pointwise = nn.Conv2d(inputs, outputs, 1, groups=groups)
        self.activation = nn.ReLU()
        self.gate = ResidualGate(outputs) if gate else nn.Identity()
        self.groups = groups if shuffle else 1

    def forward(self, features: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H, W)."""
        light = self.gate(self.activation(self.pointwise(self.depthwise(features))))
        return shuffle_channels(light, self.groups) if self.groups > 1 else light


class LwcDenseFuse(nn.Module):
    """3x3 to 16, three light dense layers to 64, rule, three light layers, 3x3 to 1.

    Args:
        rule: "mean" (trained with) or "l1" (DenseFuse's activity rule, for inference).
        groups: of the pointwise convolutions; 1 makes the shuffle idle (14,233 parameters).
        gate: channel attention (6,865 parameters without).
        shuffle: channel shuffle (no parameters).

    Shapes: two planes (B, 1, H, W) in [0, 1] -> the same; H and W at least 2, border reflected.
    10,137 parameters. The gate looks at the whole image.
    """

    inputs: ClassVar = {"ir": 1, "vis": 1}

    def __init__(
        self, *, rule: str = "mean", groups: int = 2, gate: bool = True, shuffle: bool = True
    ) -> None:
        super().__init__()
        if rule not in RULES:
            raise ValueError(f"rule must be one of {tuple(RULES)}, got {rule!r}")
        self.rule, self.gated = rule, gate
        light = partial(LightConvolution, groups=groups, gate=gate, shuffle=shuffle)
        self.first = conv(1, 16, border="reflect", activation=nn.ReLU())
        self.dense = nn.ModuleList(light(width, 16) for width in (16, 32, 48))
        self.decoder = nn.Sequential(
            light(64, 64), light(64, 32), light(32, 16), conv(16, 1, border="reflect")
        )

    def encode(self, image: Tensor) -> Tensor:
        """(B, 1, H, W) -> (B, 64, H, W)."""
        return densely(self.dense, self.first(image))

    def reconstruct(self, image: Tensor) -> Tensor:
        """An image through encoder and decoder, for the first two stages of training."""
        return self.decoder(self.encode(image))  # type: ignore[no-any-return]

    def forward(self, ir: Tensor, vis: Tensor) -> Tensor:
        """Two planes (B, 1, H, W) to the fused one."""
        return self.decoder(RULES[self.rule](self.encode(ir), self.encode(vis)))  # type: ignore[no-any-return]

    def deployed(self) -> nn.Module:
        """The network as it is shipped."""
        reach_px = 9 if self.rule == "l1" else 8
        return Deployed(folded(self), reach_px=None if self.gated else reach_px)


NETWORKS = {
    "lwc-densefuse": LwcDenseFuse,
    "lwc-densefuse-ungrouped": partial(LwcDenseFuse, groups=1),
    "lwc-densefuse-no-gate": partial(LwcDenseFuse, gate=False),
    "lwc-densefuse-no-shuffle": partial(LwcDenseFuse, shuffle=False),
    "lwc-densefuse-bare": partial(LwcDenseFuse, gate=False, shuffle=False),
}
