import csv
import io
import tarfile

import numpy as np
import pytest

from thermeld.errors import BadSetting, UnreadableFile
from thermeld.io import encode_image, write_image

pytest.importorskip("fsspec", reason="needs the extra 'scale'")
from thermeld.scale.items import items_of, read_manifest
from thermeld.scale.storage import Source


@pytest.fixture
def pixels(rng):
    return rng.integers(0, 256, (6, 8), np.uint8)


def shard(path, members):
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def test_folders_are_paired_by_stem_and_the_lonely_told(tmp_path, pixels):
    for name in ("ir/a.png", "ir/b.png", "ir/deep/c.png", "vi/a.jpg", "vi/deep/c.png", "vi/z.png"):
        write_image(tmp_path / name, pixels)
    found = items_of(str(tmp_path / "ir"), str(tmp_path / "vi"))
    assert [item.id for item in found.items] == ["a", "deep/c"]
    assert [name.rpartition("/")[2] for name in found.lonely] == ["b.png", "z.png"]
    assert found.items[0].vis.local() == tmp_path / "vi/a.jpg"


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_manifest_holds_ids_addresses_and_options(tmp_path, suffix):
    rows = [
        {"id": "one", "ir": "file:///a.png", "vis": "s3://b/c.png", "options": ""},
        {"id": "two", "ir": "/a.png", "vis": "/b.png", "options": '{"color": "gray"}'},
    ]
    path = tmp_path / f"pairs{suffix}"
    if suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    else:
        arrow = pytest.importorskip("pyarrow")
        from pyarrow import parquet

        parquet.write_table(arrow.Table.from_pylist(rows), path)
    one, two = read_manifest(str(path))
    assert one.vis == Source("s3://b/c.png", "c.png")
    assert one.vis.local() is None
    assert (one.options, two.options) == ("", '{"color": "gray"}')


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("id,ir\na,b\n", UnreadableFile),
        ("id,ir,vis,options\na,b,c,[1]\n", BadSetting),
        ("id,ir,vis\na,b,c\na,d,e\n", BadSetting),
        ("id,ir,vis\n../a,b,c\n", BadSetting),
        ("id,ir,vis\na//b,b,c\n", BadSetting),
    ],
)
def test_bad_manifests_are_refused(tmp_path, text, kind):
    (tmp_path / "pairs.csv").write_text(text)
    with pytest.raises(kind):
        items_of(str(tmp_path / "pairs.csv"), None)


def test_tar_shards_are_read_in_place(tmp_path, pixels):
    views = {"ir": encode_image(pixels, ".png"), "vis": encode_image(255 - pixels, ".png")}
    members = {f"{key}.{role}.png": views[role] for key in ("x", "y") for role in views}
    shard(tmp_path / "000000.tar", members | {"lost.ir.png": views["ir"], "x.json": b"{}"})
    found = items_of(str(tmp_path), None)
    assert [item.id for item in found.items] == ["x", "y"]
    assert found.lonely == (f"{tmp_path}/000000.tar: lost",)
    assert found.items[1].vis.read() == views["vis"]


def test_what_is_no_input_is_refused(tmp_path):
    (tmp_path / "bad.tar").write_bytes(b"no tar" * 500)
    with pytest.raises(UnreadableFile, match="tar"):
        items_of(str(tmp_path / "bad.tar"), None)
    with pytest.raises(BadSetting, match="manifest"):
        items_of(str(tmp_path / "nothing"), None)
    with pytest.raises(UnreadableFile, match="nowhere"):
        items_of("nowhere://a.csv", None)
