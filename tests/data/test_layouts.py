import os
import shutil
from pathlib import Path

import numpy as np
import pytest
import set_trees
from set_trees import MADE, TNO_SCENES, boxes, clip, picture

from thermeld.data.layouts import (
    LAYOUTS,
    check_set,
    clip_frames,
    find_layout,
    frame_pairs,
    survey,
)
from thermeld.data.layouts.table import roadscene_test_stems
from thermeld.data.splits import EVALUATION_SETS
from thermeld.errors import BadSetting, SizeMismatch, UnknownName, UnreadableFile
from thermeld.io import read_image, write_image


def found_in(name: str, folder: Path):
    return check_set(survey(find_layout(name), folder))


def kinds(report) -> set[str]:
    return {finding.kind for finding in report.findings}


def test_every_layout_has_a_tree_here():
    assert set(MADE) == set(LAYOUTS)


@pytest.mark.parametrize("name", sorted(MADE))
def test_layout_finds_its_pairs_and_is_whole(tmp_path, name):
    make, counts = MADE[name]
    layout, root = find_layout(name), make(tmp_path / "set")
    for split, count in counts.items():
        found = layout.find(root, split)
        assert len(found) == len({pair.stem for pair in found}) == count, split
        for pair in found:
            assert pair.vis.is_file()
            assert pair.ir is None or pair.ir.is_file()
            assert (pair.labels is not None) == bool(layout.labels and name != "pairs")
    report = found_in(name, root)
    assert report.usable
    assert kinds(report) <= {"count"}  # far fewer than published
    assert set(layout.holds) <= set(EVALUATION_SETS)


@pytest.mark.parametrize("name", sorted(MADE))
def test_empty_and_absent_folders_are_refused_with_the_tree(tmp_path, name):
    for split in find_layout(name).expected:
        with pytest.raises(UnreadableFile, match="laid out as"):
            find_layout(name).find(tmp_path, split)
    with pytest.raises(UnreadableFile, match="no such folder"):
        survey(find_layout(name), tmp_path / "nowhere")


def test_unknown_names():
    with pytest.raises(UnknownName, match="did you mean 'msrs'"):
        find_layout("msr")
    with pytest.raises(UnknownName, match="split of fmb"):
        find_layout("fmb").find(Path(), "val")


@pytest.mark.parametrize(
    ("name", "inner"),
    [("msrs", "MSRS-main"), ("voc", "VOCdevkit/VOC2012"), ("roadscene", "RoadScene-master")],
)
def test_the_folder_that_an_archive_unpacks_to_may_be_left_out(tmp_path, name, inner):
    make, counts = MADE[name]
    make(tmp_path / inner)
    split, count = next(iter(counts.items()))
    assert len(find_layout(name).find(tmp_path, split)) == count


def test_llvip_boxes_and_msrs_class_maps_belong_to_their_pairs(tmp_path):
    for name, split in (("llvip", "train"), ("msrs", "test"), ("m3fd", "all")):
        for pair in find_layout(name).find(MADE[name][0](tmp_path / name), split):
            assert pair.ir.stem == pair.vis.stem == pair.labels.stem == pair.stem


def test_pairs_may_have_class_maps(tmp_path):
    root = set_trees.pairs(tmp_path)
    labels = set_trees.class_map(root / "labels" / "a2.png", 9)
    look = find_layout("pairs").examine(root, "all")
    assert {pair.stem: pair.labels for pair in look.pairs} == {"a2": labels, "a10": None}
    assert look.unlabelled == ("a10",)


def test_a_known_set_is_counted(tmp_path):
    report = found_in("pairs", set_trees.pairs(tmp_path / "tno25"))
    assert [finding.what for finding in report.findings] == ["2 pairs here, 25 as published"]


