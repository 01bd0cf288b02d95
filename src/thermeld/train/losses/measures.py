"""What fused images are judged by, as something to climb: our metrics, differentiable.

Each function takes planes (B, 1, H, W) in [0, 1], fused first, and gives one value per image, (B,).
Where a metric of the package has the same name, the value is that of its convention `tang` (but for
8-bit rounding); ties, which have no slope, are left alone.
"""

from math import pi

import torch
from torch import Tensor
from torch.nn import functional as F

from thermeld.train.layers.gradient import SOBEL_X, SOBEL_Y, filtered
from thermeld.train.losses.windows import halved, means

EPS = 1e-12
WINDOW = 11
SIGMA = 1.5
STEADY = (0.03 * 255.0) ** 2
EXPOSURE_WEIGHTS = (0.0448 / 0.6305, 0.2856 / 0.6305, 0.3001 / 0.6305)
VIF_SIDES = (17, 9, 5, 3)
VIF_NOISE = 2.0


def difference_correlations(fused: Tensor, ir: Tensor, vis: Tensor) -> Tensor:
    """SCD: corr(F - V, I) + corr(F - I, V), -2 to 2; Aslantas & Bendes, 2015."""
    return _correlation(fused - vis, ir) + _correlation(fused - ir, vis)


def _correlation(one: Tensor, other: Tensor) -> Tensor:
    one = one - one.mean((1, 2, 3), keepdim=True)
    other = other - other.mean((1, 2, 3), keepdim=True)
    norms = (one**2).sum((1, 2, 3)) * (other**2).sum((1, 2, 3))
    return (one * other).sum((1, 2, 3)) / (norms + EPS).sqrt()


def edge_transfer(fused: Tensor, ir: Tensor, vis: Tensor) -> Tensor:
    """Qabf, 0 to 1; Xydeas & Petrovic, 2000."""
    target = _edges(fused)
    sources = [_edges(source) for source in (ir, vis)]
    kept = torch.cat([_preserved(source, target) for source in sources], dim=1)
    weight = torch.cat([strength for strength, _ in sources], dim=1)
    return kept.sum((1, 2, 3)) / (weight.sum((1, 2, 3)) + EPS)


def _edges(plane: Tensor) -> tuple[Tensor, Tensor]:
    """Strength in grey levels and angle in -pi/2..pi/2 of Sobel's gradient, zero border."""
    along = filtered(plane, SOBEL_X) * -255.0
    up = filtered(plane, SOBEL_Y) * 255.0
    strength = (along**2 + up**2 + 1e-6).sqrt()
    safe = torch.where(along.abs() < 1e-4, torch.full_like(along, 1e-4), along)
    return strength, torch.atan(up / safe)


def _preserved(source: tuple[Tensor, Tensor], target: tuple[Tensor, Tensor]) -> Tensor:
    weak, strong = (pick(source[0], target[0]) for pick in (torch.minimum, torch.maximum))
    aligned = 1 - (source[1] - target[1]).abs() / (pi / 2)
    by_strength = torch.sigmoid(15.0 * (weak / strong - 0.5))
    by_angle = torch.sigmoid(22.0 * (aligned - 0.8))
    return 0.9994 * 0.9879 * source[0] * by_strength * by_angle


def similarity(
    fused: Tensor, ir: Tensor, vis: Tensor, *, steady: tuple[float, float] = (0.01, 0.03)
) -> Tensor:
    """SSIM, mean over the two sources, -1 to 1, over windows that fit; Wang et al., 2004.

    Args:
        fused: (B, 1, H, W) in [0, 1].
        ir: the same.
        vis: the same.
        steady: K1 and K2; the survey code's are 255 times smaller, which leaves only noise to
            decide where images are flat.
    """
    c1, c2 = ((255.0 * k) ** 2 for k in steady)
    planes = torch.cat([fused, ir, vis], dim=1) * 255.0
    mean = means(planes, WINDOW, SIGMA)
    var = means(planes**2, WINDOW, SIGMA) - mean**2
    cross = means(planes[:, :1] * planes[:, 1:], WINDOW, SIGMA) - mean[:, :1] * mean[:, 1:]
    squares = mean**2
    light = (2 * mean[:, :1] * mean[:, 1:] + c1) / (squares[:, :1] + squares[:, 1:] + c1)
    shape = (2 * cross + c2) / (var[:, :1] + var[:, 1:] + c2)
    return (light * shape).mean((1, 2, 3))


def multi_exposure(fused: Tensor, ir: Tensor, vis: Tensor) -> Tensor:
    """MS_SSIM: likeness to what an ideal fusion of every window would be, 0 to 1.

    Source: Ma, Zeng & Wang, IEEE Trans. Image Processing 24(11), 2015, at three scales.
    """
    fused, sources = fused * 255.0, torch.cat([ir, vis], dim=1) * 255.0
    score = torch.ones_like(fused[:, 0, 0, 0])
    for scale, weight in enumerate(EXPOSURE_WEIGHTS):
        if scale:
            fused, sources = halved(fused), halved(sources)
        score = score * exposure(fused, sources).clamp_min(1e-3) ** weight
    return score


