import numpy as np
import pytest

from thermeld.data import sets
from thermeld.data.sets import KNOWN, find_set, fingerprint
from thermeld.errors import BadSetting, UnknownName, UnreadableFile
from thermeld.io import write_image


@pytest.mark.parametrize("partner", ["vi", "vis"])
def test_folder_by_path_and_by_name(tmp_path, partner):
    for kind in ("ir", partner):
        for stem in ("b2", "b10"):
            write_image(tmp_path / "mine" / kind / f"{stem}.png", np.zeros((4, 4), np.uint8))
    write_image(tmp_path / "mine/ir/alone.png", np.zeros((4, 4), np.uint8))
    for found in (
        find_set(str(tmp_path / "mine"), root=tmp_path / "nowhere"),
        find_set("mine", root=tmp_path),
    ):
        assert found.name == "mine"
        assert [pair.stem for pair in found.pairs] == ["b2", "b10"]
        assert [path.name for path in found.lonely] == ["alone.png"]


def test_unknown_and_absent_sets(tmp_path):
    with pytest.raises(UnknownName, match="vifb21"):
        find_set("vifb2", root=tmp_path)
    with pytest.raises(UnreadableFile, match="--data"):
        find_set("vifb21", root=tmp_path)
    (tmp_path / "odd").mkdir()
    with pytest.raises(UnreadableFile, match="SET/ir and SET/vi"):
        find_set("odd", root=tmp_path)


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_known_sets_are_whole(shared, name):
    assert len(find_set(name, root=shared / "data").pairs) == KNOWN[name].pairs


def test_rendered_scenes_are_the_same_each_time(tmp_path, monkeypatch):
    monkeypatch.setattr(sets, "RENDERED_PX", (32, 40))
    one = find_set("scenes:2", root=tmp_path, made=tmp_path / "a")
    two = find_set("scenes:2", root=tmp_path, made=tmp_path / "b")
    assert [pair.stem for pair in one.pairs] == ["day-1", "night-0"]
    assert [fingerprint(p) for p in one.pairs] == [fingerprint(p) for p in two.pairs]
    with pytest.raises(BadSetting, match="how many"):
        find_set("scenes:x", root=tmp_path)


def test_fingerprint_sees_either_file(tmp_path):
    for kind in ("ir", "vi"):
        write_image(tmp_path / "s" / kind / "1.png", np.zeros((4, 4), np.uint8))
    (pair,) = find_set("s", root=tmp_path).pairs
    before = fingerprint(pair)
    write_image(pair.vis, np.ones((4, 4), np.uint8), overwrite=True)
    assert fingerprint(pair) != before
    pair.vis.unlink()
    with pytest.raises(UnreadableFile):
        fingerprint(pair)


def test_split_of_a_set_is_a_set(shared):
    whole = find_set("msrs", root=shared / "data")
    train, val = (find_set(f"msrs:{split}", root=shared / "data") for split in ("train", "val"))
    assert (len(train.pairs), len(val.pairs)) == (201, 40)
    assert set(train.pairs) | set(val.pairs) == set(whole.pairs)
    assert val.name == "msrs:val"