def test_tno_takes_thermal_and_visible_whatever_they_are_called(tmp_path):
    found = find_layout("tno").find(set_trees.tno(tmp_path), "scenes")
    names = {(pair.ir.name, pair.vis.name) for pair in found}
    assert names == {names[:2] for names in TNO_SCENES.values()}
    assert "Athena_images-APC_1-view_1" in {pair.stem for pair in found}


def test_tno_scenes_with_several_candidates_are_told_and_left_out(tmp_path):
    root = set_trees.tno(tmp_path)
    scene = root / "TNO_Image_Fusion_Dataset/Triclobs_images/Farm"
    picture(scene / "Farm_IR_enhanced.bmp")
    look = find_layout("tno").examine(root, "scenes")
    assert len(look.pairs) == len(TNO_SCENES) - 1
    assert {path.name for path in look.lonely} == {
        "Farm_IR.bmp",
        "Farm_IR_enhanced.bmp",
        "Farm_Vis.bmp",
    }


def test_tno_sequences_pair_frames_by_their_number(tmp_path):
    found = find_layout("tno").find(set_trees.tno(tmp_path), "sequences")
    names = {pair.stem: (pair.ir.name, pair.vis.name) for pair in found}
    assert names["DHV_images-Fire_sequence-part_2-3"] == ("RADheli3.bmp", "DHVheli3.bmp")
    assert names["FEL_images-Duine_sequence-7402"] == ("7402i.bmp", "7402v.bmp")


def test_roadscene_is_split_at_the_usual_fifty(tmp_path, shared):
    stems = {path.stem for path in (shared / "data/roadscene50/ir").iterdir()}
    assert stems == roadscene_test_stems()
    (test,) = find_layout("roadscene").find(set_trees.roadscene(tmp_path), "test")
    assert test.stem == "FLIR_00211"


def test_roadscene_before_registration_is_refused(tmp_path):
    set_trees.pair(tmp_path / "infrared" / "FLIR_1.jpg", tmp_path / "visible" / "FLIR_1.jpg")
    with pytest.raises(UnreadableFile, match="before registration"):
        find_layout("roadscene").find(tmp_path, "all")


def test_check_names_what_spoils_a_set(tmp_path):
    root = set_trees.msrs(tmp_path, ("1", "2", "3", "4"))
    stem = root / "train"
    picture(stem / "ir" / "1r.png", size=(9, 9))
    (stem / "vi" / "2r.png").write_bytes(b"\x89PNG\r\n\x1a\n no more")
    write_image(stem / "Segmentation_labels/3r.png", np.full((12, 16), 9, np.uint8), overwrite=True)
    (stem / "vi" / "4r.png").unlink()
    (stem / "Segmentation_labels" / "1r.png").unlink()
    shutil.copy(stem / "vi" / "3r.png", root / "test" / "vi" / "3e.png")
    report = found_in("msrs", root)
    told = {(finding.kind, finding.where): finding for finding in report.findings}
    assert not report.usable
    assert "infrared is 9x9 but visible is 16x12" in told["size", "train/1r"].what
    assert told["unreadable", "train/2r"].spoils
    assert told["labels", "train/3r"].what == "label 9 where 0 to 8 are classes"
    assert told["leak", "train/3r, test/3e"].what == "visible picture the same"
    assert not told["lonely", f"train: {stem / 'ir' / '4r.png'}"].spoils
    assert not told["unlabelled", "train/1r"].spoils
    assert told["count", "train"].what == "3 pairs here, 1083 as published"
    assert report.findings[0].spoils
    assert len(told) == len(report.findings) == 8


def test_one_split_missing_is_told_and_the_other_checked(tmp_path):
    root = set_trees.fmb(tmp_path)
    shutil.rmtree(root / "test")
    report = found_in("fmb", root)
    assert report.usable
    assert report.pairs == {"train": 1}
    assert kinds(report) == {"absent", "count"}


