import numpy as np
import pytest

from thermeld.fuse import DEFAULT_METHOD
from thermeld.io import read_image, write_image


def test_two_files(thermeld, pair, tmp_path):
    answer = thermeld("fuse", *pair, "-o", tmp_path / "fused.jpg", "--compare")
    assert answer.code == 0
    assert DEFAULT_METHOD in answer.out
    assert read_image(tmp_path / "fused.jpg").format == "jpeg"
    assert (tmp_path / "fused_compare.png").is_file()


def test_json_of_a_pair(thermeld, pair, tmp_path):
    answer = thermeld("fuse", *pair, "-o", tmp_path / "f.png", "--json", "-m", "average")
    (facts,) = answer.lines
    assert facts["state"] == "done"
    assert facts["out"].endswith("f.png")


def test_results_are_not_overwritten_unless_asked(thermeld, pair, tmp_path):
    words = ("fuse", *pair, "-o", tmp_path / "f.png", "-m", "average")
    assert thermeld(*words).code == 0
    again = thermeld(*words)
    assert again.code == 1
    assert again.err.count("\n") == 1
    assert "--overwrite" in again.err
    assert thermeld(*words, "--overwrite").code == 0


@pytest.fixture
def folders(tmp_path, rng):
    for stem in ("1", "2", "10"):
        write_image(tmp_path / "ir" / f"{stem}.png", rng.integers(0, 256, (9, 9), np.uint8))
        write_image(tmp_path / "vis" / f"{stem}.tiff", rng.integers(0, 256, (9, 9), np.uint8))
    write_image(tmp_path / "ir" / "alone.png", np.zeros((9, 9), np.uint8))
    return tmp_path


def test_folders_name_what_failed_and_what_had_no_partner(thermeld, folders):
    (folders / "vis" / "2.tiff").write_bytes(b"II*\0")
    answer = thermeld(
        "fuse", folders / "ir", folders / "vis", "-o", folders / "out", "-m", "average", "--json"
    )
    assert answer.code == 1
    assert "alone.png" in answer.err
    assert "2.tiff" in answer.err
    *items, summary = answer.lines
    assert sorted(item["state"] for item in items) == ["done", "done", "failed"]
    assert summary["made"] == 2
    assert summary["failed"] == ["2"]
    assert len(summary["without_partner"]) == 1
    again = thermeld(
        "fuse", folders / "ir", folders / "vis", "-o", folders / "out", "-m", "average", "--json"
    ).lines[-1]
    assert (again["made"], again["skipped"]) == (0, 2)


def test_folder_results_take_the_format_asked_for(thermeld, folders):
    answer = thermeld(
        "fuse",
        folders / "ir",
        folders / "vis",
        "-o",
        folders / "out",
        "-m",
        "average",
        "--format",
        "webp",
        "--jobs",
        "1",
    )
    assert answer.code == 0
    assert "3 fused, 1 without a partner" in answer.out
    assert sorted(path.name for path in (folders / "out").glob("*.webp")) == [
        "1.webp",
        "10.webp",
        "2.webp",
    ]


def test_settings_reach_the_method(thermeld, pair, tmp_path):
    for levels in (1, 3):
        words = ("-m", "laplacian", "--set", f"levels={levels}")
        assert thermeld("fuse", *pair, "-o", tmp_path / f"{levels}.png", *words).code == 0
    one, three = (read_image(tmp_path / f"{levels}.png").pixels for levels in (1, 3))
    assert not np.array_equal(one, three)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["-m", "avrage"], 2, "did you mean 'average'"),
        (["-m", "average", "--color", "blend"], 2, "no blending map"),
        (["-m", "average", "--window", "9:1"], 2, "rise"),
        (["-m", "laplacian", "--set", "levels"], 2, "KEY=VALUE"),
        (["-m", "laplacian", "--set", "levels=x"], 2, "takes int"),
        (["-m", "laplacian", "--set", "depth=1"], 2, "setting of laplacian"),
        (["-m", "nowhere.onnx"], 1, "no such model file"),
        (["--fit", "both"], 2, "ir, vis"),
        (["--format", "gif"], 2, "--format must be one of"),
    ],
    ids=str,
)
def test_wrong_wishes_get_one_line(thermeld, pair, tmp_path, words, code, says):
    answer = thermeld("fuse", *pair, "-o", tmp_path / "f.png", *words)
    assert answer.code == code
    assert says in answer.err
    assert answer.err.count("\n") == 1
    assert not (tmp_path / "f.png").exists()


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "empty"), (b"hello, this is text", "not an image"), (b"\x89PNG\r\n\x1a\n", "cut off")],
)
def test_bad_files_get_one_line(thermeld, pair, tmp_path, content, says):
    pair[0].write_bytes(content)
    answer = thermeld("fuse", *pair, "-o", tmp_path / "f.png")
    assert answer.code == 1
    assert says in answer.err
    assert "ir.png" in answer.err
    assert answer.err.count("\n") == 1
    assert not (tmp_path / "f.png").exists()


def test_results_do_not_go_among_the_sources(thermeld, folders):
    for name in ("ir", "vis"):
        answer = thermeld("fuse", folders / "ir", folders / "vis", "-o", folders / name)
        assert answer.code == 2
        assert "name another folder" in answer.err


def test_names_too_long_for_the_disk_get_one_line(thermeld, pair, tmp_path):
    answer = thermeld("fuse", *pair, "-o", tmp_path / f"{'a' * 300}.png", "-m", "average")
    assert answer.code == 1
    assert answer.err.count("\n") == 1


def test_missing_file_and_mixed_kinds(thermeld, pair, tmp_path):
    assert "does not exist" in thermeld("fuse", tmp_path / "x.png", pair[1], "-o", "f.png").err
    mixed = thermeld("fuse", tmp_path, pair[1], "-o", tmp_path / "f.png")
    assert mixed.code == 2
    assert "folder" in mixed.err
    into = thermeld("fuse", *pair, "-o", tmp_path)
    assert into.code == 2
    assert "name the result" in into.err


def test_different_sizes_are_explained(thermeld, pair, tmp_path):
    write_image(pair[0], np.zeros((5, 5), np.uint8), overwrite=True)
    answer = thermeld("fuse", *pair, "-o", tmp_path / "f.png")
    assert answer.code == 1
    assert "--fit" in answer.err or "fit 'vis'" in answer.err
    assert thermeld("fuse", *pair, "-o", tmp_path / "f.png", "--fit", "vis").code == 0
