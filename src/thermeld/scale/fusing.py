"""Items fused by a pool: every result a file of its own, or a member of a tar shard."""

import hashlib
import io
import json
import tarfile
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from thermeld.batch import fused_bytes
from thermeld.errors import BadSetting, FusionError
from thermeld.fuse import Fuser
from thermeld.io import SUFFIXES, Pair
from thermeld.scale import storage
from thermeld.scale.cluster import Answer, Pool, over_cluster
from thermeld.scale.items import Item
from thermeld.scale.status import DONE, FAILED, QUARANTINED, Status, StatusTable, checksum
from thermeld.scale.storage import Source, join

ERRORS_KEPT = 300  # characters


@dataclass(frozen=True)
class FuseJob:
    """What to make of items, in plain values, for it travels to workers.

    Attributes:
        out: address of the folder of results.
        method: as of `Fuser`.
        options: further arguments of `Fuser`.
        identity: all that decides a result beyond item and options: the model's checksum.
        suffix: of the results.
        shard: results per tar file; 0 for files of their own.
    """

    out: str
    method: str
    options: Mapping[str, Any] = field(default_factory=dict)
    identity: str = ""
    suffix: str = ".png"
    shard: int = 0

    def __post_init__(self) -> None:
        if self.suffix not in SUFFIXES or self.shard < 0:
            raise BadSetting(f"results end with one of {' '.join(SUFFIXES)}, got {self.suffix!r}")

    def made(self, item: Item) -> str:
        """Checksum of all that decides an item's result, its sources' content apart."""
        facts = [self.method, dict(self.options), self.identity, self.suffix, item.options]
        sources = [[each.address, each.start, each.size] for each in (item.ir, item.vis)]
        return checksum(json.dumps([facts, sources], sort_keys=True))


def fuse_items(items: Sequence[Item], job: FuseJob, pool: Pool) -> Iterator[tuple[Status, bool]]:
    """Fuse what is not done yet; each row of the table as it ends, and whether it was there.

    The same call goes on where a run ended, however it ended.

    Raises:
        FusionError: no cluster, or the table or the folder cannot be used.
    """
    table = StatusTable(job.out)
    groups = _groups(items, job)
    intact = {name for name, group in groups if _is_done(group, job, table)}
    for name, group in groups:
        if name in intact:
            yield from ((table.rows[item.id], True) for item in group)
    todo = [(name, (name, group)) for name, group in groups if name not in intact]
    names = dict(groups)
    pool = Pool(pool.address, pool.workers, pool.memory_mb, 1 if job.shard else pool.lot)
    try:
        for name, answer in over_cluster(pool, partial(Fusing, job), todo):
            for row in answer["rows"] if answer else _set_aside(names[name], job):
                table.add(row)
                yield row, False
    finally:
        table.save()
    table.close(item.id for item in items)


def _groups(items: Sequence[Item], job: FuseJob) -> list[tuple[str, tuple[Item, ...]]]:
    """What is written together, by the name of the file: a shard's items, or each alone."""
    if not job.shard:
        return [(f"{item.id}{job.suffix}", (item,)) for item in items]
    starts = range(0, len(items), job.shard)
    return [
        (f"{number:06}.tar", tuple(items[at : at + job.shard])) for number, at in enumerate(starts)
    ]


def _is_done(group: Sequence[Item], job: FuseJob, table: StatusTable) -> bool:
    """Whether all were made of the same in the same way, and are still there."""
    for item in group:
        row = table.rows.get(item.id)
        if row is None or row.state == FAILED or row.made != job.made(item):
            return False
        if row.state == DONE and row.place not in table.present:
            return False
    return True


def _set_aside(group: Sequence[Item], job: FuseJob) -> Iterator[Status]:
    error = "killed the worker twice; it is left out until the table's row is removed"
    for item in group:
        yield Status(item.id, QUARANTINED, error, 0.0, "", job.made(item))


class Fusing:
    """What a worker holds: one Fuser, and those that single items ask for."""

    def __init__(self, job: FuseJob) -> None:
        self._job = job
        self._fusers: dict[str, Fuser] = {}
        self._fuser("")

    def __call__(self, task: tuple[str, Sequence[Item]]) -> Answer:
        """Fuse what becomes one file; the rows of the table."""
        place, group = task
        alone = None if self._job.shard else place
        made = [(item, *self.tried(item, alone)) for item in group]
        if self._job.shard:
            self._pack(place, made)
        rows = [row if row.state == FAILED else replace(row, place=place) for _, row, _ in made]
        states = {row.state for row in rows}
        return {"state": FAILED if FAILED in states else DONE, "rows": rows}

    def tried(self, item: Item, place: str | None = None) -> tuple[Status, bytes]:
        """An item's row and its result's bytes, b"" if it failed; written if a place is given."""
        begun = time.perf_counter()
        made = self._job.made(item)
        try:
            data = self._fused(item)
            if place is not None:
                storage.write(join(self._job.out, place), data)
        except (FusionError, MemoryError) as error:
            reason = " ".join((str(error) or "not enough memory for this pair").split())
            seconds = time.perf_counter() - begun
            return Status(item.id, FAILED, reason[:ERRORS_KEPT], seconds, "", made), b""
        digest = hashlib.sha256(data).hexdigest()
        return Status(item.id, DONE, "", time.perf_counter() - begun, digest, made), data

    def _fused(self, item: Item) -> bytes:
        fuser = self._fuser(item.options)
        ir, vis = item.ir.local(), item.vis.local()
        if ir is not None and vis is not None:
            return fused_bytes(Pair(item.id, ir, vis), fuser, self._job.suffix)
        with tempfile.TemporaryDirectory(prefix="thermeld-") as folder:
            pair = Pair(
                item.id,
                _fetched(item.ir, Path(folder) / "ir"),
                _fetched(item.vis, Path(folder) / "vis"),
            )
            return fused_bytes(pair, fuser, self._job.suffix)

    def _fuser(self, options: str) -> Fuser:
        if options not in self._fusers:
            settings = {**self._job.options, **(json.loads(options) if options else {})}
            method = settings.pop("method", self._job.method)
            try:
                self._fusers[options] = Fuser(method, threads=1, **settings)
            except TypeError as error:  # an option that no Fuser has
                raise BadSetting(str(error)) from error
        return self._fusers[options]

    def _pack(self, place: str, made: Sequence[tuple[Item, Status, bytes]]) -> None:
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar:
            for item, row, data in made:
                if row.state == DONE:
                    member = tarfile.TarInfo(f"{item.id}.fused{self._job.suffix}")
                    member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))
        storage.write(join(self._job.out, place), packed.getvalue())


def _fetched(source: Source, path: Path) -> Path:
    """A source as a file on this machine, with its own suffix."""
    path = path.with_suffix(Path(source.name).suffix)
    path.write_bytes(source.read())
    return path
