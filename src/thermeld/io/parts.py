"""Files that appear under their name when they are whole, and nothing left behind by a kill.

A result is written under a hidden name beside its own, `.HEX.part`, and renamed. Whoever writes
holds a lock on it, which the system gives free when the process ends, however it ends: so the
next start can tell what a killed run left from what another run is writing, and remove it.
"""

import os
import re
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from secrets import token_hex
from shutil import rmtree
from types import ModuleType

PART = re.compile(r"\.[0-9a-f]{16}\.part(\.\w+)?")
ATTEMPTS = 3  # a sweep may remove a part in the instant between its making and its locking


def _locks() -> ModuleType | None:
    try:
        return import_module("fcntl")
    except ImportError:  # Windows
        return None


_fcntl = _locks()


def lock(descriptor: int) -> bool | None:
    """Take a file for this process: True, False if another has it, None without such locks."""
    if _fcntl is None:
        return None
    try:
        _fcntl.flock(descriptor, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # some network file systems have none
        return None
    return True


def part_beside(path: Path) -> Path:
    """A new hidden name in the same folder, for renaming is only sure within one disk."""
    return path.with_name(f".{token_hex(8)}.part{path.suffix if path.suffix in _VIDEO else ''}")


_VIDEO = (".mp4", ".mov", ".mkv")  # FFmpeg goes by the suffix


def hold(part: Path) -> int | None:
    """Lock a part that someone else writes; a descriptor to be closed at the end."""
    try:
        descriptor = os.open(part, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        return None
    lock(descriptor)
    return descriptor


def write_whole(path: Path, data: bytes) -> None:
    """Write a file wholly or not at all; missing folders are made.

    Raises:
        OSError: the disk or the folder refuses.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(ATTEMPTS):
        try:
            _write(path, data)
            return
        except FileNotFoundError:
            if attempt == ATTEMPTS - 1:
                raise


def _write(path: Path, data: bytes) -> None:
    part = part_beside(path)
    try:
        with part.open("xb") as file:
            lock(file.fileno())
            file.write(data)
            file.flush()
            if _fcntl is not None:
                part.replace(path)  # while it is locked
        if _fcntl is None:  # Windows renames no open file
            part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def sweep(folder: Path) -> int:
    """Remove parts in a folder that no living process writes; how many there were.

    Without locks nothing is removed, and what cannot be removed stays: this is tidying, no more.
    """
    if _fcntl is None:
        return 0
    count = 0
    with suppress(OSError):
        for part in [path for path in folder.iterdir() if PART.fullmatch(path.name)]:
            count += _swept(part)
    return count


def _swept(part: Path) -> bool:
    try:
        descriptor = os.open(part, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return False
    try:
        if lock(descriptor) is not True:
            return False
        rmtree(part) if part.is_dir() else part.unlink()
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True
