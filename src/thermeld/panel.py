"""Pictures side by side, for people who would rather look."""

from collections.abc import Mapping

import cv2
import numpy as np

from thermeld.image import Stored

GAP_PX = 6
WHITE = 255


def panel(pictures: Mapping[str, Stored]) -> Stored:
    """Pictures of one size in a row, each under its caption.

    Args:
        pictures: caption to uint8 (H, W) or (H, W, 3) RGB; all of one height and width.

    Returns:
        uint8 (H', W', 3) RGB.
    """
    cells = [_captioned(picture, caption) for caption, picture in pictures.items()]
    gap = np.full((cells[0].shape[0], GAP_PX, 3), WHITE, np.uint8)
    row = [part for cell in cells for part in (gap, cell)][1:]
    return np.concatenate(row, axis=1)


def _captioned(picture: Stored, caption: str) -> Stored:
    colour = np.dstack([picture] * 3) if picture.ndim == 2 else picture[:, :, :3]
    width = colour.shape[1]
    scale = float(np.clip(width / 640, 0.35, 2.0))
    bar = np.full((round(34 * scale), width, 3), WHITE, np.uint8)
    cv2.putText(
        bar,
        caption,
        (round(6 * scale), round(24 * scale)),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.8 * scale,
        (30, 30, 30),
        max(1, round(1.6 * scale)),
        cv2.LINE_AA,
    )
    return np.concatenate([bar, np.asarray(colour, np.uint8)], axis=0)
