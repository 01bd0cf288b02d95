"""The generator path and the critic that FusionGAN and its relatives share.

Source: Ma et al., "FusionGAN: A generative adversarial network for infrared and visible image
fusion", Information Fusion 48, 2019.
"""

from collections.abc import Iterable

from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

from thermeld.train.deployed import SIGNED_RANGE, Deployed
from thermeld.train.layers.convolution import conv, folded, leaky, with_image_statistics

WIDTHS = (256, 128, 64, 32)
NARROW = 1e-3  # standard deviation of first weights


def shrinking_path(inputs: int, kernels: Iterable[int]) -> nn.Sequential:
    """Four convolutions to 256, 128, 64, 32 channels without border, normalised, LeakyReLU 0.2."""
    layers = []
    for outputs, kernel in zip(WIDTHS, kernels, strict=True):
        layers.append(conv(inputs, outputs, kernel, border="valid", norm=True, activation=leaky()))
        inputs = outputs
    return nn.Sequential(*layers)


class ValidCritic(nn.Module):
    """Four 3x3 convolutions of stride 2 without border to 256 channels, a linear layer.

    Args:
        outputs: numbers given per image.
        first_norm: normalise after the first convolution too.
        spectral: divide every weight by its largest singular value.
        size: (H, W) of the images it will see.
    """

    def __init__(
        self,
        *,
        outputs: int = 1,
        first_norm: bool = False,
        spectral: bool = False,
        size: tuple[int, int] = (120, 120),
    ) -> None:
        super().__init__()
        self.inputs = {"image": 1}
        self.size = size
        widths = (1, 32, 64, 128, 256)
        self.conv = nn.Sequential(
            *(
                conv(
                    widths[n],
                    widths[n + 1],
                    stride=2,
                    border="valid",
                    norm=n > 0 or first_norm,
                    activation=leaky(),
                )
                for n in range(4)
            )
        )
        height, width = (_after_four(length) for length in size)
        self.linear = nn.Linear(256 * height * width, outputs)
        start_narrow(self)
        if spectral:
            normalise_spectrally(self)

    def forward(self, image: Tensor) -> Tensor:
        """(B, 1, H, W) -> (B, outputs), any real number."""
        return self.linear(self.conv(image).flatten(1))  # type: ignore[no-any-return]


def _after_four(length: int) -> int:
    for _ in range(4):
        length = (length - 3) // 2 + 1
    return length


def deployed_valid(net: nn.Module, *, lost_px: int) -> Deployed:
    """A network without borders as it is shipped: its input is continued by copies of the border.

    Args:
        net: has `statistics`, "running" or "image": what normalises.
        lost_px: pixels that it takes from every side.
    """
    if net.statistics == "image":
        ready, reach_px = with_image_statistics(net), None
    else:
        ready, reach_px = folded(net), lost_px
    return Deployed(ready, reach_px=reach_px, range=SIGNED_RANGE, pad_px=lost_px)


def start_narrow(net: nn.Module) -> None:
    """First weights from a normal distribution of 0.001, cut off at two deviations."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            nn.init.trunc_normal_(module.weight, std=NARROW, a=-2 * NARROW, b=2 * NARROW)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def normalise_spectrally(net: nn.Module) -> None:
    """Divide every weight by its largest singular value, one power iteration per step."""
    for module in list(net.modules()):
        if isinstance(module, nn.Conv2d | nn.Linear):
            spectral_norm(module)
