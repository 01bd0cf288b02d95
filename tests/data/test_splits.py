from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from thermeld.data.sets import find_set
from thermeld.data.splits import (
    EVALUATION_SETS,
    refuse_evaluation_sets,
    split_pairs,
    validation_stems,
)
from thermeld.errors import BadSetting, UnreadableFile
from thermeld.io import read_image


@dataclass(frozen=True)
class Scene:
    stem: str


def test_the_list_of_msrs_is_eight_blocks_of_five_by_day_and_by_night(shared):
    pairs = find_set("msrs", root=shared / "data").pairs
    train, val = (split_pairs("msrs", pairs, part) for part in ("train", "val"))
    assert (len(train), len(val)) == (201, 40)
    assert not {pair.stem for pair in train} & {pair.stem for pair in val}
    assert Counter(pair.stem[-1] for pair in val) == {"D": 20, "N": 20}
    held = [at for at, pair in enumerate(pairs) if pair in val]
    assert sum(b - a > 1 for a, b in pairwise(held)) == 7  # gaps of 8 blocks


def test_both_parts_of_msrs_hold_every_class(shared):
    pairs = find_set("msrs", root=shared / "data").pairs
    for part in ("train", "val"):
        lacking = set(range(9))
        for pair in split_pairs("msrs", pairs, part):
            labels = read_image(shared / "data/msrs/labels" / f"{pair.stem}.png").pixels
            lacking -= set(np.unique(labels).tolist())
            if not lacking:
                break
        assert not lacking, part


def test_a_set_without_a_list_gives_its_last_tenth():
    scenes = [Scene(str(number)) for number in range(25)]
    assert [scene.stem for scene in split_pairs("mine", scenes, "val")] == ["23", "24"]
    assert split_pairs("mine", scenes, "train") == tuple(scenes[:23])
    assert split_pairs("mine", scenes, "all") == tuple(scenes)
    assert split_pairs("mine", scenes[:5], "val") == ()
    assert split_pairs("mine", scenes[:5], "train") == tuple(scenes[:5])


def test_refusals():
    with pytest.raises(BadSetting, match="train, val, all"):
        split_pairs("msrs", [], "test")
    with pytest.raises(UnreadableFile, match="40 of 40 validation pairs are missing"):
        split_pairs("msrs", [Scene("x")], "train")
    assert validation_stems("llvip") == frozenset()


@pytest.mark.parametrize("name", EVALUATION_SETS)
def test_evaluation_sets_are_not_trained_on(tmp_path, name):
    folder = tmp_path / name.upper()
    folder.mkdir()
    link = tmp_path / "innocent"
    link.symlink_to(folder)
    for given in (name, Path("data") / name, folder, link):
        with pytest.raises(BadSetting, match=f"{name} is kept for evaluation"):
            refuse_evaluation_sets(["msrs", given])
    refuse_evaluation_sets(["msrs", "roadscene", "llvip", tmp_path])
