"""Image sets with object masks: what synthetic pairs are made from."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from thermeld.errors import BadSetting, UnreadableFile
from thermeld.io import read_image
from thermeld.registry import lookup

SPLITS = ("train", "val", "test")
# Building, pole, tree, sign, fence, car, pedestrian, bicyclist: things with an outline.
CAMVID_OBJECTS = (1, 2, 5, 6, 7, 8, 9, 10)
VOC_VOID = (224, 224, 192)  # the border that Pascal VOC draws around objects
CACHED_IMAGES = 1024  # CamVid whole is 0.5 GB decoded; larger sets keep what was last used


@dataclass(frozen=True)
class MaskedImages:
    """Pictures and label maps of one split, decoded on first use and kept.

    Attributes:
        name: of the set and split, for logs and cards.
        files: (image, labels) paths in a fixed order.
        objects: label values that may serve as foreground.
        read_labels: a label file to (H, W) uint8 indices.
    """

    name: str
    files: tuple[tuple[Path, Path], ...]
    objects: tuple[int, ...]
    read_labels: Callable[[Path], NDArray[np.uint8]]

    def __len__(self) -> int:
        return len(self.files)

    def spread(self, limit: int | None) -> "MaskedImages":
        """At most `limit` of the files, evenly spaced; all of them for None."""
        if limit is None or limit >= len(self.files):
            return self
        kept = (self.files[at * len(self.files) // limit] for at in range(limit))
        return replace(self, files=tuple(kept))

    def load(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """One picture (H, W, 3) RGB uint8 and its labels (H, W) uint8.

        Raises:
            UnreadableFile: either is damaged, not colour, or the two differ in size.
        """
        return _decoded(self, index)


@lru_cache(maxsize=CACHED_IMAGES)
def _decoded(images: MaskedImages, index: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    path, labels_path = images.files[index]
    picture = read_image(path).pixels
    labels = images.read_labels(labels_path)
    if picture.ndim != 3 or picture.dtype != np.uint8:
        raise UnreadableFile(f"{path}: training pictures must be 8-bit colour")
    if labels.shape != picture.shape[:2]:
        raise UnreadableFile(f"{labels_path}: its size differs from that of {path.name}")
    return np.asarray(picture, np.uint8), labels


def camvid(folder: Path, split: str) -> MaskedImages:
    """CamVid as images/STEM.jpg, labels/STEM.png (class indices) and SPLIT.txt of stems."""
    stems = _lines(folder / f"{split}.txt")
    files = tuple((folder / "images" / f"{s}.jpg", folder / "labels" / f"{s}.png") for s in stems)
    return MaskedImages(f"camvid/{split}", _present(files), CAMVID_OBJECTS, _index_labels)


def pascal_voc(folder: Path, split: str) -> MaskedImages:
    """Pascal VOC 2012 in its own layout (JPEGImages, SegmentationClass, ImageSets/Segmentation).

    Its test set has no public masks, so of `val.txt` the first half validates and the second
    half tests. The void border counts as background.
    """
    stems = _lines(
        folder / "ImageSets" / "Segmentation" / ("train.txt" if split == "train" else "val.txt")
    )
    half = len(stems) // 2
    stems = {"train": stems, "val": stems[:half], "test": stems[half:]}[split]
    files = tuple(
        (folder / "JPEGImages" / f"{s}.jpg", folder / "SegmentationClass" / f"{s}.png")
        for s in stems
    )
    return MaskedImages(f"voc/{split}", _present(files), (1,), _voc_objects)


LAYOUTS: dict[str, Callable[[Path, str], MaskedImages]] = {"camvid": camvid, "voc": pascal_voc}


def masked_images(layout: str, folder: Path, split: str) -> MaskedImages:
    """Open one split of a set with masks.

    Raises:
        UnknownName: no such layout.
        BadSetting: no such split.
        UnreadableFile: the folder does not have that layout, or files of it are missing.
    """
    if split not in SPLITS:
        raise BadSetting(f"split must be one of {', '.join(SPLITS)}, got {split!r}")
    return lookup(LAYOUTS, layout, "layout of a masked set")(folder, split)


def _lines(path: Path) -> list[str]:
    try:
        stems = path.read_text(encoding="utf-8").split()
    except OSError as error:
        raise UnreadableFile(
            f"{path}: cannot read this list of images ({error.strerror})"
        ) from error
    if not stems:
        raise UnreadableFile(f"{path}: names no images")
    return stems


def _present(files: tuple[tuple[Path, Path], ...]) -> tuple[tuple[Path, Path], ...]:
    missing = [path for pair in files for path in pair if not path.is_file()]
    if missing:
        raise UnreadableFile(f"{missing[0]}: missing, and {len(missing) - 1} more files of the set")
    return files


def _index_labels(path: Path) -> NDArray[np.uint8]:
    return np.asarray(read_image(path).pixels, np.uint8)


def _voc_objects(path: Path) -> NDArray[np.uint8]:
    colours = read_image(path).pixels
    void = np.all(colours == np.array(VOC_VOID, np.uint8), axis=-1)
    return np.asarray(np.any(colours != 0, axis=-1) & ~void, np.uint8)
