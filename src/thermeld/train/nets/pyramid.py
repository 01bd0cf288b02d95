"""thermeld's own networks: a Laplacian pyramid whose choices are learned.

Source: our own; the pyramid after Burt & Adelson, IEEE Trans. Commun. 31(4), 1983, the choice by
magnitude after Burt & Kolczynski, ICCV 1993, which is what the untrained network does.

A trunk at a quarter of the resolution looks at both images. Its blocks are used again at every
coarser scale, down and back up, and say two numbers per level and pixel (for the two finest levels
those of 4x4 and 2x2 pixels at once): how far to lean from the source with the
stronger detail, and how much of the detail to give. The pyramid does the rest:

    stronger = (box |ir band| - box |vis band|) / (box |ir band| + box |vis band| + 1 / 256)
    share = sigmoid(lean + 12 stronger), box being means of 3x3 pixels
    share of the base = sigmoid(5 (ir base - vis base) + 10 unequal^15)
    unequal = (ir base - vis base) / (ir base + vis base + 1 / 256)
    fused band = (1 + unlike tanh(gain)) (share ir band + (1 - share) vis band)
    unlike = |ir band - vis band| / (|ir band| + |vis band|)

so that two equal images come back as they are, whatever was learned. The choice is by the ratio
of the bands, so that it is as sharp in a dim picture as in a bright one, and soft only where both
bands are below a grey level. The base leans to the brighter source, to it alone where the other
is black, and nothing about it is learned: skies stay bright. What would leave [0, 1] is bent back
into it, see `_limited`.
The finest level is worked out on 2x2 blocks laid out as channels, where it costs a quarter.
"""

from functools import partial
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from thermeld.train.deployed import Deployed

SHARPNESS = 12.0  # of the choice by magnitude
BRIGHTNESS = 5.0  # of the choice between the bases, for images in 0..1
BLACK, NEARLY = 10.0, 15  # what a black base adds to that, and how steeply it sets in
LEVEL = 1 / 256  # detail fainter than this is mixed rather than chosen
TAPS = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
FAINT = 1e-3  # a quarter of a grey level; bands below it have nothing to disagree about
LEVELS = 7


class Residual(nn.Module):
    """relu(x + pointwise(depthwise 3x3(x))), zero border: (B, C, H, W) -> the same."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False)
        self.pointwise = nn.Conv2d(width, width, 1)

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) -> the same."""
        return F.relu(features + self.pointwise(self.depthwise(features)))


