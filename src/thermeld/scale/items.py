"""What is to be fused: pairs from folders, from a manifest, or from tar shards.

A manifest is a table (Parquet or CSV) of id, ir, vis and optional `options`, a JSON object of
`Fuser` settings for that pair. Tar shards have the layout of WebDataset: members KEY.ir.png and
KEY.vis.jpg lie one after the other.
"""

import csv
import io
import json
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from thermeld.errors import BadSetting, UnreadableFile
from thermeld.io import SUFFIXES
from thermeld.registry import need
from thermeld.scale.storage import Source, filesystem, listing, local_path

ROLES = {"ir": "ir", "vis": "vis", "vi": "vis"}


@dataclass(frozen=True)
class Item:
    """A pair to be fused.

    Attributes:
        id: names its result: letters, digits and . _ - and / for folders; different for each.
        ir: infrared.
        vis: visible.
        options: settings of `Fuser` for this pair alone, as sorted JSON; "" for none.
    """

    id: str
    ir: Source
    vis: Source
    options: str = ""


@dataclass(frozen=True)
class Listing:
    """All items, and the addresses or ids of pictures without a partner."""

    items: tuple[Item, ...]
    lonely: tuple[str, ...] = field(default=())


def items_of(ir: str, vis: str | None) -> Listing:
    """Two folders paired by stem, or one manifest, tar file or folder of tar files.

    Raises:
        BadSetting: it is none of these, or two items would share a name.
        UnreadableFile: it cannot be read.
    """
    if vis is not None:
        found = _paired(ir, vis)
    elif ir.endswith((".parquet", ".csv")):
        found = Listing(tuple(read_manifest(ir)))
    else:
        found = _sharded(ir)
    _require_names(found.items)
    return found


def _require_names(items: tuple[Item, ...]) -> None:
    seen: set[str] = set()
    for item in items:
        parts = item.id.split("/")
        if not item.id.isprintable() or any(part.strip(". ") == "" for part in parts):
            raise BadSetting(f"id {item.id!r} cannot name a file below the folder of results")
        if item.id in seen:
            raise BadSetting(f"two items are called {item.id}; their results would be one file")
        seen.add(item.id)


def _paired(ir: str, vis: str) -> Listing:
    irs, viss = _pictures(ir), _pictures(vis)
    shared = sorted(irs.keys() & viss.keys())
    lonely = [irs[stem] for stem in sorted(irs.keys() - viss.keys())]
    lonely += [viss[stem] for stem in sorted(viss.keys() - irs.keys())]
    if not shared:
        raise BadSetting(f"no picture in {ir} has a partner of the same name in {vis}")
    return Listing(
        tuple(Item(stem, Source.whole(irs[stem]), Source.whole(viss[stem])) for stem in shared),
        tuple(lonely),
    )


def _pictures(folder: str) -> dict[str, str]:
    """Stem to address, as paths below the folder."""
    found: dict[str, str] = {}
    path = local_path(folder)
    root = str(path.resolve()) if path is not None else folder
    for name in sorted(listing(root)):
        stem, dot, suffix = name.rpartition(".")
        if f"{dot}{suffix}".lower() not in SUFFIXES or name.rpartition("/")[2].startswith("."):
            continue
        if stem in found:
            raise BadSetting(f"{folder}: two pictures are called {stem}")
        found[stem] = f"{root.rstrip('/')}/{name}"
    return found


def read_manifest(address: str) -> Iterator[Item]:
    """The items of a table.

    Raises:
        UnreadableFile: missing, damaged, or without the columns id, ir, vis.
        BadSetting: options are not a JSON object.
    """
    data = Source.whole(address).read()
    rows = _parquet_rows(data, address) if address.endswith(".parquet") else _csv_rows(data)
    try:
        for row in rows:
            options = row.get("options") or ""
            yield Item(
                str(row["id"]),
                Source.whole(str(row["ir"])),
                Source.whole(str(row["vis"])),
                _checked(options, row["id"]) if options else "",
            )
    except (KeyError, csv.Error, UnicodeDecodeError) as error:
        raise UnreadableFile(f"{address}: not a table of id, ir and vis ({error!r})") from error


def _checked(options: Any, name: object) -> str:
    try:
        values = json.loads(options) if isinstance(options, str) else options
    except (ValueError, RecursionError) as error:
        raise BadSetting(f"options of {name} are not JSON ({error})") from error
    if not isinstance(values, Mapping):
        raise BadSetting(f"options of {name} are no JSON object: {options!r}")
    return json.dumps({key: value for key, value in values.items() if value is not None})


def _parquet_rows(data: bytes, address: str) -> Iterator[Mapping[str, Any]]:
    arrow = need("pyarrow", "scale")
    try:
        table = need("pyarrow.parquet", "scale").read_table(io.BytesIO(data))
        yield from table.to_pylist()
    except (arrow.ArrowException, ValueError, OSError) as error:
        raise UnreadableFile(f"{address}: not a Parquet table ({error})") from error


def _csv_rows(data: bytes) -> Iterator[Mapping[str, Any]]:
    yield from csv.DictReader(io.StringIO(data.decode("utf-8-sig")))


def _sharded(address: str) -> Listing:
    if address.endswith(".tar"):
        shards = [address]
    else:
        shards = [f"{address.rstrip('/')}/{name}" for name in sorted(listing(address))]
        shards = [name for name in shards if name.endswith(".tar")]
    if not shards:
        raise BadSetting(
            f"{address} is neither a manifest (.parquet, .csv) nor a tar file or a folder of "
            "them; for two folders name the visible one too"
        )
    items: list[Item] = []
    lonely: list[str] = []
    for shard in shards:
        for key, views in _members(shard).items():
            if views.keys() == {"ir", "vis"}:
                items.append(Item(key, views["ir"], views["vis"]))
            else:
                lonely.append(f"{shard}: {key}")
    return Listing(tuple(items), tuple(lonely))


def _members(shard: str) -> dict[str, dict[str, Source]]:
    """Key and role to the piece of the shard; only headers are read."""
    found: dict[str, dict[str, Source]] = {}
    files, name = filesystem(shard)
    try:
        with files.open(name, "rb") as file, tarfile.open(fileobj=file, mode="r:") as tar:
            for member in tar:
                stem, _, suffix = member.name.rpartition(".")
                key, _, role = stem.rpartition(".")
                if member.isfile() and role in ROLES and f".{suffix.lower()}" in SUFFIXES:
                    source = Source(shard, member.name, member.offset_data, member.size)
                    found.setdefault(key, {})[ROLES[role]] = source
    except (OSError, tarfile.TarError) as error:
        raise UnreadableFile(f"{shard}: not a tar file that can be read ({error})") from error
    return found
