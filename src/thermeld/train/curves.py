"""Losses and learning rates of runs as one picture."""

from collections.abc import Sequence
from importlib import import_module
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from thermeld.errors import UnknownName, UnreadableFile
from thermeld.io.parts import write_whole
from thermeld.registry import need
from thermeld.train.log import read_log

SMOOTH = 25  # steps that a point of a term's line is the mean of, where there are as many
RATE = "learning_rate"
WIDTH, ROW = 7.0, 2.4  # inches


def draw_curves(runs: Sequence[Path], path: Path, *, terms: Sequence[str] = ()) -> None:
    """Draw one plot per term, one line per run, as PNG or SVG by the suffix of `path`.

    Args:
        runs: run folders, or CSV files in the form of their log.
        path: of the picture.
        terms: names of logged values; none for loss, validation_loss and learning_rate.

    Raises:
        UnreadableFile: a run without a log.
        UnknownName: a term that no run has logged.
    """
    need("matplotlib", "report")
    logs = {run.stem if run.suffix == ".csv" else run.name: _series(run) for run in runs}
    known = sorted({name for log in logs.values() for name in log})
    wanted = list(terms) or [n for n in ("loss", "validation_loss", RATE) if n in known]
    for name in wanted:
        if name not in known:
            raise UnknownName(f"no run has logged {name!r}; logged: {', '.join(known)}")
    plots = import_module("matplotlib.figure")
    figure = plots.Figure(figsize=(WIDTH, ROW * len(wanted)), layout="constrained")
    for axis, name in zip(np.atleast_1d(figure.subplots(len(wanted))), wanted, strict=True):
        for run, log in logs.items():
            if name in log:
                axis.plot(*smoothed(*log[name]), label=run, linewidth=1.2)
        axis.set_ylabel(name)
        axis.grid(alpha=0.3)
        axis.set_yscale("log" if name != RATE and _positive(logs, name) else "linear")
    axis.set_xlabel("step")
    figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    kind, drawn = path.suffix[1:], BytesIO()
    figure.savefig(drawn, format=kind, dpi=120, metadata={"Date": None} if kind == "svg" else None)
    write_whole(path, drawn.getvalue())


def smoothed(
    steps: NDArray[np.int64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Means of blocks of `SMOOTH` steps; short series as they are."""
    if len(steps) < 4 * SMOOTH:
        return steps.astype(np.float64), values
    whole = len(steps) // SMOOTH * SMOOTH
    blocks = (part[:whole].reshape(-1, SMOOTH).mean(1) for part in (steps, values))
    middle, mean = blocks
    return middle, mean


def _series(run: Path) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
    path = run if run.suffix == ".csv" else run / "log.csv"
    rows = read_log(path)
    if not rows:
        raise UnreadableFile(f"{path}: no log of a training run; name a run folder or its log.csv")
    names = dict.fromkeys(name for _, name, _ in rows)
    return {
        wanted: (
            np.array([step for step, name, _ in rows if name == wanted]),
            np.array([float(value) for _, name, value in rows if name == wanted]),
        )
        for wanted in names
    }


def _positive(
    logs: dict[str, dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]], name: str
) -> bool:
    return all(bool(np.all(log[name][1] > 0)) for log in logs.values() if name in log)
