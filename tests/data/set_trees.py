"""Tiny folders laid out as published sets are, for tests."""

from pathlib import Path

import cv2
import numpy as np

from thermeld.io import write_image

H, W = 12, 16


def picture(path: Path, *, channels: int = 1, size: tuple[int, int] = (H, W)) -> Path:
    """A picture of noise that depends on its path alone, so that no two are equal."""
    rng = np.random.default_rng(list(str(path).encode(errors="surrogateescape")))
    shape = size if channels == 1 else (*size, channels)
    pixels = rng.integers(0, 256, shape, np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".bmp" or not str(path).isascii():
        path.write_bytes(cv2.imencode(path.suffix, pixels)[1].tobytes())
    else:
        write_image(path, pixels, overwrite=True)
    return path


def pair(ir: Path, vis: Path) -> None:
    picture(ir)
    picture(vis, channels=3)


def class_map(path: Path, classes: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, (np.arange(H * W, dtype=np.uint8) % classes).reshape(H, W))
    return path


def boxes(path: Path, name: str, box: tuple[int, ...] = (1, 2, 5, 6), width: int = W) -> Path:
    corners = "".join(
        f"<{side}>{at}</{side}>"
        for side, at in zip(("xmin", "ymin", "xmax", "ymax"), box, strict=True)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"<annotation><size><width>{width}</width><height>{H}</height></size>"
        f"<object><name>{name}</name><bndbox>{corners}</bndbox></object></annotation>"
    )
    return path


def clip(
    path: Path,
    frames: int = 7,
    size: tuple[int, int] = (48, 64),
    first: tuple[int, int, int] = (10, 10, 10),
) -> Path:
    """A clip whose frames are of one colour (RGB), each 20 brighter than the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    code = cv2.VideoWriter.fourcc(*("mp4v" if path.suffix == ".mp4" else "MJPG"))
    writer = cv2.VideoWriter(str(path), code, 10.0, size[::-1])
    for number in range(frames):
        colour = np.array(first[::-1]) + number * 20
        writer.write(np.full((*size, 3), colour, np.uint8))
    writer.release()
    return path


def msrs(root: Path, stems: tuple[str, ...] = ("00001D", "00002N")) -> Path:
    for split in ("train", "test"):
        for stem in stems:
            home, name = root / split, f"{stem}{split[1]}.png"
            pair(home / "ir" / name, home / "vi" / name)
            class_map(home / "Segmentation_labels" / name, 9)
    return root


def roadscene(root: Path) -> Path:
    for stem in ("FLIR_00006", "FLIR_00007", "FLIR_00018", "FLIR_00211"):
        pair(root / "cropinfrared" / f"{stem}.jpg", root / "crop_LR_visible" / f"{stem}.jpg")
    (root / "crop_LR_visible" / "Thumbs.db").write_bytes(b"stray")
    return root


def m3fd(root: Path) -> Path:
    for stem in ("00000", "00001"):
        pair(root / "Ir" / f"{stem}.png", root / "Vis" / f"{stem}.png")
        boxes(root / "Annotation" / f"{stem}.xml", "People")
    return root


def llvip(root: Path) -> Path:
    for split, stem in (("train", "010001"), ("train", "010002"), ("test", "190001")):
        name = f"{split}/{stem}.jpg"
        pair(root / "infrared" / name, root / "visible" / name)
        boxes(root / "Annotations" / f"{stem}.xml", "person")
    return root


def fmb(root: Path) -> Path:
    for split in ("train", "test"):
        home, name = root / split, f"000{len(split)}.png"
        pair(home / "Infrared" / name, home / "Visible" / name)
        class_map(home / "Label" / name, 15)
    return root


TNO_SCENES = {
    "Athena_images/2_men_in_front_of_house": ("IR_meting003_g.bmp", "VIS_meting003_r.bmp"),
    "Athena_images/airplane_in_trees": ("ir.bmp", "vis.bmp"),
    "Athena_images/APC_1/view_1": ("IR_fk_06_005.bmp", "VIS_fk_06_005.bmp"),
    "Athena_images/APC_2/view_1": ("2_fk_ge_03_005.bmp", "1_fk_ge_03_005.bmp"),
    "Athena_images/bunker": ("IR_bunker_g.bmp", "bunker_r.bmp"),
    "DHV_images/bench": ("IR_37rad.bmp", "VIS_37dhvR.bmp", "NIR_37dhvG.bmp"),
    "Triclobs_images/barbed_wire_1": ("B_LWIR.tif", "R_Vis.tif", "G_NIR.tif"),
    "Triclobs_images/barbed_wire_2": (
        "c_LWIR-MarnehNew_24RGB_1110.tif",
        "a_VIS-MarnehNew_24RGB_1110.tif",
        "b_NIR-MarnehNew_24RGB_1110.tif",
    ),
    "Triclobs_images/Farm": ("Farm_IR.bmp", "Farm_Vis.bmp", "Farm_II.bmp"),
    "Triclobs_images/Kaptein_01": ("IR01.bmp", "Vis01.bmp", "NIR01.bmp"),
    "tank": ("LWIR.tif", "Vis.tif"),
}
TNO_SEQUENCES = {
    "DHV_images/Fire_sequence/part_1": (("thermal", "RAD{}.bmp"), ("dhv", "DHV{}.bmp")),
    "DHV_images/Fire_sequence/part_2": (("rad", "RADheli{}.bmp"), ("dhv", "DHVheli{}.bmp")),
    "FEL_images/Duine_sequence": (("thermal", "740{}i.bmp"), ("visual", "740{}v.bmp")),
}


def tno(root: Path) -> Path:
    """Every way of naming that the archive knows, under the two folders it unpacks to."""
    home = root / "TNO_Image_Fusion_Dataset"
    for scene, names in TNO_SCENES.items():
        for name in names:
            picture(home / scene / name)
    picture(home / "Triclobs_images/House/NIR.bmp")  # no thermal picture of it exists
    for clip_, sensors in TNO_SEQUENCES.items():
        for folder, name in sensors:
            for number in (2, 3):
                picture(home / clip_ / folder / name.format(number))
    return root


def ino(root: Path) -> Path:
    for at, dark in (("INO_ParkingEvening/INO_ParkingEvening", 10), ("deep/INO_GroupFight", 60)):
        clip(root / f"{at}_T.avi", first=(dark, dark, dark))
        clip(root / f"{at}_RGB.avi", first=(dark, dark, dark + 40))
    return root


def m2vd(root: Path) -> Path:
    for kind in ("ir", "vi"):
        clip(root / kind / "0111_1716.mp4")
    return root


def voc(root: Path) -> Path:
    for split, stem in (("train", "2007_000032"), ("val", "2007_000033")):
        picture(root / "JPEGImages" / f"{stem}.jpg", channels=3)
        colours = np.zeros((H, W, 3), np.uint8)
        colours[:4], colours[4] = (128, 0, 0), (224, 224, 192)  # aeroplane and its border
        (root / "SegmentationClass").mkdir(parents=True, exist_ok=True)
        write_image(root / "SegmentationClass" / f"{stem}.png", colours)
        lists = root / "ImageSets" / "Segmentation"
        lists.mkdir(parents=True, exist_ok=True)
        (lists / f"{split}.txt").write_text(f"{stem}\n")
    return root


def camvid(root: Path) -> Path:
    for split in ("train", "val", "test"):
        picture(root / "images" / f"{split}_1.jpg", channels=3)
        class_map(root / "labels" / f"{split}_1.png", 12)
        (root / f"{split}.txt").write_text(f"{split}_1\n")
    return root


def pairs(root: Path) -> Path:
    pair(root / "ir" / "a2.png", root / "vi" / "a2.png")
    pair(root / "ir" / "a10.png", root / "vi" / "a10.png")
    return root


MADE = {
    "pairs": (pairs, {"all": 2}),
    "msrs": (msrs, {"train": 2, "test": 2}),
    "roadscene": (roadscene, {"all": 4, "train": 3, "test": 1}),
    "tno": (tno, {"scenes": len(TNO_SCENES), "sequences": 2 * len(TNO_SEQUENCES)}),
    "m3fd": (m3fd, {"all": 2}),
    "m3fd-fusion": (m3fd, {"all": 2}),
    "llvip": (llvip, {"train": 2, "test": 1}),
    "fmb": (fmb, {"train": 1, "test": 1}),
    "ino": (ino, {"all": 2}),
    "m2vd": (m2vd, {"all": 1}),
    "voc": (voc, {"train": 1, "val": 1}),
    "camvid": (camvid, {"train": 1, "val": 1, "test": 1}),
}
