"""What thermeld's own networks are trained by: the stronger source's detail, and targets seen."""

from collections.abc import Mapping

import torch
from torch import Tensor
from torch.nn import functional as F

from thermeld.metrics.contrast import LEAST_SD, SIDE_PX
from thermeld.metrics.target import GAP_PX, RING_PX, TARGETS
from thermeld.train.layers.gradient import SOBEL_X, SOBEL_Y, filtered
from thermeld.train.losses import measures
from thermeld.train.losses.windows import means

ENOUGH = 0.95
LEAST_PX = 100  # of labelled people in a crop
MOST = 0.4  # of a crop; more leaves no surroundings
SELECTION: Mapping[str, float] = {
    "intensity": 0.15,
    "gradient": 2.0,
    "exposure": 2.0,
    "contrast": 1.5,
    "spread": 1.0,
    "structure": 0.6,
    "edges": 1.5,
    "fidelity": 1.2,
    "differences": 2.0,
    "information": 0.3,
    "people": 1.5,
}


def fusion_terms(fused: Tensor, ir: Tensor, vis: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Everything that is asked of a fused image, the smaller the better.

    Args:
        fused: (B, 1, H, W) in [0, 1].
        ir: (B, 1, H, W) in [0, 1], without the noise that the network may have seen.
        vis: the same.
        labels: (B, 1, H, W), classes of msrs; 0 where nothing is known.
    """
    half = [plane[..., ::2, ::2] for plane in (fused, ir, vis)]
    return {
        "intensity": (fused - torch.maximum(ir, vis)).abs().mean(),
        "gradient": signed_gradients(fused, ir, vis),
        "exposure": 1 - measures.multi_exposure(fused, ir, vis).mean(),
        "contrast": lost_contrast(fused, ir, vis),
        "spread": narrowed(fused, ir, vis),
        "structure": 1 - measures.similarity(fused, ir, vis).mean(),
        "edges": 1 - measures.edge_transfer(fused, ir, vis).mean(),
        "fidelity": 1 - measures.information_fidelity(fused, ir, vis).mean(),
        "differences": 1 - measures.difference_correlations(fused, ir, vis).mean() / 2,
        "information": 1 - measures.mutual_information(*half, bins=48).mean() / 3,
        "people": hidden(fused, ir, (labels == TARGETS["person"]).to(fused.dtype)),
    }


def signed_gradients(fused: Tensor, ir: Tensor, vis: Tensor) -> Tensor:
    """Distance of Sobel's gradient, sign and all, to that of the source with the steeper one.

    Without the sign, as in `content.strongest`, an edge that turns dark into bright counts as kept.
    """
    (ir_x, ir_y), (vis_x, vis_y), (x, y) = (_gradient(plane) for plane in (ir, vis, fused))
    of_ir = ir_x.abs() + ir_y.abs() > vis_x.abs() + vis_y.abs()
    along = (x - torch.where(of_ir, ir_x, vis_x)).abs()
    return (along + (y - torch.where(of_ir, ir_y, vis_y)).abs()).mean()


def _gradient(plane: Tensor) -> tuple[Tensor, Tensor]:
    return (
        filtered(plane, SOBEL_X, border="replicate"),
        filtered(plane, SOBEL_Y, border="replicate"),
    )


def lost_contrast(fused: Tensor, ir: Tensor, vis: Tensor) -> Tensor:
    """How far windows fall short of the stronger source's contrast, 0 for a copy of it.

    Mean of max(0, 0.95 - cov(F, S) / var(S)) over every other 11x11 window, both ways, that the
    metric `contrast_kept` counts; the metric asks for 0.8.
    """
    sources = torch.cat([ir, vis], dim=1) * 255.0
    mean = means(sources, SIDE_PX, None, step=2)
    var = means(sources**2, SIDE_PX, None, step=2) - mean**2
    fused_mean = means(fused * 255.0, SIDE_PX, None, step=2)
    shared = means(fused * 255.0 * sources, SIDE_PX, None, step=2) - mean * fused_mean
    stronger, which = var.max(1, keepdim=True)
    kept = shared.gather(1, which) / stronger.clamp_min(1.0)
    counted = (stronger > LEAST_SD**2).to(fused.dtype)
    return (F.relu(ENOUGH - kept) * counted).sum() / counted.sum().clamp_min(1)


def narrowed(fused: Tensor, ir: Tensor, vis: Tensor) -> Tensor:
    """How far the standard deviation falls short of the larger one of the sources, as a share."""
    spread = [plane.flatten(1).std(1) for plane in (fused, ir, vis)]
    wanted = torch.maximum(spread[1], spread[2]).clamp_min(0.01)
    return F.relu(1 - spread[0] / wanted).mean()


def hidden(fused: Tensor, ir: Tensor, inside: Tensor) -> Tensor:
    """How much less people stand out in the fused than in the infrared image; 0 where none is.

    Args:
        fused: (B, 1, H, W).
        ir: the same; says which way people differ from what is around them.
        inside: 1 on people, 0 elsewhere.
    """
    area = inside.sum((1, 2, 3))
    shown = (area > LEAST_PX) & (area < MOST * inside[0].numel())
    if not shown.any():
        return fused.sum() * 0
    inside, ir, fused = inside[shown], ir[shown], fused[shown]
    ring = grown(inside, GAP_PX + RING_PX) - grown(inside, GAP_PX)
    wanted = visibility(ir, inside, ring)
    found = visibility(fused, inside, ring)
    return F.relu(wanted.abs() - wanted.sign() * found).sum() / len(shown)


def visibility(plane: Tensor, inside: Tensor, ring: Tensor) -> Tensor:
    """(mean inside - mean around) / (sd inside + sd around + 1 grey level), signed: (B,)."""
    parts = []
    for mask in (inside, ring):
        count = mask.sum((1, 2, 3), keepdim=True).clamp_min(1)
        mean = (255 * plane * mask).sum((1, 2, 3), keepdim=True) / count
        var = ((255 * plane - mean) ** 2 * mask).sum((1, 2, 3), keepdim=True) / count
        parts.append((mean.flatten(), (var.flatten() + 1e-3).sqrt()))
    (one, spread), (other, around) = parts
    return (one - other) / (spread + around + 1)


def grown(mask: Tensor, by_px: int) -> Tensor:
    """A mask dilated by a square: (B, 1, H, W) -> the same."""
    side = 2 * by_px + 1
    wide = F.max_pool2d(mask, (1, side), stride=1, padding=(0, by_px))
    return F.max_pool2d(wide, (side, 1), stride=1, padding=(by_px, 0))
