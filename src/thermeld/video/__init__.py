"""One Fuser over two streams: recordings into a video, or live into a picture on a page."""

from thermeld.video.flicker import Flicker
from thermeld.video.job import VideoJob, VideoReport
from thermeld.video.matching import Matching, Moment
from thermeld.video.offset import Motion, Offset, estimate_offset, motion
from thermeld.video.pipeline import fuse_video

__all__ = [
    "Flicker",
    "Matching",
    "Moment",
    "Motion",
    "Offset",
    "VideoJob",
    "VideoReport",
    "estimate_offset",
    "fuse_video",
    "motion",
]
