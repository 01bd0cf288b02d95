"""What each pixel sees, as plain lists over the N pixels that see anything at all."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from thermeld.data.stage.materials import INDEX, MATERIALS
from thermeld.data.stage.mesh import Colour, Floats, Ints, Mesh
from thermeld.data.stage.raster import Camera, Interpolator, paint


@dataclass(frozen=True)
class Spots:
    """N seen spots; textures write into these arrays.

    Attributes:
        pixels: flat pixel numbers (N,).
        face: number of the face seen (N,).
        depth: metres along the camera's axis (N,).
        position, normal: world (3, N).
        view: unit direction from the camera to the spot (3, N).
        u, v: surface coordinates, metres (N,).
        warmth: degrees above the material's temperature (N,).
        material, variant: (N,).
        albedo, glow: linear RGB (3, N).
        gloss: reflectance at normal incidence (N,).
    """

    pixels: NDArray[np.int64]
    face: Ints
    depth: Floats
    position: Floats
    normal: Floats
    view: Floats
    u: Floats
    v: Floats
    warmth: Floats
    material: Ints
    variant: Ints
    albedo: Floats
    glow: Floats
    gloss: Floats

    def of(self, *names: str) -> NDArray[np.int64]:
        """Places of the spots made of one of these materials."""
        wanted = np.isin(np.arange(len(MATERIALS)), [INDEX[name] for name in names])
        return np.flatnonzero(wanted[self.material])

    def thinned(self, size: tuple[int, int]) -> tuple["Spots", NDArray[np.int64]]:
        """One spot for each 2 x 2 block that sees a single face, and who stands for whom.

        Light changes slowly over a face, so it need not be worked out for all four.

        Returns:
            the remaining M spots in the order of their z; for each of the N spots the place of
            its stand-in (N,).
        """
        place = np.full(size, -1, np.int64)
        place.ravel()[self.pixels] = np.arange(len(self.pixels))
        face = np.append(self.face, -1)[place]
        corners = [place[i::2, j::2] for i in (0, 1) for j in (0, 1)]
        first = face[0::2, 0::2]
        same = (first >= 0) & np.logical_and.reduce(
            [first == face[i::2, j::2] for i in (0, 1) for j in (0, 1)]
        )
        speaker = np.arange(len(self.pixels))
        for corner in corners[1:]:
            speaker[corner[same]] = corners[0][same]
        kept = np.flatnonzero(speaker == np.arange(len(speaker)))
        kept = kept[np.argsort(self.position[2, kept], kind="stable")]
        rank = np.empty(len(speaker), np.int64)
        rank[kept] = np.arange(len(kept))
        return self._taken(kept), rank[speaker]

    def in_order(self) -> "Spots":
        """The same spots in the order of their z."""
        return self._taken(np.argsort(self.position[2], kind="stable"))

    def _taken(self, places: NDArray[np.int64]) -> "Spots":
        return Spots(**{item.name: getattr(self, item.name)[..., places] for item in fields(self)})

    def textured(self, texture: str) -> NDArray[np.int64]:
        """Places of the spots whose material wears this texture."""
        wanted = np.array([material.texture == texture for material in MATERIALS])
        return np.flatnonzero(wanted[self.material])

    def tint(self, where: NDArray[np.int64], colour: Colour, share: Floats) -> None:
        """Cover the albedo there with a colour, by a share (len(where),)."""
        for channel, value in enumerate(colour):
            old = self.albedo[channel, where]
            self.albedo[channel, where] = old + share * (np.float32(value) - old)


def see(mesh: Mesh, camera: Camera) -> Spots:
    """Everything known about the spots this camera sees, before any texture."""
    seen = paint(mesh, camera)
    flat = seen.face.ravel()
    pixels = np.flatnonzero(flat >= 0)
    face = flat[pixels]
    lerp = Interpolator(seen, pixels)
    rays = camera.rays().reshape(3, -1)[:, pixels]
    position = camera.eye[:, None] + rays * lerp.depth
    view = rays / np.linalg.norm(rays, axis=0)
    normal = np.stack([lerp(mesh.normals[..., k]) for k in range(3)])
    normal /= np.maximum(np.linalg.norm(normal, axis=0), 1e-6)
    material = mesh.material[face]
    gloss = np.array([kind.gloss for kind in MATERIALS], np.float32)[material]
    return Spots(
        pixels=pixels,
        face=face,
        depth=lerp.depth,
        position=position,
        normal=normal,
        view=view,
        u=lerp(mesh.uv[..., 0]),
        v=lerp(mesh.uv[..., 1]),
        warmth=lerp(mesh.warmth),
        material=material,
        variant=mesh.variant[face],
        albedo=np.ascontiguousarray(mesh.colour[face].T),
        glow=np.ascontiguousarray(mesh.glow[face].T),
        gloss=gloss,
    )
