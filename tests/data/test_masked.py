import numpy as np
import pytest

from thermeld.data.masked import CAMVID_OBJECTS, masked_images
from thermeld.errors import BadSetting, UnknownName, UnreadableFile
from thermeld.io import write_image


def camvid_folder(root, rng):
    for stem in ("a", "b", "c"):
        write_image(root / "images" / f"{stem}.jpg", rng.integers(0, 256, (8, 9, 3), np.uint8))
        write_image(root / "labels" / f"{stem}.png", rng.integers(0, 12, (8, 9), np.uint8))
    for split, stems in (("train", "a b"), ("val", "c"), ("test", "c")):
        (root / f"{split}.txt").write_text(stems)
    return root


def test_camvid_layout(tmp_path, rng):
    images = masked_images("camvid", camvid_folder(tmp_path, rng), "train")
    picture, labels = images.load(1)
    assert (len(images), picture.shape, labels.shape) == (2, (8, 9, 3), (8, 9))
    assert images.objects == CAMVID_OBJECTS
    assert len(images.spread(1)) == 1
    assert images.spread(9) is images


def test_pascal_voc_layout(tmp_path):
    """Masks are colour; black and the void border are background."""
    lists = tmp_path / "ImageSets" / "Segmentation"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("x\n")
    (lists / "val.txt").write_text("x\nx\nx\nx\n")
    write_image(tmp_path / "JPEGImages" / "x.jpg", np.zeros((2, 3, 3), np.uint8))
    mask = np.zeros((2, 3, 3), np.uint8)
    mask[0, 0], mask[1, 1] = (128, 0, 0), (224, 224, 192)
    write_image(tmp_path / "SegmentationClass" / "x.png", mask)
    _, labels = masked_images("voc", tmp_path, "train").load(0)
    assert labels.tolist() == [[1, 0, 0], [0, 0, 0]]
    assert len(masked_images("voc", tmp_path, "val")) == 2
    assert len(masked_images("voc", tmp_path, "test")) == 2


def test_what_is_missing_is_named(tmp_path, rng):
    with pytest.raises(UnreadableFile, match=r"train\.txt"):
        masked_images("camvid", tmp_path, "train")
    camvid_folder(tmp_path, rng)
    (tmp_path / "labels" / "b.png").unlink()
    with pytest.raises(UnreadableFile, match=r"b\.png: missing"):
        masked_images("camvid", tmp_path, "train")
    with pytest.raises(BadSetting, match="split"):
        masked_images("camvid", tmp_path, "dev")
    with pytest.raises(UnknownName, match="camvid"):
        masked_images("canvid", tmp_path, "train")
    (tmp_path / "val.txt").write_text("")
    with pytest.raises(UnreadableFile, match="names no images"):
        masked_images("camvid", tmp_path, "val")


def test_labels_of_another_size_are_refused(tmp_path, rng):
    camvid_folder(tmp_path, rng)
    write_image(tmp_path / "labels" / "c.png", np.zeros((3, 3), np.uint8), overwrite=True)
    with pytest.raises(UnreadableFile, match="size differs"):
        masked_images("camvid", tmp_path, "val").load(0)


def test_real_camvid(shared):
    counts = [
        len(masked_images("camvid", shared / "data" / "camvid", split))
        for split in ("train", "val", "test")
    ]
    assert counts == [367, 101, 233]
