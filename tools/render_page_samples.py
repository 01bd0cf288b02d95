"""Render the page's sample pictures into `serve/static/samples`.

    python tools/render_page_samples.py

All of them are rendered scenes, so nothing in them is anybody's. One pair is plain, one has its
infrared picture in 16-bit counts, and one was seen by a turned and coarser infrared camera.
"""

from pathlib import Path

import cv2
import numpy as np

from thermeld.data.scene import demo_scene
from thermeld.image import to_depth
from thermeld.io import write_image

SAMPLES = Path(__file__).parents[1] / "src/thermeld/serve/static/samples"
COUNTS = (7300.0, 1900.0)  # of the coldest, and how many more the hottest has
# Infrared (480x360) to visible (640x480) pixels: turned by two degrees, larger and aside.
APART = np.array([[1.21, -0.042, 36.0], [0.042, 1.20, 10.0], [1.5e-5, -1.0e-5, 1.0]])


def main() -> None:
    """Render, store."""
    for name, night, fog in (("night", True, 0.0), ("fog", False, 0.7), ("apart", False, 0.0)):
        scene = demo_scene(night=night, fog=fog)
        ir = to_depth(scene.ir, np.uint8)
        if name == "fog":
            ir = np.rint(COUNTS[0] + COUNTS[1] * scene.ir).astype(np.uint16)
        if name == "apart":
            ir = cv2.warpPerspective(
                np.asarray(ir), APART, (480, 360), flags=cv2.INTER_AREA | cv2.WARP_INVERSE_MAP
            )
        write_image(SAMPLES / f"{name}_ir.png", ir, overwrite=True)
        vis = to_depth(scene.vis, np.uint8)
        write_image(SAMPLES / f"{name}_vis.jpg", vis, overwrite=True, quality=88)
        print(SAMPLES / f"{name}_ir.png")


if __name__ == "__main__":
    main()