def exposure(fused: Tensor, sources: Tensor) -> Tensor:
    """One scale of `multi_exposure`: fused (B, 1, H, W) and sources (B, 2, H, W), 0 to 255."""
    with torch.no_grad():
        shares = _desired(sources)
        mean = means(sources, WINDOW, SIGMA)
        var = means(sources**2, WINDOW, SIGMA) - mean**2
        product = means(sources.prod(1, keepdim=True), WINDOW, SIGMA)
        between = product - mean.prod(1, keepdim=True)
        wanted = (shares**2 * var).sum(1) + 2 * shares.prod(1) * between[:, 0]
    fused_mean = means(fused, WINDOW, SIGMA)
    fused_var = means(fused**2, WINDOW, SIGMA) - fused_mean**2
    cross = means(fused * sources, WINDOW, SIGMA) - mean * fused_mean
    likeness = (2 * (shares * cross).sum(1) + STEADY) / (wanted + fused_var[:, 0] + STEADY)
    return likeness.mean((1, 2))


def _desired(sources: Tensor) -> Tensor:
    """Shares of the sources' deviations in the desired window, (B, 2, h, w)."""
    count, tiny = WINDOW * WINDOW, torch.finfo(sources.dtype).eps
    sources = sources - sources.mean((2, 3), keepdim=True)  # keeps the sums below small
    mean = means(sources, WINDOW, None)
    energy = count * (means(sources**2, WINDOW, None) - mean**2).clamp_min(0)
    both = means(sources.prod(1, keepdim=True), WINDOW, None) - mean.prod(1, keepdim=True)
    twice = 2 * count * both[:, 0]
    norm = energy.sqrt()
    sharp = norm + 0.001
    together = (energy.sum(1) + twice).clamp_min(0).sqrt()
    likeness = ((together + tiny) / (norm.sum(1) + tiny)).clamp_max(1 - tiny)
    power = torch.tan(0.5 * pi * likeness).clamp_max(10.0)[:, None]
    weight = (sharp / WINDOW) ** power + tiny
    share = weight / (weight.sum(1, keepdim=True) * sharp)
    length = ((share**2 * energy).sum(1) + share.prod(1) * twice).clamp_min(0).sqrt()[:, None]
    longest = sharp.amax(1, keepdim=True)
    scale = torch.where(length == 0, torch.ones_like(length), longest / length.clamp_min(1e-30))
    return share * scale


def information_fidelity(fused: Tensor, ir: Tensor, vis: Tensor) -> Tensor:
    """VIF, summed over both sources, 0 to about 2; Sheikh & Bovik, 2006, in the pixel domain."""
    planes = torch.cat([fused, ir, vis], dim=1) * 255.0
    through = directly = planes.new_zeros(len(planes), 2)
    for scale, side in enumerate(VIF_SIDES):
        if scale:
            planes = means(planes, side, side / 5.0, step=2)
        mean = means(planes, side, side / 5.0)
        var = (means(planes**2, side, side / 5.0) - mean**2).clamp_min(0)
        product = means(planes[:, :1] * planes[:, 1:], side, side / 5.0)
        cross = product - mean[:, :1] * mean[:, 1:]
        seen = var[:, 1:]
        gain = (cross / (seen + 1e-4)).clamp_min(0)
        noise = (var[:, :1] - gain * cross).clamp_min(0)
        through = through + torch.log1p(gain**2 * seen / (noise + VIF_NOISE)).sum((2, 3))
        directly = directly + torch.log1p(seen / VIF_NOISE).sum((2, 3))
    return (through / (directly + EPS)).sum(1)


def mutual_information(fused: Tensor, ir: Tensor, vis: Tensor, *, bins: int = 64) -> Tensor:
    """MI of the grey levels with both sources in bits, each pixel shared by two neighbouring bins.

    With 256 bins and 8-bit images it is the plain measure; fewer bins see less.

    Source: Qu, Zhang & Yan, 2002; shares after Maes et al., IEEE Trans. Med. Imaging 16(2), 1997.
    """
    target = _shares(fused, bins)
    return _mutual_bits(_shares(ir, bins), target) + _mutual_bits(_shares(vis, bins), target)


def _shares(plane: Tensor, bins: int) -> Tensor:
    place = plane.flatten(1).clamp(0, 1)[:, None] * (bins - 1)
    levels = torch.arange(bins, dtype=plane.dtype, device=plane.device)[None, :, None]
    return F.relu(1 - (place - levels).abs())  # (B, bins, H W)


def _mutual_bits(source: Tensor, target: Tensor) -> Tensor:
    joint = source @ target.mT / source.shape[-1]  # (B, bins, bins)
    apart = _bits(joint.sum(1)) + _bits(joint.sum(2))
    return apart - _bits(joint.flatten(1))


def _bits(share: Tensor) -> Tensor:
    return -(share * (share + EPS).log2()).sum(1)