def test_duplicates_within_a_split_do_not_spoil_but_leaks_against_a_set_do(tmp_path):
    mine, kept = set_trees.pairs(tmp_path / "mine"), set_trees.pairs(tmp_path / "kept")
    shutil.copy(mine / "ir" / "a2.png", mine / "ir" / "a10.png")
    twice = found_in("pairs", mine)
    assert kinds(twice) == {"duplicate"}
    assert twice.usable
    pixels = np.dstack([read_image(kept / "ir" / "a2.png").pixels] * 3)  # stored as three channels
    write_image(mine / "ir" / "a2.png", pixels, overwrite=True)
    layout = find_layout("pairs")
    report = check_set(survey(layout, mine), against=survey(layout, kept))
    (leak,) = [finding for finding in report.findings if finding.kind == "leak"]
    assert leak.where == f"all/a2, {kept}/a2"
    assert leak.what == "infrared picture the same"
    assert report.pairs == {"all": 2}


def test_constant_pictures_are_no_duplicates(tmp_path):
    root = set_trees.pairs(tmp_path)
    for stem in ("a2", "a10"):
        write_image(root / "ir" / f"{stem}.png", np.zeros((12, 16), np.uint8), overwrite=True)
    assert not found_in("pairs", root).findings


@pytest.mark.parametrize(
    ("text", "what", "spoils"),
    [
        ("<annotation><size>", "not readable as XML", True),
        ("<annotation><size><width>x</width></size></annotation>", "no number at size/", True),
    ],
)
def test_broken_boxes(tmp_path, text, what, spoils):
    root = set_trees.m3fd(tmp_path)
    (root / "Annotation" / "00000.xml").write_text(text)
    (finding, *_) = found_in("m3fd", root).findings
    assert what in finding.what
    assert finding.spoils == spoils


def test_boxes_that_training_can_leave_out_do_not_spoil(tmp_path):
    root = set_trees.m3fd(tmp_path)
    boxes(root / "Annotation" / "00000.xml", "Tram")
    boxes(root / "Annotation" / "00001.xml", "Car", (3, 3, 3, 9))  # no width
    report = found_in("m3fd", root)
    told = [finding.what for finding in report.findings if finding.kind == "labels"]
    assert told[0] == "object 'Tram' is none of People, Car, Bus, Lamp, Motorcycle, Truck"
    assert told[1] == "box 3,3 to 3,9 of Car lies outside the picture"
    assert report.usable
    boxes(root / "Annotation" / "00001.xml", "Car", width=99)
    assert "labels are 99x12, the picture 16x12" in str(found_in("m3fd", root).findings)


def test_voc_colours_that_are_no_class(tmp_path):
    root = set_trees.voc(tmp_path)
    colours = np.zeros((12, 16, 3), np.uint8)
    colours[3, 3] = (1, 2, 3)
    write_image(root / "SegmentationClass/2007_000032.png", colours, overwrite=True)
    finding = next(f for f in found_in("voc", root).findings if f.kind == "labels")
    assert finding.what == "colour #010203 is none of Pascal VOC"


