"""Published sets as their archives unpack, read without moving a file, and checked before use."""

from thermeld.data.layouts.check import Finding, Report, check_set
from thermeld.data.layouts.frames import FramePair, clip_frames, frame_pairs
from thermeld.data.layouts.survey import Survey, survey
from thermeld.data.layouts.table import LAYOUTS, Layout, find_layout
from thermeld.data.layouts.trees import PairFiles

__all__ = [
    "LAYOUTS",
    "Finding",
    "FramePair",
    "Layout",
    "PairFiles",
    "Report",
    "Survey",
    "check_set",
    "clip_frames",
    "find_layout",
    "frame_pairs",
    "survey",
]
