"""Which pairs train, which validate, and which sets are never trained on.

`msrs-val.txt` holds the stems of the 40 pairs of msrs that validate; `tools/split_msrs.py` chose
them.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Protocol, TypeVar

from thermeld.errors import BadSetting, UnreadableFile

SPLITS = ("train", "val", "all")
EVALUATION_SETS = ("vifb21", "tno25", "roadscene50", "m3fd")
LISTED = ("msrs",)
TENTH = 10  # of a set without a list, one part in ten validates


class Named(Protocol):
    """A pair that has a name in its set: `io.Pair`, `layouts.PairFiles`."""

    @property
    def stem(self) -> str:
        """What its files share."""
        ...


P = TypeVar("P", bound=Named)


def split_pairs(name: str, pairs: Sequence[P], split: str) -> tuple[P, ...]:
    """The pairs of one split, in the order given.

    A set with a list (msrs: 201 and 40 of 241) is split by it. Of any other set the last tenth
    validates: neighbouring names can show the same place, so one block leaks least.

    Args:
        name: of the set, as "msrs".
        pairs: all pairs of the set, in natural order.
        split: "train", "val" or "all".

    Raises:
        BadSetting: no such split.
        UnreadableFile: a pair that the list of the set names is missing.
    """
    if split not in SPLITS:
        raise BadSetting(f"split must be one of {', '.join(SPLITS)}, got {split!r}")
    if split == "all":
        return tuple(pairs)
    kept = _validating(name, pairs)
    return tuple(pair for pair in pairs if (pair.stem in kept) == (split == "val"))


@cache
def validation_stems(name: str) -> frozenset[str]:
    """The stems of the committed list of a set; empty for a set without one."""
    if name not in LISTED:
        return frozenset()
    text = files(__name__).joinpath(f"{name}-val.txt").read_text(encoding="utf-8")
    return frozenset(text.split())


def refuse_evaluation_sets(sets: Iterable[str | Path]) -> None:
    """Refuse to train on what networks are compared by.

    Args:
        sets: names of sets or paths of their folders; links are followed, case is ignored.

    Raises:
        BadSetting: one of them is vifb21, tno25, roadscene50 or m3fd.
    """
    for given in sets:
        names = {Path(given).name.casefold(), Path(given).resolve().name.casefold()}
        for name in EVALUATION_SETS:
            if name in names:
                raise BadSetting(
                    f"{given}: {name} is kept for evaluation and never trained on; "
                    "train on msrs, roadscene or llvip"
                )


def _validating(name: str, pairs: Sequence[P]) -> frozenset[str]:
    listed = validation_stems(name)
    if not listed:
        return frozenset(pair.stem for pair in pairs[len(pairs) - len(pairs) // TENTH :])
    missing = sorted(listed - {pair.stem for pair in pairs})
    if missing:
        raise UnreadableFile(
            f"{name}: {len(missing)} of {len(listed)} validation pairs are missing, "
            f"as {missing[0]}; fetch the whole set"
        )
    return listed
