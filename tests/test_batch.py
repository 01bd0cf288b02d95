import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from thermeld.batch import (
    JOURNAL,
    Done,
    Failed,
    Job,
    fuse_files,
    fuse_folder,
    split_alpha,
    stored_with_alpha,
)
from thermeld.errors import SizeMismatch, UnreadableFile, UnwritableFile
from thermeld.fuse import Fuser
from thermeld.io import Pair, pair_files, read_image, write_image


@pytest.fixture
def folders(tmp_path, rng):
    """Four small pairs in ir/ and vis/."""
    for stem in ("a", "b", "c", "d é"):
        write_image(tmp_path / "ir" / f"{stem}.png", rng.integers(0, 256, (20, 30), np.uint8))
        write_image(tmp_path / "vis" / f"{stem}.bmp", rng.integers(0, 256, (20, 30, 3), np.uint8))
    return tmp_path


def job(folders, **changes):
    wanted = {"identity": {"method": "average"}, "out": folders / "out", **changes}
    return Job(Fuser("average"), **wanted)


def run(folders, **changes):
    pairs = pair_files(folders / "ir", folders / "vis").pairs
    return {result.pair.stem: result for result in fuse_folder(pairs, job(folders, **changes))}


def stamps(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.glob("*.png")}


def test_folder_is_fused_pair_by_pair(folders):
    results = run(folders)
    assert set(results) == {"a", "b", "c", "d é"}
    for result in results.values():
        assert isinstance(result, Done)
        ir, vis = read_image(result.pair.ir).pixels, read_image(result.pair.vis).pixels
        assert np.array_equal(read_image(result.out).pixels, Fuser("average")(ir, vis))


def test_second_run_skips_what_is_done(folders):
    run(folders)
    before = stamps(folders / "out")
    assert all(result.skipped for result in run(folders).values())
    assert stamps(folders / "out") == before


