"""Pictures of thermal cameras: counts, degrees and the visible picture that came with them."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from thermeld.errors import UnreadableFile, UnwritableFile
from thermeld.image import Stored
from thermeld.io.dji import REASON as DJI_REASON
from thermeld.io.dji import read_dji
from thermeld.io.files import Picture, read_bytes, read_image, read_picture, shown
from thermeld.io.flir import Placement, read_flir, visible_pixels
from thermeld.io.headers import read_header
from thermeld.io.pairing import Pair
from thermeld.io.radiometry import Celsius, LinearKelvin, Radiometry, stored_centikelvin
from thermeld.io.segments import app_segments
from thermeld.io.writing import require_writable, write_image


@dataclass(frozen=True)
class Thermal:
    """What a thermal camera measured.

    Attributes:
        counts: uint16 (H, W).
        kind: of file, in words.
        path: where it came from.
        model: of the camera, or "".
        radiometry: how counts become degrees, or None.
        reason: why there is no radiometry, in a sentence.
        settings: what else its user told the camera, by name and unit.
        visible: the encoded visible picture from the same file, or b"".
        placement: where the thermal view lies in it, or None.
    """

    counts: Stored
    kind: str
    path: Path
    model: str = ""
    radiometry: Radiometry | LinearKelvin | None = None
    reason: str = ""
    settings: dict[str, float] | None = None
    visible: bytes = b""
    placement: Placement | None = None

    def celsius(self) -> Celsius:
        """Temperatures, (H, W) in degrees.

        Raises:
            UnreadableFile: with the reason why there are none.
        """
        if self.radiometry is None:
            raise UnreadableFile(f"{shown(self.path)}: no temperatures: {self.reason}")
        return self.radiometry.celsius(self.counts)


def read_thermal(path: str | Path, *, kelvin_per_count: float | None = None) -> Thermal | None:
    """The thermal data in a radiometric JPEG of FLIR or DJI; None in any other image.

    Args:
        path: of the file.
        kelvin_per_count: the picture itself is thermal data: one plane of 16-bit counts, this
            many kelvin each from absolute zero on.

    Raises:
        UnreadableFile: the file or its thermal data cannot be read.
        BadSetting: impossible `kelvin_per_count`.
    """
    path = Path(path)
    if kelvin_per_count is None:
        return thermal_of(read_bytes(path), path)
    scale = LinearKelvin(kelvin_per_count)
    counts = read_image(path).pixels
    if counts.dtype != np.uint16 or counts.ndim != 2:
        raise UnreadableFile(
            f"{shown(path)}: holds {counts.dtype} of shape {counts.shape}, not one plane of 16-bit "
            "counts; leave out the kelvin per count"
        )
    return Thermal(counts, "linear counts", path, radiometry=scale)


def thermal_of(data: bytes, path: Path) -> Thermal | None:
    """As `read_thermal`, of a file in memory."""
    if not data.startswith(b"\xff\xd8\xff"):
        return None
    try:
        return _of_jpeg(data, path)
    except UnreadableFile as error:
        raise UnreadableFile(f"{shown(path)}: {error}") from error


def _of_jpeg(data: bytes, path: Path) -> Thermal | None:
    segments = list(app_segments(data))
    flir = read_flir(segments)
    if flir is not None:
        return Thermal(
            flir.counts,
            "FLIR radiometric JPEG",
            path,
            flir.model,
            flir.radiometry,
            flir.reason,
            visible=flir.visible,
            placement=flir.placement,
        )
    if not any(number == 3 for number, _ in segments):
        return None
    header = read_header(data)
    dji = read_dji(segments, (header.height, header.width))
    if dji is None:
        return None
    return Thermal(dji.counts, "DJI R-JPEG", path, "", None, DJI_REASON, dji.settings)


def read_infrared(path: str | Path) -> Picture:
    """A file as the infrared part of a pair: raw counts where it holds them, else its picture."""
    path = Path(path)
    data = read_bytes(path)
    thermal = thermal_of(data, path)
    if thermal is None:
        return read_picture(data, path)
    return Picture(thermal.counts, None, path, "jpeg")


def read_pair(pair: Pair) -> tuple[Picture, Picture]:
    """Infrared and visible as stored; from one file, if the pair names one file twice.

    Raises:
        UnreadableFile: a file cannot be read, or a single file holds no second picture.
    """
    if pair.ir != pair.vis:
        return read_infrared(pair.ir), read_image(pair.vis)
    thermal = read_thermal(pair.ir)
    if thermal is None or not thermal.visible:
        raise UnreadableFile(
            f"{shown(pair.ir)}: holds one picture only; give the infrared and the visible file"
        )
    ir, vis = superpose(thermal.counts, thermal)
    return Picture(ir, None, pair.ir, "jpeg"), Picture(vis, None, pair.vis, "jpeg")


def write_temperatures(
    path: Path, thermal: Thermal | None, out: Path, *, overwrite: bool = False
) -> Path:
    """Write the temperatures of `path`: TIFF as float degrees Celsius, PNG as 16-bit 0.01 K.

    Raises:
        UnreadableFile: there are none.
        BadImage: too hot for 16 bits.
        UnwritableFile: see `require_writable`; or another format, which would lose them.
    """
    require_writable(out, overwrite)
    suffix = out.suffix.lower()
    if suffix not in (".tif", ".tiff", ".png"):
        raise UnwritableFile(
            f"{shown(out)}: temperatures need .tiff (float degrees Celsius) or .png (16-bit "
            "hundredths of a kelvin)"
        )
    if thermal is None:
        raise UnreadableFile(
            f"{shown(path)}: no temperatures: not a radiometric JPEG of FLIR; for 16-bit counts in "
            "even steps state the step (--kelvin-per-count)"
        )
    celsius = thermal.celsius()
    stored = stored_centikelvin(celsius) if suffix == ".png" else celsius
    return write_image(out, stored, overwrite=overwrite)


def superpose(plane: Stored, thermal: Thermal) -> tuple[Stored, Stored]:
    """A thermal plane and the visible picture of its file, laid over each other.

    Args:
        plane: (H, W), as the counts.
        thermal: whose visible picture and placement are used. Without a placement both views
            are taken to be equally wide and centred.

    Returns:
        Both at the visible picture's resolution, cut to the view they have in common: `plane`
        resampled, (H', W') of its type, and the visible part, (H', W') or (H', W', 3).

    Raises:
        UnreadableFile: the visible picture cannot be decoded, or the views share nothing.
    """
    visible = visible_pixels(thermal.visible, thermal.path)
    placed = thermal.placement or Placement()
    rows, cols = visible.shape[:2]
    pitch = cols / placed.real2ir / plane.shape[1]  # visible pixels per thermal one
    left = (cols - pitch * plane.shape[1]) / 2 + placed.offset_x
    top = (rows - pitch * plane.shape[0]) / 2 + placed.offset_y
    x = slice(max(0, round(left)), min(cols, round(left + pitch * plane.shape[1])))
    y = slice(max(0, round(top)), min(rows, round(top + pitch * plane.shape[0])))
    if x.stop <= x.start or y.stop <= y.start:
        raise UnreadableFile(
            f"{shown(thermal.path)}: says its thermal view lies outside its visible picture; "
            "export both pictures and align them"
        )
    offset = ((x.start + 0.5 - left) / pitch - 0.5, (y.start + 0.5 - top) / pitch - 0.5)
    size = (y.stop - y.start, x.stop - x.start)
    return _resampled(plane, pitch, offset, size), np.ascontiguousarray(visible[y, x])


def _resampled(
    plane: Stored, pitch: float, offset: tuple[float, float], size: tuple[int, int]
) -> Stored:
    """`plane` on a finer grid; bicubic, clipped to its own range."""
    inverse = np.array([[1 / pitch, 0, offset[0]], [0, 1 / pitch, offset[1]]])
    fine = cv2.warpAffine(
        np.asarray(plane, np.float32),
        inverse,
        size[::-1],
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    fine = np.clip(fine, plane.min(), plane.max())
    if np.issubdtype(plane.dtype, np.integer):
        fine = np.rint(fine)
    kept: Stored = fine.astype(plane.dtype)
    return kept
