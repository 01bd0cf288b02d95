"""One Fuser over two streams: recordings into a video, or live into a picture on a page."""

from thermeld.video.broadcast import Broadcast
from thermeld.video.feed import Feed
from thermeld.video.flicker import Flicker
from thermeld.video.job import VideoJob, VideoReport
from thermeld.video.live import Live, LiveFrame
from thermeld.video.matching import Matching, Moment
from thermeld.video.offset import Motion, Offset, estimate_offset, motion
from thermeld.video.pipeline import fuse_video
from thermeld.video.settling import SETTLE_S, Settling, added_by_fusion

__all__ = [
    "SETTLE_S",
    "Broadcast",
    "Feed",
    "Flicker",
    "Live",
    "LiveFrame",
    "Matching",
    "Moment",
    "Motion",
    "Offset",
    "Settling",
    "VideoJob",
    "VideoReport",
    "added_by_fusion",
    "estimate_offset",
    "fuse_video",
    "motion",
]
