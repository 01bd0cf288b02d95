"""Edge transfer: how much of the sources' Sobel edges reaches the fused image."""

from typing import NamedTuple

import cv2
import numpy as np

from thermeld.metrics.plane import Plane, sobel, unit_sobel
from thermeld.metrics.windows import Real, strips, sum_of
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
        kept += sum_of(_preserved, *source, *target)
        weight += float(source.strength.sum())
    return kept / weight if weight else float("nan")


def _edges(plane: Plane) -> Edges:
    along_x, along_y = sobel(plane, cv2.BORDER_CONSTANT)
    # The codes' vertical kernel points up, which shows where along_x is 0 and the angle pi/2.
    return _edges_of(along_x, -along_y)


def _rounded_edges(plane: Plane) -> Edges:
    return _edges_of(*unit_sobel(plane, CONV2, edge=False))


def _edges_of(along_x: Real, along_y: Real) -> Edges:
    edges = Edges(np.empty_like(along_x), np.empty_like(along_x))
    with np.errstate(divide="ignore", invalid="ignore"):
        for x, y, strength, angle in strips(along_x, along_y, *edges):
            np.sqrt(x * x + y * y, out=strength)
            np.arctan(y / x, out=angle)
            angle[x == 0.0] = np.pi / 2.0
    return edges


def _preserved(strength: Real, angle: Real, fused_strength: Real, fused_angle: Real) -> Real:
    """Q g of every pixel: strength and angle kept, each judged by a sigmoid, times strength."""
    weak = np.minimum(strength, fused_strength)
    strong = np.maximum(strength, fused_strength)
    equal = weak == strong
    strong[equal] = 1.0  # so the ratio of two equal strengths is that strength, 0 if both are 0
    ratio = weak / strong
    aligned = 1.0 - np.abs(angle - fused_angle) / (np.pi / 2.0)
    by_strength = 1.0 + np.exp(-15.0 * (ratio - 0.5))
    by_angle = 1.0 + np.exp(-22.0 * (aligned - 0.8))
    return (0.9994 * 0.9879) * strength / (by_strength * by_angle)


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
    maps = [judged.once(_mirrored_edges), one.once(_mirrored_edges), other.once(_mirrored_edges)]
    lost = weight = 0.0
    for g, a, *sources in strips(*(whole for edges in maps for whole in edges)):
        target = Edges(g, a)
        pair = Edges(*sources[:2]), Edges(*sources[2:])
        added = (g > pair[0].strength) & (g > pair[1].strength)
        for source in pair:
            share = source.strength * np.sqrt(source.strength)
            share[source.strength < 2.0] = 0.001
            lost += float(((1.0 - _agreement(source, target)) * share)[added].sum())
            weight += float(share.sum())
    return lost / weight


def _mirrored_edges(plane: Plane) -> Edges:
    along_x, along_y = sobel(plane, cv2.BORDER_REFLECT_101)
    edges = Edges(np.empty_like(along_x), np.empty_like(along_x))
    with np.errstate(divide="ignore", invalid="ignore"):
        for x, y, strength, angle in strips(along_x, along_y, *edges):
            np.sqrt(x * x + y * y, out=strength)
            np.arctan(x / y, out=angle)
            angle[strength == 0.0] = 0.0
            strength /= 8.0
    return edges


def _agreement(source: Edges, target: Edges) -> Real:
    weak = np.minimum(source.strength, target.strength)
    strong = np.maximum(source.strength, target.strength)
    strong[strong == 0.0] = 1.0
    aligned = np.abs(np.abs(source.angle - target.angle) - np.pi / 2.0) * (2.0 / np.pi)
    by_strength = 1.0 + np.exp(-19.0 * (weak / strong - 0.5))
    by_angle = 1.0 + np.exp(-22.0 * (aligned - 0.5))
    return np.sqrt((0.9999 * 0.9995) / (by_strength * by_angle))
