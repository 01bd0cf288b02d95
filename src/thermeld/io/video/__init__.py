"""Video files, folders of numbered frames, cameras and addresses to frames; frames to video."""

from thermeld.io.video.frames import Facts, Frame, Source, is_address, safe_name
from thermeld.io.video.opening import (
    BACKENDS,
    Paced,
    is_device,
    is_endless,
    open_source,
    pyav_installed,
)
from thermeld.io.video.writing import CODECS, VideoWriter, require_video_target

__all__ = [
    "BACKENDS",
    "CODECS",
    "Facts",
    "Frame",
    "Paced",
    "Source",
    "VideoWriter",
    "is_address",
    "is_device",
    "is_endless",
    "open_source",
    "pyav_installed",
    "require_video_target",
    "safe_name",
]