def test_lists_that_are_no_lists(tmp_path):
    root = set_trees.camvid(tmp_path)
    (root / "val.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UnreadableFile, match="not text"):
        find_layout("camvid").find(root, "val")
    (root / "test.txt").write_text("gone\ntest_1\n")
    look = find_layout("camvid").examine(root, "test")
    assert [path.name for path in look.lonely] == ["gone.jpg"]


def test_names_that_are_not_utf8_and_links_that_run_in_circles(tmp_path):
    root = set_trees.pairs(tmp_path / "set")
    name = os.fsdecode(b"caf\xe9.png")
    try:
        set_trees.pair(root / "ir" / name, root / "vi" / name)
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    (root / "ir" / "loop.png").symlink_to(root / "ir" / "loop.png")
    (root / "vi" / "gone.png").symlink_to(root / "nowhere.png")
    report = found_in("pairs", root)
    assert report.usable
    assert report.pairs == {"all": 3}
    (root / "vi" / name).write_bytes(b"broken")
    (finding,) = found_in("pairs", root).findings
    assert finding.where.isprintable()
    finding.what.encode()  # fit for any terminal
    tno = set_trees.tno(tmp_path / "tno")
    (tno / "tank-again").symlink_to(tno)
    (tno / "self").symlink_to(tno / "self")
    assert len(find_layout("tno").find(tno, "scenes")) == len(TNO_SCENES)


def test_two_pictures_of_one_name_are_refused(tmp_path):
    root = set_trees.pairs(tmp_path)
    picture(root / "ir" / "a2.jpg")
    with pytest.raises(BadSetting, match="one name"):
        find_layout("pairs").find(root, "all")


def test_folders_that_may_not_be_listed(tmp_path, monkeypatch):
    root = set_trees.tno(tmp_path)
    locked, listing = root / "locked", Path.iterdir
    locked.mkdir()

    def refusing(folder: Path):  # access rights do not stop root, who may run these tests
        if folder == locked:
            raise PermissionError(13, "Permission denied")
        return listing(folder)

    monkeypatch.setattr(Path, "iterdir", refusing)
    for name, split in (("tno", "scenes"), ("tno", "sequences"), ("ino", "all")):
        with pytest.raises(UnreadableFile, match="locked: cannot be listed"):
            find_layout(name).find(root, split)


def test_frames_at_a_stride(tmp_path):
    root = set_trees.m2vd(tmp_path)
    frames = list(clip_frames(root, stride=3))
    assert [frame.stem for frame in frames] == [f"0111_1716-0000{n}" for n in (0, 3, 6)]
    for frame, bright in zip(frames, (10, 70, 130), strict=True):
        assert (frame.ir.shape, frame.vis.shape) == ((48, 64), (48, 64, 3))
        assert frame.ir.dtype == frame.vis.dtype == np.uint8
        assert np.abs(frame.ir.astype(int) - bright).max() <= 4
        assert np.abs(frame.vis.astype(int) - bright).max() <= 4


def test_frames_keep_colours_in_their_order(tmp_path):
    clip(tmp_path / "ir.mp4", first=(10, 10, 10))
    clip(tmp_path / "vis.mp4", first=(120, 60, 20))
    frame = next(frame_pairs(tmp_path / "ir.mp4", tmp_path / "vis.mp4"))
    assert np.abs(frame.vis.reshape(-1, 3).mean(axis=0) - (120, 60, 20)).max() < 6


def test_clips_of_m2vd_run_in_step(shared):
    clips = find_layout("m2vd").find(shared / "data/m2vd", "all")
    assert [clip.stem for clip in clips] == ["0111_1716", "0117_1605", "1230_1202"]
    frames = list(frame_pairs(clips[0].ir, clips[0].vis, stride=50))
    assert [frame.stem[-5:] for frame in frames] == ["00000", "00050", "00100", "00150"]
    assert frames[0].ir.shape == (480, 640)


def test_clips_that_do_not_run_in_step(tmp_path):
    root = set_trees.m2vd(tmp_path)
    clip(root / "vi" / "0111_1716.mp4", frames=5)
    with pytest.raises(UnreadableFile, match="ends after 5 frames"):
        list(clip_frames(root))
    clip(root / "vi" / "0111_1716.mp4", size=(64, 64))
    with pytest.raises(SizeMismatch, match="not registered"):
        list(clip_frames(root))
    report = found_in("m2vd", root)
    assert [finding.kind for finding in report.findings] == ["size"]
    with pytest.raises(BadSetting, match="stride"):
        list(clip_frames(root, stride=0))
    (root / "ir" / "0111_1716.mp4").write_bytes(b"nothing")
    with pytest.raises(UnreadableFile, match="not a clip"):
        list(clip_frames(root))
    with pytest.raises(UnreadableFile, match="no such clip"):
        list(frame_pairs("0", root / "vi" / "0111_1716.mp4"))
