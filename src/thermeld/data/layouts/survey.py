"""What of a set is on the disk, before any picture is opened."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from thermeld.data.layouts.table import Layout
from thermeld.data.layouts.trees import Look
from thermeld.errors import FusionError, UnreadableFile
from thermeld.io.files import shown


@dataclass(frozen=True)
class Survey:
    """A set that was looked through.

    Attributes:
        layout: how it is laid out.
        folder: where it lies.
        found: split to its files.
        absent: split to why it could not be found.
    """

    layout: Layout
    folder: Path
    found: Mapping[str, Look]
    absent: Mapping[str, str]

    def __len__(self) -> int:
        return sum(len(look.pairs) for look in self.found.values())


def survey(layout: Layout, folder: Path, splits: tuple[str, ...] = ()) -> Survey:
    """Find the files of some splits; of all that do not overlap, if none are named.

    Raises:
        UnreadableFile: no such folder, or none of the splits is there.
        UnknownName: a split that the set does not have.
    """
    if not folder.is_dir():
        raise UnreadableFile(f"{shown(folder)}: no such folder; check the spelling")
    wanted = splits or distinct_splits(layout)
    found: dict[str, Look] = {}
    absent: dict[str, str] = {}
    for split in wanted:
        try:
            found[split] = layout.examine(folder, split)
        except FusionError as error:
            if len(wanted) == 1:
                raise
            absent[split] = str(error)
    if not found:
        raise UnreadableFile(next(iter(absent.values())))
    return Survey(layout, folder, found, absent)


def distinct_splits(layout: Layout) -> tuple[str, ...]:
    """All splits of a layout but "all" where there are others, so that none is read twice."""
    return tuple(name for name in layout.expected if name != "all") or ("all",)
