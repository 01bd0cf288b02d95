"""How much each source tells, as a classifier sees it: TarDAL's maps and U2Fusion's weights.

The classifier's weights are not part of thermeld and are not downloaded: `classifier(path)` reads
the user's own file.
"""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from thermeld.train.adopt import load_published
from thermeld.train.layers.vgg import Vgg16
from thermeld.train.losses.content import information, information_shares
from thermeld.train.published import Published

MAP_PX, SHARE_PX = 672, 224
WHOLE = Published(Vgg16, ignored=r"^classifier\.")  # as torchvision publishes it
TRUNK = Published(Vgg16, rules=((r"^features\.", ""),))  # as TarDAL's release publishes it


def classifier(path: Path, *, trunk_only: bool = False) -> nn.Module:
    """VGG-16 with the user's weights, frozen.

    Args:
        path: a state dict of torchvision's vgg16 ("features.0.weight", ...).
        trunk_only: the file holds the convolutions alone ("0.weight", ...), as TarDAL's does.

    Raises:
        UnreadableFile: no such file, or not plain weights.
        BadModel: not VGG-16; missing and unexpected names are listed.
    """
    return load_published(TRUNK if trunk_only else WHOLE, path).requires_grad_(False)


def information_map(net: nn.Module, image: Tensor, *, side_px: int = MAP_PX) -> Tensor:
    """Where a classifier is stirred: (B, 1, H, W) in [0, 1] -> the same size, 0 or more.

    The image is made side_px x side_px; per stage the mean over channels, brought to that size;
    their mean, brought back. All resizing is bilinear.

    Source: public code of Liu et al., "TarDAL", CVPR 2022, second release.
    """
    square = F.interpolate(image, (side_px, side_px), mode="bilinear")
    stages = [
        F.interpolate(maps.mean(1, keepdim=True), (side_px, side_px), mode="bilinear")
        for maps in net(square)
    ]
    return F.interpolate(torch.stack(stages).mean(0), image.shape[2:], mode="bilinear")


def u2fusion_shares(
    net: nn.Module, ir: Tensor, vis: Tensor, *, scale: float = 3200.0, side_px: int = SHARE_PX
) -> Tensor:
    """Weights of infrared and visible in U2Fusion's loss: two planes (B, 1, H, W) -> (B, 2).

    Images are resized by nearest neighbours. `scale` is the published one for infrared and
    visible; it belongs to the authors' classifier, so with another file look at the shares.

    Source: Xu et al., "U2Fusion", 2022, equations 3 to 5.
    """
    told = [information(net(F.interpolate(plane, (side_px, side_px)))) for plane in (ir, vis)]
    return information_shares(told[0], told[1], scale=scale)
