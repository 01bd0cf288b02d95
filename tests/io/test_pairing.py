import os
import unicodedata

import pytest

from thermeld.errors import BadSetting, UnreadableFile
from thermeld.io import Pair, pair_files


@pytest.fixture
def folder(tmp_path):
    def folder(name: str, *files: str):
        path = tmp_path / name
        path.mkdir()
        for file in files:
            (path / file).touch()
        return path

    return folder


def test_two_files_are_a_pair_whatever_their_names(folder):
    place = folder("scene", "FLIR0001.jpg", "photo")
    pairing = pair_files(place / "FLIR0001.jpg", str(place / "photo"))
    assert pairing.pairs == (Pair("FLIR0001", place / "FLIR0001.jpg", place / "photo"),)
    assert pairing.lonely_ir == pairing.lonely_vis == ()


def test_folders_are_paired_by_stem_in_natural_order(folder):
    ir = folder("ir", "f10.png", "f2.TIFF", "f1.png", "only ir.png", "f3.v2.png")
    vis = folder("vi", "f1.jpg", "f2.webp", "f10.JPG", "b9.bmp", "b10.bmp", "f3.v2.tif")
    pairing = pair_files(ir, vis)
    assert [pair.stem for pair in pairing.pairs] == ["f1", "f2", "f3.v2", "f10"]
    assert pairing.pairs[1] == Pair("f2", ir / "f2.TIFF", vis / "f2.webp")
    assert pairing.lonely_ir == (ir / "only ir.png",)
    assert pairing.lonely_vis == (vis / "b9.bmp", vis / "b10.bmp")


def test_leading_zeros_do_not_make_names_equal(folder):
    names = ("img1.png", "img01.png", "img001.png")
    pairing = pair_files(folder("ir", *names), folder("vi", *names))
    assert len(pairing.pairs) == 3


def test_other_files_hidden_files_and_folders_are_passed_over(folder):
    ir = folder("ir", "a.png", ".b.png", "._a.png", "Thumbs.db", "a.txt", "c.mp4")
    vis = folder("vi", "a.png", "b.png", "c.png")
    (ir / "c.png").mkdir()
    pairing = pair_files(ir, vis)
    assert pairing.pairs == (Pair("a", ir / "a.png", vis / "a.png"),)
    assert pairing.lonely_vis == (vis / "b.png", vis / "c.png")


def test_composed_and_decomposed_letters_are_the_same(folder):
    composed, decomposed = (unicodedata.normalize(form, "Straßé.png") for form in ("NFC", "NFD"))
    assert composed != decomposed
    assert len(pair_files(folder("ir", composed), folder("vi", decomposed)).pairs) == 1


def test_two_files_of_one_stem_are_named(folder):
    ir, vis = folder("ir", "a.jpg", "a.png"), folder("vi", "a.png")
    for one, other in ((ir, vis), (vis, ir)):
        with pytest.raises(BadSetting, match=r"a\.jpg and .*a\.png have one name.*rename"):
            pair_files(one, other)


def test_a_file_and_a_folder_do_not_mix(folder):
    ir = folder("ir", "a.png")
    for one, other in ((ir, ir / "a.png"), (ir / "a.png", ir)):
        with pytest.raises(BadSetting, match=r"ir is a folder but .*a\.png is a file; give two"):
            pair_files(one, other)


def test_one_folder_twice_is_refused_however_it_is_written(folder, tmp_path):
    ir = folder("ir", "a.png")
    (tmp_path / "link").symlink_to(ir)
    for other in (ir, tmp_path / "link", ir / ".." / "ir"):
        with pytest.raises(BadSetting, match="infrared and as visible"):
            pair_files(ir, other)


def test_empty_and_missing_folders(folder, tmp_path):
    full, empty = folder("full", "a.png"), folder("empty", "notes.txt")
    for one, other in ((full, empty), (empty, full)):
        with pytest.raises(UnreadableFile, match=r"empty: holds no image.*\.png"):
            pair_files(one, other)
    with pytest.raises(UnreadableFile, match="gone: does not exist"):
        pair_files(full, tmp_path / "gone")


def test_a_folder_that_cannot_be_listed(folder, monkeypatch):
    ir, vis = folder("ir", "a.png"), folder("vi", "a.png")
    ir.chmod(0)
    if os.access(ir, os.R_OK):  # an administrator may list anything
        monkeypatch.setattr("pathlib.Path.iterdir", _denied)
    with pytest.raises(UnreadableFile, match="cannot be listed"):
        pair_files(ir, vis)
    ir.chmod(0o700)


def _denied(_: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_no_partners_shows_a_name_of_each_side(folder):
    ir, vis = folder("ir", "0001_ir.png", "0002_ir.png"), folder("vi", "0001_vis.png")
    with pytest.raises(BadSetting, match=r"0001_ir\.png here and 0001_vis\.png there; rename"):
        pair_files(ir, vis)


def test_published_sets_pair_completely(shared):
    for name in ("msrs", "tno25", "roadscene", "llvip", "vifb21", "m3fd"):
        pairing = pair_files(shared / "data" / name / "ir", shared / "data" / name / "vi")
        assert pairing.pairs
        assert pairing.lonely_ir == pairing.lonely_vis == ()
