import numpy as np
import pytest

from thermeld.data.scene import render_scene
from thermeld.image import to_depth
from thermeld.io import write_image

pytest.importorskip("torch", reason="training needs the extra: pip install 'thermeld[train]'")


@pytest.fixture(scope="session")
def tiny_set(tmp_path_factory):
    """Six rendered pictures with labels, in the layout of CamVid."""
    folder = tmp_path_factory.mktemp("tiny")
    for number in range(6):
        scene = render_scene(np.random.default_rng(number), height=64, width=80, night=False)
        write_image(folder / "images" / f"{number}.jpg", to_depth(scene.vis, np.uint8))
        write_image(folder / "labels" / f"{number}.png", scene.labels % 12)
    for split, stems in (("train", "0 1 2"), ("val", "3 4"), ("test", "5")):
        (folder / f"{split}.txt").write_text(stems)
    return folder


@pytest.fixture(scope="session")
def tiny_recipe():
    from thermeld.train.recipe import Recipe

    return Recipe(
        name="tiny",
        network="mobilefuse",
        options={"variant": "blend"},
        crop_px=32,
        batch=2,
        steps=6,
        validate_every=3,
        validation_pairs=4,
        save_every=2,
        precision="32-true",
    )


@pytest.fixture(scope="session")
def tiny_pairs(tmp_path_factory):
    """A folder with one set of twelve rendered pairs, in the layout ir/, vi/, labels/."""
    root = tmp_path_factory.mktemp("pairs")
    for number in range(12):
        scene = render_scene(np.random.default_rng(number), height=64, width=80, night=True)
        write_image(root / "tiny" / "ir" / f"{number}.png", to_depth(scene.ir, np.uint8))
        write_image(root / "tiny" / "vi" / f"{number}.png", to_depth(scene.vis, np.uint8))
        write_image(root / "tiny" / "labels" / f"{number}.png", scene.labels % 9)
    return root


@pytest.fixture
def pair_recipe():
    """A recipe of few steps on `tiny_pairs`, to be completed."""
    from functools import partial

    from thermeld.train.recipe import Recipe

    return partial(
        Recipe,
        name="tiny",
        sets=("tiny",),
        crop_px=32,
        batch=2,
        steps=6,
        validate_every=3,
        validation_pairs=2,
        save_every=2,
        precision="32-true",
    )
