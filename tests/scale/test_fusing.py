"""Work and bookkeeping without a cluster: what a worker does, what a second start skips."""

import hashlib
import tarfile

import numpy as np
import pytest

from thermeld.batch import Job, fuse_folder
from thermeld.fuse import Fuser
from thermeld.io import pair_files, write_image

pytest.importorskip("fsspec", reason="needs the extra 'scale'")
pytest.importorskip("pyarrow", reason="needs the extra 'scale'")
from thermeld.scale import FuseJob, Pool, forecast, fuse_items, fusing, items_of
from thermeld.scale.cluster import Ledger
from thermeld.scale.items import Item
from thermeld.scale.status import StatusTable
from thermeld.scale.storage import Source, write


@pytest.fixture
def folders(tmp_path, rng):
    for stem in "abcde":
        write_image(tmp_path / "ir" / f"{stem}.png", rng.integers(0, 256, (20, 30), np.uint8))
        write_image(tmp_path / "vi" / f"{stem}.png", rng.integers(0, 256, (20, 30, 3), np.uint8))
    (tmp_path / "ir" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    write_image(tmp_path / "vi" / "bad.png", rng.integers(0, 256, (20, 30), np.uint8))
    return tmp_path


@pytest.fixture
def inline(monkeypatch):
    """Tasks done here, in order; those in `deadly` as if they had killed two workers."""
    done = []

    def over(pool, make, tasks, deadly=()):
        work = make()
        for name, task in tasks:
            done.append(name)
            yield name, None if name in deadly else work(task)

    monkeypatch.setattr(fusing, "over_cluster", over)
    return done


def rows(folders, job):
    listing = items_of(str(folders / "ir"), str(folders / "vi"))
    return {row.id: (row, old) for row, old in fuse_items(listing.items, job, Pool())}


def test_results_are_those_of_the_folder_run(folders, inline):
    found = rows(folders, FuseJob(str(folders / "out"), "laplacian"))
    assert {name: row.state for name, (row, _) in found.items()} == {
        **dict.fromkeys("abcde", "done"),
        "bad": "failed",
    }
    pairs = pair_files(folders / "ir", folders / "vi").pairs
    list(fuse_folder(pairs, Job(Fuser("laplacian"), {}, folders / "plain"), workers=1))
    for stem in "abcde":
        data = (folders / "out" / f"{stem}.png").read_bytes()
        assert data == (folders / "plain" / f"{stem}.png").read_bytes()
        assert found[stem][0].sha256 == hashlib.sha256(data).hexdigest()


def test_a_second_start_does_what_is_missing_changed_or_failed(folders, inline):
    job = FuseJob(str(folders / "out"), "average")
    rows(folders, job)
    inline.clear()
    (folders / "out/b.png").unlink()
    again = rows(folders, job)
    assert sorted(inline) == ["b.png", "bad.png"]
    assert [name for name, (_, old) in again.items() if old] == ["a", "c", "d", "e"]
    inline.clear()
    rows(folders, FuseJob(str(folders / "out"), "average", {"color": "gray"}))
    assert len(inline) == 6
    assert len(StatusTable(str(folders / "out")).rows) == 6


def test_a_killed_driver_forgets_little(folders, inline, monkeypatch):
    """Rows saved in parts count although the table was never joined."""
    monkeypatch.setattr("thermeld.scale.status.EVERY_S", 0.0)
    job = FuseJob(str(folders / "out"), "average")
    items = items_of(str(folders / "ir"), str(folders / "vi")).items
    run = fuse_items(items, job, Pool())
    for _ in range(3):
        next(run)
    del run  # nothing is closed on purpose by a kill; the parts are there already
    assert not (folders / "out/status.parquet").exists()
    inline.clear()
    rows(folders, job)
    assert len(inline) == 4  # three of six were known, one of these had failed
    assert not list((folders / "out/status").iterdir())


def test_shards_hold_the_same_results(folders, inline):
    job = FuseJob(str(folders / "out"), "average", shard=4)
    rows(folders, FuseJob(str(folders / "plain"), "average"))
    found = rows(folders, job)
    members = {}
    for name in ("000000.tar", "000001.tar"):
        with tarfile.open(folders / "out" / name) as tar:
            members |= {m.name: tar.extractfile(m).read() for m in tar}
    assert members == {
        f"{stem}.fused.png": (folders / "plain" / f"{stem}.png").read_bytes() for stem in "abcde"
    }
    assert found["a"][0].place == "000000.tar"
    inline.clear()
    rows(folders, job)
    assert inline == ["000000.tar"]  # the one with the item that failed


def test_what_kills_workers_is_set_aside(folders, inline, monkeypatch):
    monkeypatch.setattr(
        fusing, "over_cluster", lambda pool, make, tasks: ((name, None) for name, _ in tasks)
    )
    job = FuseJob(str(folders / "out"), "average")
    found = rows(folders, job)
    assert {row.state for row, _ in found.values()} == {"quarantined"}
    assert all(old for _, old in rows(folders, job).values())  # and stays aside


def test_the_ledger_knows_what_was_begun_in_vain():
    ledger = Ledger()
    assert not ledger.begin_lot("a")
    ledger.end_lot("a")
    assert not ledger.begin_lot("a")
    assert ledger.begin_lot("a")  # a worker died with this lot
    assert not ledger.begin_alone("b")
    ledger.end_alone("b")
    assert not ledger.begin_alone("b")
    assert ledger.begin_alone("b")  # and another with this item


def test_addresses_of_other_kinds_and_options_of_single_items(folders, inline):
    data = {name: (folders / name / "a.png").read_bytes() for name in ("ir", "vi")}
    for name, content in data.items():
        write(f"memory://pairs/{name}.png", content)
    views = (Source.whole(f"memory://pairs/{name}.png") for name in ("ir", "vi"))
    items = (Item("x/y", *views, '{"color": "gray", "method": "maximum"}'),)
    ((row, _),) = fuse_items(items, FuseJob("memory://fused", "average"), Pool())
    assert row.state == "done", row.error
    pair = pair_files(folders / "ir/a.png", folders / "vi/a.png").pairs[0]
    from thermeld.batch import fused_bytes

    wanted = fused_bytes(pair, Fuser("maximum", color="gray"), ".png")
    assert Source.whole("memory://fused/x/y.png").read() == wanted


def test_a_dry_run_writes_nothing(folders):
    listing = items_of(str(folders / "ir"), str(folders / "vi"))
    told = forecast(listing, FuseJob(str(folders / "out"), "average"), 2)
    assert told.items == 6
    assert told.bytes_in == sum(p.stat().st_size for p in folders.rglob("*.png"))
    assert told.item_s > 0
    assert told.hours == pytest.approx(told.item_s * 6 / 2 / 3600)
    assert any(fault.startswith("bad: ") for fault in told.faults)
    assert not (folders / "out").exists()
