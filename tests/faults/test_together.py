"""Several at once: runs into one folder, threads with one Fuser, children of a process."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Thread

import numpy as np
import pytest
from jobs import JOBS, command, environment, files_of, run

from thermeld import Fuser
from thermeld.io import read_image, write_image


def test_two_runs_into_one_folder(tmp_path):
    """One of them works, the other says why it does not; the end is right."""
    job = JOBS["fuse"]
    for name in ("alone", "both"):
        (tmp_path / name).mkdir()
        job.prepare(tmp_path / name)
    run(job, tmp_path / "alone")
    started = [
        subprocess.Popen(
            command(job.words), cwd=tmp_path / "both", env=environment(), text=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
        )
        for _ in range(2)
    ]  # fmt: skip
    told = [process.communicate()[1] for process in started]
    codes = sorted(process.returncode for process in started)
    assert codes in ([0, 0], [0, 1])  # both if the second came when the first had ended
    assert codes == [0, 0] or "another run is writing into this folder" in "".join(told)
    assert files_of(tmp_path / "both") == files_of(tmp_path / "alone")


def test_a_second_run_into_a_table_is_refused(tmp_path):
    from thermeld.errors import UnwritableFile
    from thermeld.evaluate.journal import kept_for_this_run

    path = tmp_path / "table.csv.jsonl"
    with (
        kept_for_this_run(path),
        pytest.raises(UnwritableFile, match="another run is filling"),
        kept_for_this_run(path),
    ):
        pass
    with kept_for_this_run(path):
        pass


@pytest.mark.parametrize("method", ["mobilefuse", "laplacian", "wavelet-max"])
def test_one_fuser_in_many_threads(method, rng):
    fuser = Fuser(method, threads=1)
    shots = rng.integers(0, 256, (12, 2, 60, 70), np.uint8)
    wanted = [fuser(*shot) for shot in shots]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda shot: fuser(*shot), np.concatenate([shots] * 4)))
    assert all(np.array_equal(one, other) for one, other in zip(found, wanted * 4, strict=True))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_children_forked_while_pictures_are_read(tmp_path, rng):
    """Decoding holds a lock and standard error; a child must inherit neither in use."""
    write_image(tmp_path / "a.png", rng.integers(0, 256, (300, 300), np.uint8))
    path, stop = tmp_path / "a.png", Event()

    def busy():
        while not stop.is_set():
            read_image(path)

    threads = [Thread(target=busy) for _ in range(3)]
    own = os.fstat(2).st_ino
    for thread in threads:
        thread.start()
    try:
        codes = [_child(path, own) for _ in range(15)]
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert codes == [0] * 15


def _child(path, own: int) -> int:
    child = os.fork()
    if not child:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(10)
        read_image(path)
        os._exit(0 if os.fstat(2).st_ino == own else 7)
    return os.waitpid(child, 0)[1]


def test_memory_stays_flat(rng):
    """Short of benchmarks/faults.py, which fuses 100,000 frames: here 3,000 small ones."""
    source = """if True:
    import numpy as np, os
    from thermeld import Fuser
    fuser = Fuser("mobilefuse", threads=1)
    shot = np.random.default_rng(0).integers(0, 256, (2, 48, 64), np.uint8)
    def held():
        return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGESIZE")
    for number in range(3500):
        fuser(*shot)
        if number == 500:
            before = held()
    print(held() - before)
    """
    if not os.path.exists("/proc/self/statm"):  # noqa: PTH110
        pytest.skip("needs /proc")
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True,
        env=environment(),
    )  # fmt: skip
    assert int(done.stdout) < 4 * 2**20


def test_a_second_training_is_refused(tmp_path):
    pytest.importorskip("torch")
    from lightning_fabric import Fabric

    from thermeld.errors import UnwritableFile
    from thermeld.train.loop import _claimed
    from thermeld.train.weights import load_trained

    recipe, fabric = load_trained("mobilefuse").recipe, Fabric(accelerator="cpu", devices=1)
    (tmp_path / "last.ckpt.part").write_bytes(b"half")
    with (
        _claimed(tmp_path, recipe, fabric),
        pytest.raises(UnwritableFile, match="another run is training"),
        _claimed(tmp_path, recipe, fabric),
    ):
        pass
    with _claimed(tmp_path, recipe, fabric):
        assert not (tmp_path / "last.ckpt.part").exists()


def test_no_locks_is_not_another_run(tmp_path, monkeypatch):
    """As on some network file systems: `flock` says that there is none."""
    from thermeld.batch import Journal
    from thermeld.io import parts

    def refuse(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(parts._fcntl, "flock", refuse)
    with Journal(tmp_path / "thermeld.jsonl") as journal:
        assert not journal.row("a")
    (tmp_path / f".{'a' * 16}.part").write_bytes(b"may be someone's")
    assert parts.sweep(tmp_path) == 0