@pytest.mark.parametrize("damage", ["missing", "truncated", "empty"])
def test_damaged_results_are_made_anew(folders, damage):
    run(folders)
    victim = folders / "out" / "b.png"
    whole = victim.read_bytes()
    if damage == "missing":
        victim.unlink()
    else:
        victim.write_bytes(whole[: len(whole) // 2] if damage == "truncated" else b"")
    results = run(folders)
    assert [stem for stem, result in results.items() if not result.skipped] == ["b"]
    assert victim.read_bytes() == whole


def test_changed_source_is_fused_again(folders):
    run(folders)
    write_image(folders / "ir" / "c.png", np.zeros((20, 30), np.uint8), overwrite=True)
    assert [stem for stem, result in run(folders).items() if not result.skipped] == ["c"]


def test_files_of_others_are_never_replaced(folders):
    mine = write_image(folders / "out" / "a.png", np.zeros((3, 3), np.uint8))
    before = mine.read_bytes()
    with pytest.raises(UnwritableFile, match=r"a\.png.*--overwrite"):
        run(folders)
    assert mine.read_bytes() == before
    assert not (folders / "out" / "b.png").exists()  # refused before any work
    assert isinstance(run(folders, overwrite=True)["a"], Done)


def test_other_settings_do_not_pass_for_the_same(folders):
    run(folders)
    with pytest.raises(UnwritableFile, match="these settings"):
        run(folders, identity={"method": "maximum"})


def test_edited_result_is_not_replaced(folders):
    run(folders)
    write_image(folders / "out" / "a.png", np.zeros((20, 30), np.uint8), overwrite=True)
    with pytest.raises(UnwritableFile, match=r"a\.png"):
        run(folders)


def test_bad_pair_is_named_and_the_rest_goes_on(folders):
    (folders / "vis" / "b.bmp").write_bytes(b"not a picture")
    write_image(folders / "ir" / "c.png", np.zeros((5, 5), np.uint8), overwrite=True)
    results = run(folders)
    assert isinstance(results["b"], Failed)
    assert "b.bmp" in results["b"].error
    assert isinstance(results["c"], Failed)
    assert "5x5" in results["c"].error
    assert isinstance(results["a"], Done)
    assert not (folders / "out" / "b.png").exists()
    assert not list((folders / "out").glob(".*.part"))


def test_broken_journal_costs_only_its_broken_lines(folders):
    run(folders)
    journal = folders / "out" / JOURNAL
    lines = journal.read_text(encoding="utf-8").split()
    assert all(
        json.loads(line)["sha256"] for line in filter(None, journal.read_text().splitlines())
    )
    assert lines
    journal.write_bytes(journal.read_bytes() + b'{"file": "a.p\xff\xfe')
    assert all(result.skipped for result in run(folders).values())


def test_panels_stand_beside_the_results(folders):
    run(folders, compare=True)
    panel = read_image(folders / "out" / "compare" / "a.png").pixels
    assert panel.shape[1] >= 3 * 30
    (folders / "out" / "compare" / "a.png").unlink()
    again = run(folders, compare=True)
    assert [stem for stem, result in again.items() if not result.skipped] == ["a"]


def test_killed_run_goes_on_where_it_was(tmp_path, rng):
    """SIGKILL in the middle: what is there is whole, and the next run makes only the rest."""
    count = 60
    for number in range(count):
        ir, vis = rng.integers(0, 256, (2, 200, 300), np.uint8)
        write_image(tmp_path / "ir" / f"{number}.png", ir)
        write_image(tmp_path / "vis" / f"{number}.png", vis)
    command = [
        sys.executable,
        "-m",
        "thermeld",
        "fuse",
        "ir",
        "vis",
        "-o",
        "out",
        "-m",
        "laplacian",
        "--jobs",
        "1",
    ]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while len(stamps(tmp_path / "out")) < 5 and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = stamps(tmp_path / "out")
    assert 5 <= len(before) < count
    answer = subprocess.run(
        [*command, "--json"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    summary = json.loads(answer.stdout.splitlines()[-1])
    assert summary["made"] + summary["skipped"] == count
    assert summary["skipped"] >= len(before) - 1
    for path in (tmp_path / "out").glob("*.png"):
        assert read_image(path).pixels.shape == (200, 300)
    assert len(stamps(tmp_path / "out")) == count


def test_interrupted_command_says_how_to_go_on(tmp_path, rng):
    for number in range(300):
        picture = rng.integers(0, 256, (100, 100), np.uint8)
        for folder in ("ir", "vis"):
            write_image(tmp_path / folder / f"{number}.png", picture)
    command = [sys.executable, "-m", "thermeld", "fuse", "ir", "vis", "-o", "out", "-m", "nsct"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while not stamps(tmp_path / "out") and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    problems = process.communicate(timeout=60)[1]
    assert process.returncode == 130
    assert "goes on" in problems
    assert "Traceback" not in problems
    assert not list((tmp_path / "out").glob(".*.part"))


def test_same_folders_by_other_paths_are_the_same(folders, monkeypatch):
    run(folders)
    monkeypatch.chdir(folders)
    pairs = pair_files("ir", "vis").pairs
    assert all(result.skipped for result in fuse_folder(pairs, job(folders)))


@pytest.mark.parametrize("overwrite", [False, True])
def test_sources_are_never_replaced(folders, overwrite):
    """Not as results and not as panels, whatever is allowed."""
    pairs = pair_files(folders / "ir", folders / "vis").pairs
    before = {path: path.read_bytes() for pair in pairs for path in (pair.ir, pair.vis)}
    with pytest.raises(UnwritableFile):
        list(fuse_folder(pairs, job(folders, out=folders / "ir", overwrite=overwrite)))
    (folders / "x").mkdir()
    (folders / "ir").rename(folders / "x" / "compare")
    moved = pair_files(folders / "x" / "compare", folders / "vis").pairs
    wanted = job(folders, out=folders / "x", overwrite=overwrite, compare=True)
    with pytest.raises(UnwritableFile):
        list(fuse_folder(moved, wanted))
    with pytest.raises(UnwritableFile):
        fuse_files(Fuser("average"), moved[0], moved[0].vis, overwrite=overwrite)
    (folders / "x" / "compare").rename(folders / "ir")
    assert all(path.read_bytes() == content for path, content in before.items())


def test_panels_of_others_are_never_replaced(folders):
    mine = write_image(folders / "out" / "compare" / "a.png", np.zeros((3, 3), np.uint8))
    with pytest.raises(UnwritableFile, match=r"a\.png.*--overwrite"):
        run(folders, compare=True)
    assert read_image(mine).pixels.shape == (3, 3)


def test_broken_panel_is_made_anew(folders):
    run(folders, compare=True)
    (folders / "out" / "compare" / "b.png").write_bytes(b"junk")
    again = run(folders, compare=True)
    assert [stem for stem, result in again.items() if not result.skipped] == ["b"]


def test_two_runs_do_not_share_a_folder(folders):
    from thermeld.batch import Journal

    with (
        Journal(folders / "out" / JOURNAL),
        pytest.raises(UnwritableFile, match="another run"),
    ):
        run(folders)
    assert len(run(folders)) == 4


@pytest.mark.parametrize("line", ['{"file": "a.png"}', "[]", "7", '{"file": ["a"]}', "{"])
def test_odd_lines_in_the_journal_vouch_for_nothing(folders, line):
    (folders / "out").mkdir()
    (folders / "out" / JOURNAL).write_text(line)
    write_image(folders / "out" / "a.png", np.zeros((3, 3), np.uint8))
    with pytest.raises(UnwritableFile, match="--overwrite"):
        run(folders)


def test_folders_in_the_way_are_named(folders):
    (folders / "out" / "a.png").mkdir(parents=True)
    with pytest.raises(UnwritableFile, match=r"a\.png"):
        run(folders)
    (folders / "other" / JOURNAL).mkdir(parents=True)
    with pytest.raises(UnwritableFile, match="journal"):
        run(folders, out=folders / "other")


def test_journal_on_a_full_disk_fails_the_pair_alone(folders, monkeypatch):
    def full(self, row):
        raise self._unwritable(OSError(28, "No space left on device"))

    monkeypatch.setattr("thermeld.batch.Journal.record", full)
    results = run(folders)
    assert all(
        isinstance(result, Failed) and "No space" in result.error for result in results.values()
    )


def test_two_files_make_one(folders):
    pair = Pair("a", folders / "ir" / "a.png", folders / "vis" / "a.bmp")
    done = fuse_files(
        Fuser("average"), pair, folders / "x" / "fused.webp", compare=folders / "x" / "panel.png"
    )
    assert read_image(done.out).pixels.shape == (20, 30, 3)
    assert (folders / "x" / "panel.png").is_file()
    with pytest.raises(UnwritableFile, match="--overwrite"):
        fuse_files(Fuser("average"), pair, done.out)


def test_nothing_is_left_of_a_failed_fusion(folders):
    (folders / "ir" / "a.png").write_bytes(b"")
    pair = Pair("a", folders / "ir" / "a.png", folders / "vis" / "a.bmp")
    with pytest.raises(UnreadableFile, match=r"a\.png"):
        fuse_files(Fuser("average"), pair, folders / "fused.png")
    write_image(folders / "ir" / "a.png", np.zeros((2, 2), np.uint8), overwrite=True)
    with pytest.raises(SizeMismatch):
        fuse_files(Fuser("average"), pair, folders / "fused.png")
    assert not (folders / "fused.png").exists()


def test_sixteen_bits_and_alpha_come_through(tmp_path, rng):
    vis, alpha = rng.integers(0, 65536, (8, 9, 3)), rng.integers(0, 65536, (8, 9))
    write_image(tmp_path / "vis.png", vis.astype(np.uint16), alpha=alpha.astype(np.uint16))
    write_image(tmp_path / "ir.png", rng.integers(7000, 7300, (8, 9)).astype(np.uint16))
    pair = Pair("x", tmp_path / "ir.png", tmp_path / "vis.png")
    fused = read_image(fuse_files(Fuser("average"), pair, tmp_path / "fused.tiff").out)
    assert fused.pixels.dtype == np.uint16
    assert fused.alpha is not None
    assert np.array_equal(fused.alpha, alpha)


def test_grey_with_alpha_is_tripled(tmp_path):
    grey = np.full((4, 5), 9, np.uint8)
    path = write_image(tmp_path / "x.png", grey, alpha=grey)
    stacked = stored_with_alpha(read_image(path))
    assert stacked.shape == (4, 5, 4)
    colour, alpha = split_alpha(stacked)
    assert colour.shape == (4, 5, 3)
    assert np.array_equal(alpha, grey)


def test_root_of_results_may_not_be_a_file(folders):
    (folders / "out").write_text("taken")
    with pytest.raises(UnwritableFile, match="is a file"):
        run(folders)
    assert Path(folders / "out").read_text() == "taken"
