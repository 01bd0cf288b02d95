"""A warp from points that somebody picked in both pictures."""

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from thermeld.align.files import MAX_BYTES, numbers
from thermeld.align.warp import Matrix, Points, transformed
from thermeld.errors import BadSetting, UnreadableFile

NEEDED = {"translation": 1, "affine": 3, "homography": 4}
STRAY_PX = 8.0  # a point this far from what the others say was picked wrongly
MOST_POINTS = 10_000
COLUMNS = ("ir_x", "ir_y", "vis_x", "vis_y")


@dataclass(frozen=True)
class Picked:
    """The same things in both pictures.

    Attributes:
        ir: (N, 2) x and y in infrared pixels.
        vis: (N, 2) in visible pixels.
    """

    ir: Points
    vis: Points


def read_points(path: str | Path) -> Picked:
    """Read points from CSV (columns ir_x, ir_y, vis_x, vis_y) or JSON (a list of such fours).

    Raises:
        UnreadableFile: missing, too large, or not such a table.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode("utf-8-sig")
        rows = json.loads(text) if path.suffix.lower() == ".json" else _csv_rows(text)
        if len(data) > MAX_BYTES or not isinstance(rows, list) or len(rows) > MOST_POINTS:
            raise BadSetting(f"at most {MOST_POINTS} points, as a list of four numbers each")
        table = numbers(rows, (len(rows), 4), "points")
    except OSError as error:
        raise UnreadableFile(f"{path}: {error.strerror}; check the path") from error
    except (ValueError, RecursionError, BadSetting) as error:
        raise UnreadableFile(
            f"{path}: not a table of points ({error}); give CSV with the columns "
            f"{','.join(COLUMNS)}, or JSON as [[ir_x, ir_y, vis_x, vis_y], ...]"
        ) from error
    return Picked(table[:, :2], table[:, 2:])


def fitted(picked: Picked, model: str = "auto") -> tuple[Matrix, NDArray[np.float64], list[bool]]:
    """The warp of least squares through points, wrongly picked ones left out.

    Args:
        picked: the points.
        model: "translation", "affine", "homography", or "auto": a homography from 5 points on,
            an affine warp from 3.

    Returns:
        The matrix, each point's distance from it in visible pixels, and whether it was used.

    Raises:
        BadSetting: too few points, or all on one line; unknown model.
    """
    count = len(picked.ir)
    if model == "auto":
        model = "homography" if count >= 5 else "affine" if count >= 3 else "translation"
    if model not in NEEDED:
        raise BadSetting(f"model must be auto, {', '.join(NEEDED)}, got {model!r}")
    if count < NEEDED[model]:
        raise BadSetting(f"{model} needs {NEEDED[model]} points at least, got {count}; pick more")
    _require_spread(picked, model)
    # OpenCV takes no views into a wider table.
    matrix, used = _FITS[model](np.ascontiguousarray(picked.ir), np.ascontiguousarray(picked.vis))
    if matrix is None or not np.isfinite(matrix).all():
        raise BadSetting("these points fit no warp; check that each pair shows the same thing")
    away = transformed(matrix, picked.ir) - picked.vis
    return matrix, np.hypot(away[:, 0], away[:, 1]), used


def _require_spread(picked: Picked, model: str) -> None:
    if model == "translation":
        return
    for points in (picked.ir, picked.vis):
        across = np.linalg.svd(points - points.mean(axis=0), compute_uv=False)
        if across[-1] < 1e-3 * across[0] or across[0] == 0:
            raise BadSetting("the points lie on one line; pick some beside it")


def _translation(ir: Points, vis: Points) -> tuple[Matrix, list[bool]]:
    moves = vis - ir
    used = np.hypot(*(moves - np.median(moves, axis=0)).T) <= STRAY_PX
    matrix = np.eye(3)
    matrix[:2, 2] = moves[used].mean(axis=0) if used.any() else np.median(moves, axis=0)
    return matrix, used.tolist()


def _affine(ir: Points, vis: Points) -> tuple[Matrix | None, list[bool]]:
    found, inside = cv2.estimateAffine2D(ir, vis, method=cv2.RANSAC, ransacReprojThreshold=STRAY_PX)
    if found is None:
        return None, []
    used = np.asarray(inside).ravel() > 0
    solved = np.linalg.lstsq(np.c_[ir[used], np.ones(used.sum())], vis[used], rcond=None)[0]
    return np.vstack([solved.T, [0.0, 0.0, 1.0]]), used.tolist()


def _homography(ir: Points, vis: Points) -> tuple[Matrix | None, list[bool]]:
    if len(ir) == NEEDED["homography"]:  # nothing to spare: all points count
        found, _ = cv2.findHomography(ir, vis, 0)
        return (None, []) if found is None else (np.asarray(found, np.float64), [True] * len(ir))
    found, inside = cv2.findHomography(ir, vis, cv2.RANSAC, STRAY_PX)
    if found is None:
        return None, []
    used = np.asarray(inside).ravel() > 0
    found, _ = cv2.findHomography(ir[used], vis[used], 0)
    return (None, []) if found is None else (np.asarray(found, np.float64), used.tolist())


_FITS = {"translation": _translation, "affine": _affine, "homography": _homography}


def _csv_rows(text: str) -> list[Any]:
    table = csv.reader(io.StringIO(text))
    head = [name.strip() for name in next(table, [])]
    if sorted(head) != sorted(COLUMNS):
        raise BadSetting("the first line names the columns")
    order = [head.index(name) for name in COLUMNS]
    return [[float(row[at]) for at in order] for row in table if len(row) == len(COLUMNS)]
