"""Pairs from one file or folder: of cameras that write both pictures, in one file or two."""

from pathlib import Path

from thermeld.errors import BadSetting, UnreadableFile
from thermeld.io.dji import THERMAL_ENDS, visible_partner
from thermeld.io.files import shown
from thermeld.io.flir import MARK
from thermeld.io.pairing import Pair, Pairing, images_of

# Thermal segments follow EXIF and its thumbnail, which take 64 KiB at most each.
HEAD_BYTES = 256 * 1024


def pair_alone(path: str | Path) -> Pairing:
    """Pair a file with the visible picture inside it or beside it, or do so for a folder.

    A DJI thermal picture has its partner beside it; a FLIR radiometric JPEG has it inside, and
    the two paths of its pair are the same. In a folder, visible pictures that are no one's
    partner count as left over.

    Raises:
        UnreadableFile: the path does not exist or cannot be read, or holds no image.
        BadSetting: there is no second picture.
    """
    path = Path(path)
    if not path.is_dir():
        pair = _pair_of(path)
        if pair is None:
            raise BadSetting(
                f"{shown(path)} is no FLIR radiometric JPEG, and no picture of the same shot lies "
                f"beside it (as DJI_0001_V.JPG beside DJI_0001_T.JPG); name the visible one too"
            )
        return Pairing((pair,))
    files = list(images_of(path).values())
    pairs = [pair for pair in map(_pair_of, files) if pair is not None]
    if not pairs:
        raise BadSetting(
            f"{shown(path)} holds no FLIR radiometric JPEG and no thermal picture of DJI's with "
            "its visible partner; give two folders, infrared first"
        )
    taken = {path for pair in pairs for path in (pair.ir, pair.vis)}
    lonely = [path for path in files if path not in taken]
    is_thermal = {path: path.stem[-2:].upper() in THERMAL_ENDS for path in lonely}
    return Pairing(
        tuple(pairs),
        tuple(path for path in lonely if is_thermal[path]),
        tuple(path for path in lonely if not is_thermal[path]),
    )


def _pair_of(path: Path) -> Pair | None:
    partner = visible_partner(path)
    if partner is not None:
        return Pair(path.stem, path, partner)
    return Pair(path.stem, path, path) if MARK in _head(path) else None


def _head(path: Path) -> bytes:
    """The beginning of a JPEG; b"" of anything else."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise UnreadableFile(f"{shown(path)}: {error.strerror}; check the path") from error
    return head if head.startswith(b"\xff\xd8") else b""
