"""Edge transfer: how much of the sources' Sobel edges reaches the fused image."""

from typing import NamedTuple

import cv2
import numpy as np

from thermeld.metrics.plane import Plane, sobel, unit_sobel
from thermeld.metrics.windows import Real
from thermeld.registry import metric


# MATLAB's conv2 goes down the columns of its kernel, which it turns by half a turn.
CONV2 = [(row, col) for col in (2, 1, 0) for row in (2, 1, 0)]


class Edges(NamedTuple):
    """Gradient strength, and its angle in -pi/2..pi/2, per pixel."""

    strength: Real
    angle: Real


@metric(
    "Qabf",
    better="higher",
    range="0..0.987 (well above where every edge is of equal strength)",
    formula="sum(Q_A g_A + Q_B g_B) / sum(g_A + g_B); Q = sigmoid of the ratio of the Sobel "
    "strengths times sigmoid of the agreement of their angles",
    source="Xydeas & Petrovic, Electronics Letters 36(4), 2000",
    conventions={
        "tang": "on 0..255, of the gray images",
        "tang2022": "on 0..1: rounding, as MATLAB's conv2 rounds, decides which are zero or equal",
        "vifb": "on 0..255 per channel",
        "cddfuse": "on 0..255, of its gray images",
    },
    why="one formula everywhere; whole numbers make it exact, and most tables use gray images",
    fooled_by="edges copied from the stronger source only; where two strengths are equal, every "
    "code takes the strength itself for their ratio",
)
def edge_transfer(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Share of the sources' edges that the fused image keeps; NaN where no source has any."""
    edges = _rounded_edges if convention == "tang2022" else _edges
    target = fused.once(edges)
    kept = weight = 0.0
    for source in (ir.once(edges), vis.once(edges)):
        kept += float(np.vdot(_preserved(source, target), source.strength))
        weight += float(source.strength.sum())
    return kept / weight if weight else float("nan")


def _edges(plane: Plane) -> Edges:
    along_x, along_y = sobel(plane, cv2.BORDER_CONSTANT)
    # The codes' vertical kernel points up, which shows where along_x is 0 and the angle pi/2.
    return _edges_of(along_x, -along_y)


def _rounded_edges(plane: Plane) -> Edges:
    return _edges_of(*unit_sobel(plane, CONV2, edge=False))


def _edges_of(along_x: Real, along_y: Real) -> Edges:
    slope = np.divide(along_y, along_x, out=np.full_like(along_x, np.inf), where=along_x != 0)
    return Edges(np.sqrt(along_x * along_x + along_y * along_y), np.arctan(slope))


def _preserved(source: Edges, target: Edges) -> Real:
    """Q of every pixel: strength and angle kept, each judged by a sigmoid."""
    weak = np.minimum(source.strength, target.strength)
    strong = np.maximum(source.strength, target.strength)
    equal = weak == strong
    ratio = np.divide(weak, strong, out=target.strength.copy(), where=~equal)
    aligned = 1.0 - np.abs(source.angle - target.angle) / (np.pi / 2.0)
    by_strength = 0.9994 / (1.0 + np.exp(-15.0 * (ratio - 0.5)))
    by_angle = 0.9879 / (1.0 + np.exp(-22.0 * (aligned - 0.8)))
    return np.asarray(by_strength * by_angle)


@metric(
    "Nabf",
    better="lower",
    range="0..1",
    formula="as Nabf_fixed, but with (infrared, visible, fused) in the places of (fused, A, B)",
    source="the survey code's call of Petrovic & Xydeas, Information Fusion 4(2), 2003",
    conventions={"tang": "as called: judges the infrared image, not the fused one"},
    why="only that code has it; published Nabf columns hold these numbers",
    fooled_by="nearly anything: it asks which edges the infrared image has beyond both others",
    symmetric=False,
)
def artefacts_as_called(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Edges out of nowhere, as published: with the roles of the images mixed up."""
    return _artefacts(ir, vis, fused)


@metric(
    "Nabf_fixed",
    better="lower",
    range="0..1",
    formula="sum over pixels with g_F > g_A and g_F > g_B of (1-Q_A) w_A + (1-Q_B) w_B, "
    "divided by sum(w_A + w_B)",
    source="Petrovic & Xydeas, Information Fusion 4(2), 2003",
    conventions={"tang": "the survey code with the roles of the images put right"},
    why="only that code has it",
    fooled_by="blur: an image without edges has no false edges",
)
def artefacts(ir: Plane, vis: Plane, fused: Plane, convention: str) -> float:
    """Edges that are in neither source, weighted by how strong the sources are there."""
    return _artefacts(fused, ir, vis)


def _artefacts(judged: Plane, one: Plane, other: Plane) -> float:
    target = judged.once(_mirrored_edges)
    sources = [one.once(_mirrored_edges), other.once(_mirrored_edges)]
    added = np.logical_and(*(target.strength > source.strength for source in sources))
    lost = weight = 0.0
    for source in sources:
        share = np.where(source.strength >= 2.0, source.strength**1.5, 0.001)
        lost += float(np.sum(((1.0 - _agreement(source, target)) * share)[added]))
        weight += float(share.sum())
    return lost / weight


def _mirrored_edges(plane: Plane) -> Edges:
    along_x, along_y = sobel(plane, cv2.BORDER_REFLECT_101)
    flat = (along_x == 0) & (along_y == 0)
    upright = np.where(flat, 0.0, np.inf)
    slope = np.divide(along_x, along_y, out=upright, where=along_y != 0)
    return Edges(np.sqrt(along_x**2 + along_y**2) / 8.0, np.arctan(slope))


def _agreement(source: Edges, target: Edges) -> Real:
    weak = np.minimum(source.strength, target.strength)
    strong = np.maximum(source.strength, target.strength)
    ratio = np.divide(weak, strong, out=np.zeros_like(weak), where=weak > 0)
    aligned = np.abs(np.abs(source.angle - target.angle) - np.pi / 2.0) * (2.0 / np.pi)
    by_strength = 0.9999 / (1.0 + np.exp(-19.0 * (ratio - 0.5)))
    by_angle = 0.9995 / (1.0 + np.exp(-22.0 * (aligned - 0.5)))
    return np.asarray(np.sqrt(by_strength * by_angle))
