"""What the fused image must keep of its sources, system by system."""

import torch
from torch import Tensor
from torch.nn import functional as F

from thermeld.train.layers.gradient import EIGHT_NEIGHBOURS, filtered, laplacian, sobel_sum
from thermeld.train.losses.saliency import pixel_weights
from thermeld.train.losses.structure import mixed_similarity, ssim, ssim_map

LOW_PASS = (
    (0.0947, 0.1183, 0.0947),
    (0.1183, 0.1478, 0.1183),
    (0.0947, 0.1183, 0.0947),
)
SEAFUSION = {"intensity": 1.0, "texture": 10.0}  # SCGRFuse's too
LWC_DENSEFUSE = {"intensity": 1.0, "texture": 10.0, "structure": 1.0}
DENSEFUSE = {"pixels": 1.0, "structure": 100.0}
FUSIONGAN = {"intensity": 100.0, "gradient": 500.0}
GANMCC = {"ir": 100.0, "vis": 40.0, "vis_gradient": 500.0, "ir_gradient": 400.0}
DDCGAN = {"intensity": 0.6 / 16, "gradient": 0.6 * 1.2}
SDNET = {"ir": 1.0, "vis": 0.5, "gradient": 80.0, "back": 1.0}
U2FUSION = {"structure": 1.0, "pixels": 20.0}
TARDAL_FIRST = {"structure": 1.0, "pixels": 20.0}
TARDAL = {"source": 0.8, "target": 0.2 * 0.5, "detail": 0.2 * 0.5}  # of the whole generator loss
TWO_LAYER = {"first": 2.0, "second": 2.0, "third": 100.0}  # content beside the critic's term


def strongest(fused: Tensor, ir: Tensor, vis: Tensor) -> dict[str, Tensor]:
    """Distance to the brighter source and to the steeper gradient.

    |F - max(I, V)| and ||grad F| - max(|grad I|, |grad V|)|, |grad| = |gx| + |gy| of Sobel.

    Source: Tang et al., "SeAFusion", 2022; Wang et al., "SCGRFuse", 2024.
    """
    edges = torch.maximum(sobel_sum(ir), sobel_sum(vis))
    return {
        "intensity": (fused - torch.maximum(ir, vis)).abs().mean(),
        "texture": (sobel_sum(fused) - edges).abs().mean(),
    }


def strongest_and_similar(fused: Tensor, ir: Tensor, vis: Tensor) -> dict[str, Tensor]:
    """`strongest` and 1 - (SSIM(F, I) + SSIM(F, V)) / 2: the fusion stage of LWC-DenseFuse."""
    likeness = (ssim(fused, ir) + ssim(fused, vis)) / 2
    return {**strongest(fused, ir, vis), "structure": 1 - likeness}


def reconstruction(image: Tensor, truth: Tensor, *, range: float = 1.0) -> dict[str, Tensor]:
    """MSE and 1 - SSIM of an auto-encoder; Li & Wu, "DenseFuse", 2019."""
    return {"pixels": F.mse_loss(image, truth), "structure": 1 - ssim(image, truth, range=range)}


def progressive(step: float, *, start: float, end: float, top: float) -> float:
    """A weight that rises from 0 at `start` to `top` at `end` and stays."""
    return top * min(1.0, max(0.0, (step - start) / (end - start)))


def fusiongan(fused: Tensor, ir: Tensor, vis: Tensor) -> dict[str, Tensor]:
    """MSE to infrared and of Laplacians to visible; Ma et al., "FusionGAN", 2019."""
    gradient = F.mse_loss(laplacian(fused), laplacian(vis))
    return {"intensity": F.mse_loss(fused, ir), "gradient": gradient}


def two_layer(fused: Tensor, anchor: Tensor, *, gradients: bool) -> Tensor:
    """MSE to an image, or of Laplacians: weigh 2 (first two generators) or 100 (third)."""
    if gradients:
        return F.mse_loss(laplacian(fused), laplacian(anchor))
    return F.mse_loss(fused, anchor)


def ganmcc(fused: Tensor, ir: Tensor, vis: Tensor) -> dict[str, Tensor]:
    """MSE of pixels and of Laplacians to both; Ma et al., "GANMcC", 2021."""
    edges = laplacian(fused)
    return {
        "ir": F.mse_loss(fused, ir),
        "vis": F.mse_loss(fused, vis),
        "vis_gradient": F.mse_loss(edges, laplacian(vis)),
        "ir_gradient": F.mse_loss(edges, laplacian(ir)),
    }


def ddcgan(fused: Tensor, ir: Tensor, vis: Tensor) -> dict[str, Tensor]:
    """Squared Frobenius norm to infrared, L1 of gradients to visible; sums, mean over the batch.

    Source: Ma et al., "DDcGAN", 2020; the gradient is that of eight neighbours.
    """
    edges = filtered(fused, EIGHT_NEIGHBOURS) - filtered(vis, EIGHT_NEIGHBOURS)
    return {
        "intensity": ((fused - ir) ** 2).flatten(1).sum(1).mean(),
        "gradient": edges.abs().flatten(1).sum(1).mean(),
    }


