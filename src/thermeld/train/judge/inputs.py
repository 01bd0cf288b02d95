"""Pictures that the judge learns from: labelled pairs, each entrant's images of them."""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from thermeld.data.segmentation import BACKGROUND, CLASSES, IGNORED, INFRARED, VISIBLE
from thermeld.data.sets import PairSet, find_set, fingerprint, labels_place
from thermeld.errors import BadSetting, FusionError, SizeMismatch
from thermeld.evaluate.entrants import Entrant
from thermeld.evaluate.measure import BREAKDOWNS
from thermeld.fuse import Fuser
from thermeld.image import Stored, eight_bits
from thermeld.io import Pair, read_image, write_image
from thermeld.train.judge.data import Pixels, reduced

SOURCES = (Entrant(INFRARED, color="gray"), Entrant(VISIBLE, color="given"))


@dataclass(frozen=True)
class LabelledPairs:
    """Pairs of one split with their label maps, uint8 (H, W)."""

    name: str
    pairs: tuple[Pair, ...]
    labels: tuple[Pixels, ...]

    @property
    def stems(self) -> tuple[str, ...]:
        """Of the pairs."""
        return tuple(pair.stem for pair in self.pairs)

    @property
    def set(self) -> str:
        """Name of the whole set."""
        return self.name.removesuffix(":val").removesuffix(":train")


def labelled(name: str, root: Path) -> tuple[LabelledPairs, LabelledPairs]:
    """The train and the validation pairs of a set, with SET/labels/STEM.png.

    Args:
        name: of the set or of its validation split ("msrs", "msrs:val"), or its folder.
        root: folder in which named sets lie.

    Raises:
        BadSetting: a pair without labels, labels that are no classes, or too few pairs.
        UnknownName, UnreadableFile: as `find_set`.
    """
    whole = name.removesuffix(":val")
    train, val = (_with_labels(find_set(f"{whole}:{s}", root=root)) for s in ("train", "val"))
    if not train.pairs or not val.pairs:
        raise BadSetting(f"{whole}: too few pairs to train on some and judge by others")
    return train, val


def _with_labels(found: PairSet) -> LabelledPairs:
    labels = tuple(_labels(pair, found.name) for pair in found.pairs)
    return LabelledPairs(found.name, found.pairs, labels)


def _labels(pair: Pair, name: str) -> Pixels:
    path = labels_place(pair)
    if not path.is_file():
        raise BadSetting(f"{name}: no labels ({path}); segmentation needs a labelled set, as msrs")
    stored = read_image(path).pixels
    values = np.asarray(stored, np.uint8)
    alien = values[(values >= len(CLASSES)) & (values != IGNORED)]
    if stored.ndim != 2 or stored.dtype != np.uint8 or alien.size:
        raise BadSetting(f"{path}: a label map has one channel of 0 to {len(CLASSES) - 1}, or 255")
    return values


def fingerprint_of(parts: Sequence[LabelledPairs]) -> str:
    """SHA-256 over all sources and label maps."""
    digest = hashlib.sha256()
    for part in parts:
        for pair, labels in zip(part.pairs, part.labels, strict=True):
            digest.update(fingerprint(pair).encode() + labels.tobytes())
    return digest.hexdigest()


def facts_of(entrant: Entrant, parts: Sequence[LabelledPairs]) -> dict[str, Any]:
    """Colour, settings, parameters and checksum of an entrant, as the table wants them.

    Raises:
        FusionError: a method that does not exist; an image that was not given.
    """
    if entrant in SOURCES:
        return {"color": entrant.color, "settings": "{}", "parameters": 0, "checksum": ""}
    facts = entrant.facts()
    if entrant.given:
        digest = hashlib.sha256()
        for part in parts:
            for pair in part.pairs:
                digest.update(entrant.file(part.set, pair.stem).read_bytes())
        facts["checksum"] = digest.hexdigest()
    return facts


def images_of(
    entrant: Entrant, part: LabelledPairs, *, window: str, reduce: int, cache: Path
) -> tuple[Pixels, ...]:
    """An entrant's images of all pairs, in 8 bits as they would be saved, reduced.

    What was made is kept in `cache`, so that every seed finds it.

    Raises:
        FusionError: an image cannot be made or read, or its size is not that of its labels.
    """
    make = _maker(entrant, part.set, window)
    if entrant.given:  # others may change them
        return tuple(_made(*one, make, reduce) for one in zip(part.pairs, part.labels, strict=True))
    made = {**asdict(entrant), **facts_of(entrant, ()), "window": window, "reduce": reduce}
    made |= {"sources": fingerprint_of((part,)), "version": version("thermeld")}
    digest = hashlib.sha256(json.dumps(made, sort_keys=True).encode()).hexdigest()
    folder = cache / digest[:16]
    return tuple(
        _kept(folder / f"{pair.stem}.png", partial(_made, pair, labels, make, reduce))
        for pair, labels in zip(part.pairs, part.labels, strict=True)
    )


def _kept(path: Path, make: Callable[[], Pixels]) -> Pixels:
    if path.is_file():
        return np.asarray(read_image(path).pixels, np.uint8)
    image = make()
    write_image(path, image, overwrite=True)  # another run may have been quicker
    return image


def _made(pair: Pair, labels: Pixels, make: Callable[[Pair], Stored], reduce: int) -> Pixels:
    image = eight_bits(make(pair))
    if image.shape[:2] != labels.shape:
        raise SizeMismatch(f"{pair.stem}: image {image.shape[:2]}, labels {labels.shape}")
    return reduced(image, reduce)


def _maker(entrant: Entrant, name: str, window: str) -> Callable[[Pair], Stored]:
    if entrant.given:
        return lambda pair: read_image(entrant.file(name, pair.stem)).pixels
    if entrant == SOURCES[1]:
        return lambda pair: read_image(pair.vis).pixels
    if entrant == SOURCES[0]:
        fuser = Fuser("average", window=window, threads=1)
        return lambda pair: fuser.infrared(read_image(pair.ir).pixels)
    fuser = Fuser(entrant.method, color=entrant.color, window=window, threads=1)
    return partial(_fused, fuser, entrant.label)


def _fused(fuser: Fuser, label: str, pair: Pair) -> Stored:
    ir, vis = read_image(pair.ir).pixels, read_image(pair.vis).pixels
    try:
        return fuser(ir, vis)
    except BREAKDOWNS as error:
        name = type(error).__name__
        raise FusionError(f"{label} broke down on {pair.stem}: {name}: {error}") from error


def richest(part: LabelledPairs, count: int) -> Iterator[int]:
    """Places of the pairs whose labels show most classes, the earlier first."""
    shown = [len(set(np.unique(labels)) - {BACKGROUND, IGNORED}) for labels in part.labels]
    yield from sorted(range(len(shown)), key=lambda at: (-shown[at], at))[:count]
