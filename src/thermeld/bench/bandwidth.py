"""What fusing at the edge saves on the link, from the sizes of real files.

Source: Perreault et al., "MobileFuse: Multimodal Image Fusion at the Edge", 2023, table V: average
input and output files at 30 frames a second, computing remotely or at the edge, result needed on
the device or remotely.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from thermeld.fuse import Fuser
from thermeld.io import Pair, encode_image, read_pair

FRAMES_PER_S = 30.0
MEGABYTE = 1e6


@dataclass(frozen=True)
class Scenario:
    """One cell of the table: MB/s from the device and to it.

    Attributes:
        computing: "remote" or "edge".
        needed: where the result is needed, "device" or "remote".
        upload: MB/s away from the device.
        download: MB/s to the device.
    """

    computing: str
    needed: str
    upload: float
    download: float


@dataclass(frozen=True)
class Bandwidth:
    """Mean file sizes of a set in bytes."""

    pairs: int
    ir_bytes: float
    vis_bytes: float
    fused_bytes: float


def bandwidth(
    pairs: Iterable[Pair],
    fuser: Fuser,
    *,
    suffix: str = "",
    on_pair: Callable[[int, str], None] = lambda number, stem: None,
) -> Bandwidth:
    """Fuse a set and take the mean sizes of its files.

    Args:
        pairs: of image files; their sizes are taken as they lie on the disk.
        fuser: makes the results.
        suffix: format the results are sent in, as ".png"; "" for that of the visible image.
        on_pair: told the number and stem of each pair done.
    """
    ir_total = vis_total = fused_total = count = 0
    for count, pair in enumerate(pairs, 1):
        ir, vis = read_pair(pair)
        fused = fuser(ir.pixels, vis.pixels)
        ir_total += pair.ir.stat().st_size
        vis_total += pair.vis.stat().st_size
        fused_total += len(encode_image(fused, Path(f"x{suffix or pair.vis.suffix}")))
        on_pair(count, pair.stem)
    return Bandwidth(count, ir_total / count, vis_total / count, fused_total / count)


def table_v(sizes: Bandwidth, *, frames_per_s: float = FRAMES_PER_S) -> tuple[Scenario, ...]:
    """The four scenarios.

    Remote computing sends both inputs up, and the result back if it is needed on the device. At
    the edge nothing is sent, or the result alone if it is needed remotely.
    """
    rate = frames_per_s / MEGABYTE
    inputs, result = (sizes.ir_bytes + sizes.vis_bytes) * rate, sizes.fused_bytes * rate
    return (
        Scenario("remote", "device", inputs, result),
        Scenario("edge", "device", 0.0, 0.0),
        Scenario("remote", "remote", inputs, 0.0),
        Scenario("edge", "remote", result, 0.0),
    )