def sdnet(
    fused: Tensor, ir: Tensor, vis: Tensor, *, ir_back: Tensor, vis_back: Tensor
) -> dict[str, Tensor]:
    """Pixels to both, Laplacians to whichever source is steeper there, and both sources back.

    Source: Zhang & Ma, "SDNet", 2021.
    """
    smooth = (filtered(image, LOW_PASS) for image in (ir, vis))
    ir_edges, vis_edges = (laplacian(image).abs() for image in smooth)
    of_vis = (vis_edges > ir_edges).to(fused.dtype)
    edges = laplacian(fused)
    to_ir = ((1 - of_vis) * (edges - laplacian(ir)) ** 2).mean()
    to_vis = (of_vis * (edges - laplacian(vis)) ** 2).mean()
    return {
        "ir": F.mse_loss(fused, ir),
        "vis": F.mse_loss(fused, vis),
        "gradient": to_ir + to_vis,
        "back": F.mse_loss(ir_back, ir) + F.mse_loss(vis_back, vis),
    }


def information(features: list[Tensor]) -> Tensor:
    """Mean squared eight-neighbour gradient of feature maps, mean over stages: (B,).

    Source: Xu et al., "U2Fusion", 2022.
    """
    stages = [(filtered(maps, EIGHT_NEIGHBOURS) ** 2).mean((1, 2, 3)) for maps in features]
    return torch.stack(stages).mean(0)


def information_shares(first: Tensor, second: Tensor, *, scale: float = 3200.0) -> Tensor:
    """Softmax of what both images tell, (B, 2); U2Fusion."""
    return torch.stack([first / scale, second / scale], dim=1).softmax(1)


def u2fusion(fused: Tensor, sources: tuple[Tensor, Tensor], shares: Tensor) -> dict[str, Tensor]:
    """1 - SSIM and MSE to both sources, weighed per image by `shares` (B, 2)."""
    alike = [1 - ssim_map(fused, source).mean((1, 2, 3)) for source in sources]
    near = [((fused - source) ** 2).mean((1, 2, 3)) for source in sources]
    return {
        name: (shares * torch.stack(values, dim=1)).sum(1).mean()
        for name, values in (("structure", alike), ("pixels", near))
    }


def tardal_first(fused: Tensor, ir: Tensor, vis: Tensor) -> dict[str, Tensor]:
    """clip((1 - SSIM) / 2, 0, 1) and L1 to both sources, weighed per pixel by saliency.

    Source: Liu et al., "TarDAL", CVPR 2022; first public release.
    """
    terms = {"structure": torch.zeros(()).to(fused), "pixels": torch.zeros(()).to(fused)}
    for share, source in zip(pixel_weights(ir, vis), (ir, vis), strict=True):
        likeness = ssim_map(F.pad(fused, (5,) * 4), F.pad(source, (5,) * 4))  # of 11x11 windows
        terms["structure"] = terms["structure"] + (share * ((1 - likeness) / 2).clamp(0, 1)).mean()
        terms["pixels"] = terms["pixels"] + (share * (fused - source).abs()).mean()
    return terms


def tardal(fused: Tensor, ir: Tensor, vis: Tensor) -> Tensor:
    """`mixed_similarity` to both, weighed by the mean of the maps; second public release."""
    shares = [share.mean() for share in pixel_weights(ir, vis)]
    return shares[0] * mixed_similarity(fused, ir) + shares[1] * mixed_similarity(fused, vis)


def defusion(answers: dict[str, Tensor], truths: dict[str, Tensor]) -> dict[str, Tensor]:
    """L1 of the common, both unique and the fused image; Liang et al., "DeFusion", 2022."""
    return {name: (answers[name] - truth).abs().mean() for name, truth in truths.items()}


def defusion_shares(step: int) -> tuple[float, float]:
    """Weights at a step: how far masks of the parts give way, and of the fused image.

    The parts are compared under their masks alone for 3,000 steps, then with a growing share of
    the rest; the fused image counts from step 17,000.

    Source: public code of Liang et al., "DeFusion", 2022.
    """
    unmasked = 0.15 * (min(step, 7000) / 7000) ** 2 * (0.1 if step > 40_000 else 1.0)
    whole = (min(step - 10_000, 14_000) / 14_000) ** 2
    return unmasked if step >= 3000 else 0.0, whole if step >= 17_000 else 0.0


def perceptual(answer: list[Tensor], truth: list[Tensor]) -> Tensor:
    """MSE of features of a frozen classifier, added over layers; as IFCNN asks for."""
    pairs = zip(answer, truth, strict=True)
    return torch.stack([F.mse_loss(one, other) for one, other in pairs]).sum()
