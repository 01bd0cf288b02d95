"""Files at addresses of any kind that fsspec knows: `/a/b`, `file://`, `s3://`, `memory://`.

Nothing is written in place. On disks a file is written under another name and renamed; object
stores show an object when its upload is complete, so there the write itself is the rename.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thermeld.errors import UnreadableFile, UnwritableFile
from thermeld.io.parts import write_whole
from thermeld.registry import need


@dataclass(frozen=True)
class Source:
    """A file, or a piece of one (a member of a tar shard).

    Attributes:
        address: of the file.
        name: of the picture, for its suffix and for messages.
        start: first byte.
        size: bytes; -1 for the whole file.
    """

    address: str
    name: str
    start: int = 0
    size: int = -1

    @classmethod
    def whole(cls, address: str) -> "Source":
        """All of a file."""
        return cls(address, address.rsplit("/", 1)[-1])

    def local(self) -> Path | None:
        """Its path if it is a whole file on this machine's disks."""
        return local_path(self.address) if self.size < 0 else None

    def read(self) -> bytes:
        """Its bytes.

        Raises:
            UnreadableFile: missing, cut short, or the store refuses.
        """
        try:
            with _open(self.address, "rb") as file:
                file.seek(self.start)
                data: bytes = file.read(self.size)
        except (OSError, ValueError) as error:
            raise UnreadableFile(f"{self.address}: {error}") from error
        if self.size >= 0 and len(data) != self.size:
            raise UnreadableFile(f"{self.address}: ends within {self.name}")
        return data


def local_path(address: str) -> Path | None:
    """The path that an address means on this machine, or None."""
    if "://" not in address:
        return Path(address)
    return Path(address.removeprefix("file://")) if address.startswith("file://") else None


def join(folder: str, *names: str) -> str:
    """An address below a folder's."""
    return "/".join([folder.rstrip("/"), *names])


def filesystem(address: str) -> tuple[Any, str]:
    """What fsspec reaches an address with, and its name there.

    Raises:
        MissingExtra: fsspec, or what it needs for this kind of address, is not installed.
        UnreadableFile: no such kind of address.
    """
    fsspec = need("fsspec", "scale")
    try:
        found: tuple[Any, str] = fsspec.core.url_to_fs(address)
    except (ImportError, ValueError) as error:
        raise UnreadableFile(f"{address}: {error}") from error
    return found


def write(address: str, data: bytes) -> None:
    """Write a file wholly or not at all; missing folders are made.

    Raises:
        UnwritableFile: the disk or the store refuses.
    """
    try:
        path = local_path(address)
        if path is not None:
            write_whole(path, data)
            return
        with _open(address, "wb") as file:
            file.write(data)
    except (OSError, ValueError) as error:
        raise UnwritableFile(f"{address}: {error}; free space or check access") from error


def listing(folder: str) -> dict[str, int]:
    """Names below a folder, as paths from it, with their sizes; none if there is no folder.

    Raises:
        UnreadableFile: the store refuses.
    """
    files, root = filesystem(folder)
    try:
        found = files.find(root, detail=True)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UnreadableFile(f"{folder}: {error}") from error
    return {name[len(root.rstrip("/")) + 1 :]: info["size"] for name, info in found.items()}


def size_of(source: Source) -> int:
    """Bytes of a source.

    Raises:
        UnreadableFile: missing.
    """
    if source.size >= 0:
        return source.size
    files, name = filesystem(source.address)
    try:
        return int(files.size(name))
    except OSError as error:
        raise UnreadableFile(f"{source.address}: {error}") from error


def remove(address: str) -> None:
    """Remove a file if it is there."""
    files, name = filesystem(address)
    if files.exists(name):
        files.rm(name)


def _open(address: str, mode: str) -> Any:
    files, name = filesystem(address)
    return files.open(name, mode)
