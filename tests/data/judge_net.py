"""A network as small as one can be that learns classes, in the judge's place."""

from torch import nn
from torch.nn import functional as F


class Least(nn.Module):
    """Reduces twice, answers by colour, enlarges again."""

    def __init__(self, *, classes):
        super().__init__()
        self.body = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8))
        self.drop = nn.Dropout(0.2)
        self.classify = nn.Conv2d(8, classes, 1)

    def forward(self, rgb):
        logits = self.classify(self.drop(F.relu(self.body(rgb))))
        return F.interpolate(logits, rgb.shape[2:], mode="bilinear", align_corners=True)
