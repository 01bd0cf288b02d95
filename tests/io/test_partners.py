import pytest
from thermal_files import dji_jpeg, jpeg, scene_counts, whole_flir

from thermeld.errors import BadSetting, UnreadableFile
from thermeld.io import pair_alone


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "FLIR0042.jpg").write_bytes(whole_flir())
    (tmp_path / "DJI_0002_T.JPG").write_bytes(dji_jpeg(scene_counts()))
    (tmp_path / "DJI_0002_W.JPG").write_bytes(jpeg())
    (tmp_path / "DJI_0003_T.JPG").write_bytes(dji_jpeg(scene_counts()))
    (tmp_path / "holiday.jpg").write_bytes(jpeg())
    return tmp_path


def test_one_flir_file_is_paired_with_itself(folder):
    (pair,) = pair_alone(folder / "FLIR0042.jpg").pairs
    assert pair.ir == pair.vis == folder / "FLIR0042.jpg"


def test_one_dji_file_is_paired_with_its_neighbour(folder):
    (pair,) = pair_alone(folder / "DJI_0002_T.JPG").pairs
    assert (pair.stem, pair.vis.name) == ("DJI_0002_T", "DJI_0002_W.JPG")


def test_a_folder_of_both_is_paired_and_the_rest_is_named(folder):
    found = pair_alone(folder)
    assert [pair.stem for pair in found.pairs] == ["DJI_0002_T", "FLIR0042"]
    assert [path.name for path in found.lonely_ir] == ["DJI_0003_T.JPG"]
    assert [path.name for path in found.lonely_vis] == ["holiday.jpg"]


def test_a_file_without_a_second_picture_is_refused(folder):
    with pytest.raises(BadSetting, match="name the visible one too"):
        pair_alone(folder / "holiday.jpg")
    with pytest.raises(UnreadableFile, match="missing"):
        pair_alone(folder / "missing.jpg")


def test_a_folder_without_pairs_is_refused(tmp_path):
    (tmp_path / "holiday.jpg").write_bytes(jpeg())
    with pytest.raises(BadSetting, match="two folders"):
        pair_alone(tmp_path)
