import re
import sys

import numpy as np
import pytest
from report_rows import row

from thermeld.data.results import read_table, write_table
from thermeld.errors import BadSetting, MissingExtra, UnknownName, UnreadableFile
from thermeld.report import Panel, Report, write_report
from thermeld.report.panels import Box, find_boxes, panel_image
from thermeld.report.plots import cdf, inline
from thermeld.report.published import read_published

ROWS = [
    row(method, str(image), value + image, metric=metric)
    for method, value in (("average", 1.0), ("maximum", 2.5))
    for metric in ("EN", "RMSE")
    for image in range(4)
]


def test_cdf_by_hand():
    x, y = cdf([3.0, 1.0, 2.0, 2.0])
    assert x.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert y.tolist() == [1.0, 2.0, 2.0, 3.0]  # 75 % of the pairs have values no more than 2


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_table_comes_back_as_it_was(tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow", reason="needs the extra 'report'")
    rows = [*ROWS, row("broken", "0", None, seconds=None, error='a, "quoted" word')]
    path = write_table(tmp_path / f"deep/t{suffix}", rows)
    assert read_table(path) == rows
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_damaged_tables_are_refused(tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(UnreadableFile, match="lacks"):
        read_table(tmp_path / "t.csv")
    with pytest.raises(UnreadableFile, match="evaluate"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(BadSetting, match="parquet"):
        write_table(tmp_path / "t.xlsx", ROWS)


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtra, match=r"pyarrow.*thermeld\[report\]"):
        write_table(tmp_path / "t.parquet", ROWS)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    table = write_table(tmp_path / "t.csv", ROWS)
    with pytest.raises(MissingExtra, match=r"matplotlib.*thermeld\[report\]"):
        write_report(table, tmp_path / "out", Report())


@pytest.fixture
def table(tmp_path):
    pytest.importorskip("matplotlib", reason="needs the extra 'report'")
    return write_table(tmp_path / "t.csv", ROWS)


def test_page_needs_nothing_but_itself(table, tmp_path):
    report = Report(against="average", panels=(Panel("p", "boxes", b"\xff\xd8jpeg"),))
    written = {path.name for path in write_report(table, tmp_path / "out", report)}
    assert {"report.html", "report.md", "tables.tex", "means.csv", "panel-1.jpg"} <= written
    page = (tmp_path / "out/report.html").read_text()
    assert "http:" not in page
    assert "https:" not in page
    assert not re.search(r"<(script|link|iframe|object)\b", page)
    sources = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert all(source.startswith(("data:", "#")) for source in sources)
    assert page.count("<svg") == 3


def test_same_table_same_bytes(table, tmp_path):
    for name in ("a", "b"):
        write_report(table, tmp_path / name, Report(against="average"))
    one, two = ((tmp_path / name / "report.html").read_bytes() for name in ("a", "b"))
    assert one == two


def test_plots_keep_their_labels_and_lose_their_ids():
    svg = inline(
        '<?xml?><!-- a --><svg xmlns="http://x" width="1.2345pt"><metadata>m</metadata>'
        '<g id="tick_1"><g><path id="m12ab" d="M 1.2345 2" style="fill: red"/></g></g>'
        '<text>0.0525</text><use xlink:href="#m12ab"/></svg>'
    )
    assert "<text>0.0525</text>" in svg
    assert 'd="M 1.2 2"' in svg
    assert "tick_1" not in svg
    assert svg.count("<g>") == 0
    assert 'id="m12ab"' in svg
    assert 'href="#m12ab"' in svg
    assert "{fill: red}" in svg
    assert "http" not in svg


def test_published_values_stand_beside_ours(table, tmp_path):
    csv = tmp_path / "p.csv"
    csv.write_text(
        "method,metric,value,set\naverage,EN,6.5,\nIFCNN,EN,7,s\nIFCNN,average rank,3.8,s\n"
        "average,EN,9,other\n"
    )
    report = Report(published=tuple(read_published(csv)))
    write_report(table, tmp_path / "out", report)
    text = (tmp_path / "out/report.md").read_text()
    assert "| method | EN | publ. | average rank | publ. |" in text
    assert "| average | 2.500 | 6.5 | 1.500 | – |" in text
    assert "| IFCNN | – | 7 | – | 3.8 |" in text


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("GTF", "gtf"), ("NSST_PAPCNN", "nsst-papcnn"), ("VSMWLS", "wls"), ("MDLatLRR", "latlrr")],
)
def test_published_names_find_the_method_we_call_otherwise(tmp_path, theirs, ours):
    table = write_table(tmp_path / "t.csv", [row(ours, "0", 2.0), row("IFCNN", "0", 3.0)])
    csv = tmp_path / "p.csv"
    csv.write_text(f"method,metric,value\n{theirs},EN,6.5\nIFCNN,EN,7\nDeFusion,EN,8\n")
    write_report(table, tmp_path / "out", Report(published=tuple(read_published(csv))))
    text = (tmp_path / "out/report.md").read_text()
    assert f"| {ours} | 2.000 | 6.5 |" in text
    assert "| IFCNN | 3.000 | 7 |" in text
    assert "| DeFusion | – | 8 |" in text
    assert theirs not in text