class Trunk(nn.Module):
    """Features at a quarter of the resolution and every octave below, aware of what lies around.

    Args:
        width: channels.
        blocks: on the way down and again on the way up, the same at every scale.
    """

    def __init__(self, width: int, blocks: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(8, width, 3, stride=2, padding=1)
        self.entry = nn.Conv2d(2, width, 3, padding=1)  # what a scale sees of the images itself
        self.halve = nn.Conv2d(width, width, 3, stride=2, padding=1, groups=width, bias=False)
        self.down = nn.Sequential(*(Residual(width) for _ in range(blocks)))
        self.up = nn.Sequential(*(Residual(width) for _ in range(blocks)))
        with torch.no_grad():
            self.halve.weight.fill_(1 / 9)

    def forward(self, blocked: Tensor, planes: list[Tensor]) -> list[Tensor]:
        """Features by scale, finest first.

        Args:
            blocked: both images as 2x2 blocks, (B, 8, h, w).
            planes: both at a quarter of that resolution and every octave below.
        """
        features = [self.down(F.relu(self.stem(blocked)))]
        for plane in planes:
            seen = self.halve(features[-1]) + self.entry(plane)
            features.append(self.down(F.relu(seen)))
        found = [self.up(features[-1])]
        for fine in reversed(features[:-1]):
            found.append(self.up(fine + F.interpolate(found[-1], size=fine.shape[-2:])))
        return found[::-1]


class PyramidFusion(nn.Module):
    """Two planes (B, 1, H, W) in [0, 1], any H and W, to one of the same size.

    With all heads at zero, as it begins, it is the classical pyramid with a soft choice of the
    stronger detail and of the brighter base.

    Args:
        width: channels of the trunk.
        blocks: see `Trunk`.
        levels: detail bands of the pyramid; the base is 2**levels times smaller.
    """

    inputs: ClassVar = {"ir": 1, "vis": 1}
    block: Tensor
    binomial: Tensor
    low: Tensor
    grown: Tensor
    grown_pair: Tensor
    around: Tensor
    around_blocked: Tensor

    def __init__(self, *, width: int, blocks: int, levels: int = LEVELS) -> None:
        super().__init__()
        self.levels, self.blocks = levels, blocks
        self.trunk = Trunk(width, blocks)
        numbers = [32, 8, *[2] * (levels - 2)]  # lean and gain of 16 pixels, of 4, then of one
        self.heads = nn.ModuleList(nn.Conv2d(width, count, 1) for count in numbers)
        for head in self.heads:
            nn.init.zeros_(head.weight)  # type: ignore[arg-type]
            nn.init.zeros_(head.bias)  # type: ignore[arg-type]
        for name, kernel in _kernels().items():
            self.register_buffer(name, kernel, persistent=False)

    def deployed(self) -> nn.Module:
        """The network as it is shipped.

        One pixel of the coarsest scale for what it is shown, for each block down and up and for
        the step to the next. The finer scales reach as far again, but what trained networks make of
        that cannot be seen: 512 pixels away another picture changed nano by a hundredth of a grey
        level and small by nine tenths at most, on three pairs.
        """
        reach = 2**self.levels * (2 * self.blocks + 2)
        return Deployed(self.eval(), reach_px=reach, align_px=2**self.levels)

    def forward(self, ir: Tensor, vis: Tensor) -> Tensor:
        """Fuse (B, 1, H, W) and (B, 1, H, W) to (B, 1, H, W), within [0, 1] but for 1e-3."""
        both = torch.cat([ir, vis], dim=1)
        height, width = both.shape[-2:]
        blocked = _blocked(both, self.block)  # (B, 8, h, w), four of infrared first
        planes = [_filtered(blocked, self.low)]
        for _ in range(self.levels - 1):
            planes.append(self._halved(planes[-1]))
        said = self._said(self.trunk(blocked, planes[2:]))
        fused = _base(planes[-1])
        for level in range(self.levels - 1, 0, -1):
            fine, coarse = planes[level - 1 : level + 1]
            band = fine - _like(F.pixel_shuffle(_filtered(coarse, self.grown_pair), 2), fine)
            detail = _chosen(band, _like(said[level], fine), self.around)
            fused = detail + _like(F.pixel_shuffle(_filtered(fused, self.grown), 2), fine)
        band = blocked - _filtered(planes[0], self.grown_pair)
        detail = _chosen(band, _like(said[0], blocked), self.around_blocked)
        fused = _limited(detail + _filtered(fused, self.grown), blocked)  # (B, 4, h, w)
        return F.pixel_shuffle(fused, 2)[..., :height, :width]

    def _said(self, found: list[Tensor]) -> list[Tensor]:
        """Leans and gains by level, finest first, from features by scale."""
        finest = [F.pixel_shuffle(head(found[0]), 2) for head in self.heads[:2]]
        rest = zip(self.heads[2:], found[: self.levels - 2], strict=True)
        return finest + [head(features) for head, features in rest]

    def _halved(self, plane: Tensor) -> Tensor:
        padded = F.pad(plane, (2, 2, 2, 2), mode="replicate")
        return F.conv2d(padded, self.binomial, stride=2, groups=2)


def _base(planes: Tensor) -> Tensor:
    """Of the brighter source, softly: (B, 2, h, w) -> (B, 1, h, w)."""
    ir, vis = planes.chunk(2, dim=1)
    apart = ir - vis
    unequal = apart / (ir + vis + LEVEL)
    return vis + torch.sigmoid(BRIGHTNESS * apart + BLACK * unequal**NEARLY) * apart


def _chosen(band: Tensor, said: Tensor, around: Tensor) -> Tensor:
    """Detail of the fused image from the bands of both and what the trunk says of them.

    Args:
        band: (B, 2 n, h, w), those of infrared first.
        said: (B, 2 n, h, w), leans first, then gains; zeros for the classical choice.
        around: kernel from sizes of both bands to the means of 3x3 pixels of their difference and
            of their sum, (2 n, 2 n, 3, 3).
    """
    ir, vis = band.chunk(2, dim=1)
    lean, gain = said.chunk(2, dim=1)
    sizes = band.abs()
    stronger, strength = F.conv2d(sizes, around, padding=1).chunk(2, dim=1)
    share = torch.sigmoid(lean + SHARPNESS * stronger / (strength + LEVEL))
    apart = ir - vis
    ir_size, vis_size = sizes.chunk(2, dim=1)
    unlike = apart.abs() / (ir_size + vis_size + FAINT)
    return (1 + torch.tanh(gain) * unlike) * (vis + share * apart)


def _limited(fused: Tensor, sources: Tensor) -> Tensor:
    """Bend what is brighter or darker than both sources so that it stays between black and white.

    An excess e over the brighter source with room r above it becomes e / sqrt(1 + (e / r)**2):
    small ones stay as they are, large ones end at white. Clipping would flatten them.

    Args:
        fused: (B, n, h, w).
        sources: (B, 2 n, h, w) in [0, 1], infrared first.
    """
    ir, vis = sources.chunk(2, dim=1)
    brighter, darker = torch.maximum(ir, vis), torch.minimum(ir, vis)
    within = torch.minimum(torch.maximum(fused, darker), brighter)
    excess = fused - within
    room = torch.where(excess > 0, 1 - brighter, darker) + FAINT
    return within + excess / torch.sqrt(1 + (excess / room) ** 2)


def _filtered(planes: Tensor, kernel: Tensor) -> Tensor:
    return F.conv2d(F.pad(planes, (1, 1, 1, 1), mode="replicate"), kernel)


def _like(grown: Tensor, fine: Tensor) -> Tensor:
    """Without the last row and column where the finer scale has an odd number of them."""
    return grown[..., : fine.shape[-2], : fine.shape[-1]]


def _blocked(planes: Tensor, kernel: Tensor) -> Tensor:
    """2x2 blocks as channels; an odd last row or column counts twice."""
    return F.conv2d(F.pad(planes, (0, 1, 0, 1), mode="replicate"), kernel, stride=2)


def _kernels() -> dict[str, Tensor]:
    """Fixed filters; those of the finest level work on 2x2 blocks as four channels."""
    taps = torch.tensor(TAPS)
    low = torch.zeros(3, 2)  # over blocks -1, 0, 1 and the two places in each
    for offset, tap in zip(range(-2, 3), TAPS, strict=True):
        low[offset // 2 + 1, offset % 2] = tap
    low2 = torch.einsum("ap,bq->pqab", low, low).reshape(1, 4, 3, 3)
    grown = torch.zeros(2, 3)  # place in a block, over samples -1, 0, 1
    grown[0] = torch.tensor([1 / 8, 6 / 8, 1 / 8])
    grown[1] = torch.tensor([0, 1 / 2, 1 / 2])
    grown2 = torch.einsum("pa,qb->pqab", grown, grown).reshape(4, 1, 3, 3)
    mean = torch.zeros(2, 2, 3)  # place, place of the neighbour, its block
    for place in range(2):
        for offset in range(-1, 2):
            mean[place, (place + offset) % 2, (place + offset) // 2 + 1] = 1 / 3
    mean2 = torch.einsum("pra,qsb->pqrsab", mean, mean).reshape(4, 4, 3, 3)
    nothing = torch.zeros_like
    return {
        "block": torch.eye(8).reshape(8, 2, 2, 2),
        "binomial": torch.outer(taps, taps).expand(2, 1, 5, 5).contiguous(),
        "low": torch.cat(
            [torch.cat([low2, nothing(low2)], 1), torch.cat([nothing(low2), low2], 1)]
        ),
        "grown": grown2,
        "grown_pair": torch.cat(
            [torch.cat([grown2, nothing(grown2)], 1), torch.cat([nothing(grown2), grown2], 1)]
        ),
        "around": _compared(torch.full((1, 1, 3, 3), 1 / 9)),
        "around_blocked": _compared(mean2),
    }


def _compared(mean: Tensor) -> Tensor:
    """From a kernel (n, n, 3, 3) the one that takes means of ir - vis, then of ir + vis."""
    difference, total = torch.cat([mean, -mean], dim=1), torch.cat([mean, mean], dim=1)
    return torch.cat([difference, total])


NETWORKS = {
    "thermeld-nano": partial(PyramidFusion, width=32, blocks=1),
    "thermeld-small": partial(PyramidFusion, width=56, blocks=3),
}
