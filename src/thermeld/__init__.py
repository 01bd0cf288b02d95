"""Fuse an infrared and a visible image of one scene into one image.

Nothing here needs PyTorch; a network is loaded when a method that is one is first built.
"""

from thermeld.errors import (
    BadImage,
    BadModel,
    BadSetting,
    FusionError,
    MissingExtra,
    RangeUnknown,
    SizeMismatch,
    UnknownName,
    UnreadableFile,
    UnwritableFile,
)
from thermeld.fuse import Fuser, fuse, list_methods
from thermeld.image import Window
from thermeld.registry import MethodCard

__all__ = [
    "BadImage",
    "BadModel",
    "BadSetting",
    "Fuser",
    "FusionError",
    "MethodCard",
    "MissingExtra",
    "RangeUnknown",
    "SizeMismatch",
    "UnknownName",
    "UnreadableFile",
    "UnwritableFile",
    "Window",
    "fuse",
    "list_methods",
]