def test_unknown_published_metric_is_refused(tmp_path):
    csv = tmp_path / "p.csv"
    csv.write_text("method,metric,value\naverage,XYZ,6.5\n")
    with pytest.raises(UnreadableFile, match="XYZ"):
        read_published(csv)


def test_unknown_method_is_refused(table, tmp_path):
    with pytest.raises(UnknownName, match="maximum"):
        write_report(table, tmp_path / "out", Report(against="maximun"))


def test_boxes_are_found_where_methods_differ():
    ir = np.zeros((60, 80), np.float32)
    ir[40:50, 60:70] = 1.0  # hot, and only one method shows it
    vis = np.full((60, 80), 0.5, np.float32)
    vis[5:15:2, 5:15] = 0.9  # texture, and only one method keeps it
    flat = np.full_like(vis, 0.5)
    detail, target = find_boxes(ir, vis, {"a": vis + ir * 0.1, "b": flat, "c": flat + ir * 0.4})
    assert 0 <= detail.x <= 15
    assert 0 <= detail.y <= 15
    assert 52 <= target.x <= 70
    assert 32 <= target.y <= 50


def test_panel_frames_in_red_and_green():
    picture = np.full((60, 80), 90, np.uint8)
    image = panel_image(
        {"a": picture, "b": picture, "c": picture}, Box(1, 1, 9, 9), Box(30, 30, 9, 9), columns=2
    )
    colours = {tuple(colour) for colour in image.reshape(-1, 3)}
    assert {(220, 30, 30), (20, 170, 60), (90, 90, 90)} <= colours
    with pytest.raises(BadSetting, match="outside"):
        panel_image({"a": picture}, Box(75, 1, 9, 9), Box(1, 1, 5, 5), columns=1)


@pytest.mark.parametrize("text", ["1,2,3", "a,b,c,d", "1,2,0,4"])
def test_boxes_that_are_none(text):
    with pytest.raises(BadSetting, match="box"):
        Box.parse(text)


def test_ranks_over_everything_come_first_where_there_is_more_than_one_table(tmp_path):
    pytest.importorskip("matplotlib", reason="needs the extra 'report'")
    more = [row("average", "1", 1.0, set="t"), row("maximum", "1", 2.0, set="t")]
    for name, rows in (("one", ROWS), ("two", [*ROWS, *more])):
        table = write_table(tmp_path / f"{name}.csv", rows)
        write_report(table, tmp_path / name, Report())
    one, two = ((tmp_path / name / "report.md").read_text() for name in ("one", "two"))
    assert "All measures together" not in one
    assert 0 < two.index("All measures together") < two.index("convention tang, ")
