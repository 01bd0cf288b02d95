"""Long jobs to be killed at random moments, and what each must come to in the end.

Used by test_kills.py in short and by benchmarks/faults.py at length.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from thermeld.io import write_image


@dataclass(frozen=True)
class LongJob:
    """A command in a folder of its own.

    Attributes:
        words: of the command line; run with the folder as working folder.
        prepare: makes the input in the folder.
        result: what the end comes to, whatever happened on the way; times left out.
    """

    words: tuple[str, ...]
    prepare: Callable[[Path], None]
    result: Callable[[Path], object]


def command(words: tuple[str, ...]) -> list[str]:
    return [sys.executable, "-m", "thermeld", *words]


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def run(job: LongJob, folder: Path) -> float:
    """To the end; seconds."""
    begun = time.monotonic()
    done = subprocess.run(
        command(job.words), cwd=folder, env=environment(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
    return time.monotonic() - begun


def kill(job: LongJob, folder: Path, after_s: float, which: int = signal.SIGKILL) -> str | None:
    """Start it and send a signal after so long; its standard error, None if it had ended."""
    process = subprocess.Popen(
        command(job.words), cwd=folder, env=environment(), stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        process.communicate(timeout=after_s)
        return None
    except subprocess.TimeoutExpired:
        process.send_signal(which)
        return process.communicate(timeout=60)[1]


def stop(job: LongJob, folder: Path, begun: str, which: int) -> tuple[int, str]:
    """Send a signal once a file of that pattern is there; exit code and standard error."""
    process = subprocess.Popen(
        command(job.words), cwd=folder, env=environment(), stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while process.poll() is None and not any(folder.glob(begun)):
        time.sleep(0.02)
    process.send_signal(which)
    told = process.communicate(timeout=120)[1]
    return process.returncode, told


def leftovers(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*.part*"))


def pairs(folder: Path, count: int = 12, size: tuple[int, int] = (120, 160)) -> None:
    rng = np.random.default_rng(5)
    for number in range(count):
        ir = rng.integers(0, 256, size, np.uint8)
        write_image(folder / "ir" / f"{number:03}.png", ir)
        write_image(folder / "vi" / f"{number:03}.png", rng.integers(0, 256, (*size, 3), np.uint8))


def files_of(folder: Path) -> dict[str, bytes]:
    """All results by name; journals and what a run knows of its own times left out."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted((folder / "out").rglob("*"))
        if path.is_file() and path.suffix in (".png", ".mkv", ".onnx")
    }


def frames_of(folder: Path) -> list[bytes]:
    """Of the film, which is lossless; its container holds a number drawn anew each time."""
    film, frames = cv2.VideoCapture(str(folder / "out/film.mkv")), []
    while True:
        found, frame = film.read()
        if not found:
            return frames
        frames.append(frame.tobytes())


def table_of(folder: Path) -> object:
    from dataclasses import replace

    from thermeld.data.results import read_table

    return [replace(row, seconds=None) for row in read_table(folder / "out/table.csv")]


def losses_of(folder: Path) -> object:
    """The log of a training run without its column of times, and its samples."""
    rows = [line.split(",") for line in (folder / "out/log.csv").read_text().splitlines()]
    kept = [row for row in rows if "second" not in row[1]]
    return kept, {name: data for name, data in files_of(folder).items() if "samples" in name}


def exported(folder: Path) -> object:
    card = json.loads((folder / "out/mobilefuse.json").read_text())
    return card["sha256"], files_of(folder)


RECIPE = """
name = "killed"
network = "lwc-densefuse"
task = "staged"
sets = ["tiny"]
crop_px = 32
batch = 4
steps = 40
validate_every = 10
save_every = 5
validation_pairs = 2
precision = "32-true"
"""


def training_data(folder: Path) -> None:
    pairs(folder / "data/tiny", 24, (48, 64))
    (folder / "killed.toml").write_text(RECIPE)


JOBS = {
    "fuse": LongJob(
        ("fuse", "ir", "vi", "-o", "out", "--jobs", "2", "--method", "laplacian", "--compare"),
        pairs,
        files_of,
    ),
    "evaluate": LongJob(
        (
            *(
                "evaluate",
                "--sets",
                "tiny",
                "--data",
                ".",
                "--methods",
                "laplacian",
                "--metrics",
                "EN,SD,MI",
            ),
            *("-o", "out/table.csv", "--jobs", "2"),
        ),
        lambda folder: pairs(folder / "tiny"),
        table_of,
    ),
    "video": LongJob(
        (
            *("video", "ir", "vi", "-o", "out/film.mkv", "--method", "laplacian", "--overwrite"),
            *("--steady", "0"),
        ),
        lambda folder: ((folder / "out").mkdir(), pairs(folder, 60))[1],
        frames_of,
    ),
    "train": LongJob(
        ("train", "killed.toml", "--data", "data", "-o", "out", "--accelerator", "cpu"),
        training_data,
        losses_of,
    ),
    "export": LongJob(
        ("export", "mobilefuse", "-o", "out", "--licence", "test"),
        lambda folder: folder.mkdir(exist_ok=True),
        exported,
    ),
}


def campaign(job: LongJob, folder: Path, kills: int, seed: int) -> dict[str, object]:
    """Kill it `kills` times in all, each life anew once it ends, and compare with a quiet run.

    Returns counts and the names of faults, for a table.
    """
    quiet = folder / "quiet"
    quiet.mkdir()
    job.prepare(quiet)
    seconds = run(job, quiet)
    wanted, rng = job.result(quiet), np.random.default_rng(seed)
    killed = lives = 0
    faults: list[str] = []
    while killed < kills:
        life = folder / f"life{lives}"
        life.mkdir()
        job.prepare(life)
        for _ in range(min(int(rng.integers(1, 6)), kills - killed)):
            if kill(job, life, float(rng.uniform(0.3, 1.0)) * seconds) is not None:
                killed += 1
        run(job, life)
        faults += [f"left {name}" for name in leftovers(life)]
        faults += [] if job.result(life) == wanted else [f"life {lives} ends differently"]
        lives += 1
    return {"kills": killed, "lives": lives, "seconds": round(seconds, 2), "faults": faults}
