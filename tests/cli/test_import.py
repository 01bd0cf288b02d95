"""Weights that others published, imported and run as a user would."""

import cv2
import numpy as np
import pytest

pytest.importorskip("torch", reason="importing needs the extra: pip install 'thermeld[train]'")

STEM = "walkingnight"


@pytest.mark.parametrize(
    ("name", "checkpoint", "pictures"),
    [
        ("seafusion", "seafusion.pth", "seafusion"),
        ("ifcnn", "ifcnn-max.pth", "ifcnn-max"),
    ],
)
def test_imported_weights_fuse_as_their_authors_did(
    name, checkpoint, pictures, shared, thermeld, tmp_path
):
    given = shared / "reference" / "checkpoints"
    (ir,) = (shared / "data" / "vifb21" / "ir").glob(f"{STEM}.*")
    (vis,) = (shared / "data" / "vifb21" / "vi").glob(f"{STEM}.*")
    model, out = tmp_path / "x.onnx", tmp_path / "fused.png"
    assert thermeld("import", name, given / checkpoint, "-o", model).code == 0
    done = thermeld("fuse", ir, vis, "-o", out, "--method", model, "--color", "gray")
    assert done.code == 0, done.err
    wanted = cv2.imread(str(given / "fused" / pictures / f"{STEM}.png"), cv2.IMREAD_GRAYSCALE)
    found = cv2.imread(str(out), cv2.IMREAD_GRAYSCALE)
    off = np.abs(found.astype(int) - wanted)
    assert np.mean(off <= 1) >= 0.999
