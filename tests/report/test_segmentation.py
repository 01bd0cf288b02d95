import json

import cv2
import numpy as np
import pytest
from report_rows import row

from thermeld.data.results import write_table
from thermeld.data.segmentation import (
    CLASSES,
    COLOURS,
    curve_file,
    example_file,
    painted,
    place_of,
    truth_file,
)
from thermeld.errors import UnreadableFile
from thermeld.io import write_image
from thermeld.report import Report, write_report
from thermeld.report.judged import legend_strip, read_curves
from thermeld.report.segmentation import (
    benches,
    budget_text,
    gap_table,
    remarks,
    score_table,
    split,
)
from thermeld.report.tables import markdown

BUDGET = {
    "name": "small", "epochs": 3, "batch": 4, "crop": [192, 192], "box": [240, 320],
    "start_epochs": 4,
}  # fmt: skip
SHARES = {  # by seed: car, person, mIoU
    "infrared": [(0.50, 0.70, 0.60), (0.54, 0.70, 0.62), (0.46, 0.70, 0.58)],
    "visible": [(0.60, 0.40, 0.50), (0.60, 0.40, 0.50), (0.60, 0.40, 0.50)],
    "fine": [(0.80, 0.80, 0.80), (0.80, 0.80, 0.80), (0.80, 0.80, 0.80)],
    "near": [(0.79, 0.80, 0.79), (0.81, 0.80, 0.83), (0.77, 0.80, 0.75)],
}
NAMES = ("IoU car", "IoU person", "mIoU")


def judged(method, seed, value, metric, **more):
    facts = {"set": "msrs:val", "convention": "segmentation", "settings": settings(BUDGET)}
    return row(method, f"seed {seed}", value, metric, **(facts | more))


def settings(budget):
    return json.dumps({"budget": budget, "trained on": "msrs:train"})


ROWS = [
    judged(method, seed, value, name)
    for method, trained in SHARES.items()
    for seed, values in enumerate(trained)
    for name, value in zip(NAMES, values, strict=True)
]
ABSENT = [judged("fine", 0, None, "IoU bump", state="undefined", error="")]
LOST = [judged(m, s, 0.0, "IoU curve") for m in SHARES for s in range(3)]


def test_means_and_spreads_by_hand():
    (bench,) = benches([*ROWS, *ABSENT])
    table = score_table(bench)
    assert table.headings == ("method", "car", "person", "mIoU", "seeds")
    assert [line[0].text for line in table.rows] == ["infrared", "visible", "fine", "near"]
    car = table.rows[0][1]
    assert (car.text, car.note) == ("50.00", "±4.00")  # 50, 54, 46: sqrt((0 + 16 + 16) / 2)
    assert [line[3].place for line in table.rows] == [0, 0, 1, 2]
    assert "| fine | **80.00** (±0.00) | **80.00** (±0.00) |" in markdown(table)


def test_noise_is_called_noise():
    (bench,) = benches(ROWS)
    found = {line[0].text: line[1:] for line in gap_table(bench).rows}
    assert gap_table(bench).headings[1:] == (
        "minus infrared", "minus visible", "minus fine (the best)",
    )  # fmt: skip
    assert [cell.text for cell in found["near"]] == ["+19.00", "+29.00", "−1.00"]
    assert [cell.note for cell in found["near"]] == ["", "", "noise"]  # 79 ± 4 against 80 ± 0
    assert found["fine"][2].text == "–"
    alone = benches([r for r in ROWS if r.image == "seed 0"])[0]
    assert {cell.note for line in gap_table(alone).rows for cell in line[1:]} == {"", "one seed"}


def test_what_was_never_found_and_never_labelled_is_said():
    (bench,) = benches([*ROWS, *ABSENT, *LOST])
    said = " ".join(remarks(bench))
    assert "curve was found by no method" in said
    assert "no label names background, bike" in said
    assert "bump" in said
    partly = [r for r in LOST if r.method != "fine"]
    partly += [judged("fine", s, 0.1, "IoU curve") for s in range(3)]
    (bench,) = benches([*ROWS, *partly])
    assert "curve was found by not" not in " ".join(remarks(bench))
    assert "curve was missed by infrared, visible, near" in " ".join(remarks(bench))


def test_rows_that_cannot_be_compared_are_named():
    other = judged("odd", 0, 0.9, "mIoU", settings=settings(BUDGET | {"epochs": 9}))
    broken = judged("bad", 0, None, "mIoU", error="no image of 5")
    said = " ".join(remarks(benches([*ROWS, other, broken])[0]))
    assert "cannot be compared" in said
    assert "not all methods" in said
    assert "bad failed: no image of 5" in said
    assert "cannot be compared" not in " ".join(remarks(benches(ROWS)[0]))


def test_a_row_without_its_budget_is_refused():
    (bench,) = benches([judged("a", 0, 0.5, "mIoU", settings="{}")])
    with pytest.raises(UnreadableFile, match="without a budget"):
        list(remarks(bench))


@pytest.mark.parametrize(
    ("epochs", "says"),
    [
        (4, "all from one start of 4 epochs on blends of the sources"),
        (0, "all from random weights"),
    ],
)
def test_the_caption_tells_where_all_trainings_began(epochs, says):
    facts = settings(BUDGET | {"start_epochs": epochs})
    (bench,) = benches([judged("fine", 0, 0.5, "mIoU", settings=facts)])
    assert budget_text(bench).endswith(f"fitted into 240x320, {says}")


def test_rows_of_both_kinds_are_kept_apart():
    measured, found = split([*ROWS, row("average", "1", 2.0)])
    assert [r.method for r in measured] == ["average"]
    assert found == ROWS


@pytest.fixture
def table(tmp_path):
    out = write_table(tmp_path / "t.csv", [row("average", "1", 2.0), *ROWS, *ABSENT])
    place = place_of(out, "msrs:val")
    for method in SHARES:
        for seed in ("seed 0", "seed 1"):
            lines = "".join(f"{method},{seed},{step},{2 / step}\n" for step in range(1, 121))
            path = curve_file(place, method, seed)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("method,seed,step,loss\n" + lines)
        picture = np.full((60, 80, 3), 90, np.uint8)
        write_image(example_file(place, "00001D", method), picture)
        write_image(truth_file(place, "00001D"), picture, overwrite=True)
    return out


def test_report_shows_the_judge(table, tmp_path):
    pytest.importorskip("matplotlib", reason="needs the extra 'report'")
    out = tmp_path / "report"
    names = {path.name for path in write_report(table, out, Report())}
    text = (out / "report.md").read_text()
    assert "## msrs:val, segmentation" in text
    assert "3 epochs in batches of 4 crops of 192x192" in text
    assert "| −1.00 (noise) |" in text
    assert {"msrs-val-segmentation-training.svg", "msrs-val-segmentation-example-1.jpg"} <= names
    assert "(±4.00)" in (out / "tables.tex").read_text().replace(r"\,", "")
    sheet = cv2.imread(str(out / "msrs-val-segmentation-example-1.jpg"))
    assert sheet.shape[1] > 4 * 80  # four in a row, and the labels before them
    assert "Means over the pairs of s " in text


def test_report_of_the_judge_alone(table, tmp_path):
    pytest.importorskip("matplotlib", reason="needs the extra 'report'")
    alone = write_table(tmp_path / "alone.csv", ROWS)
    write_report(alone, tmp_path / "r", Report(methods=("fine", "near")))
    text = (tmp_path / "r/report.md").read_text()
    assert "| infrared |" not in text
    assert "Training" not in text  # nothing was kept beside this table


def test_curves_are_means_over_seeds(table):
    (bench,) = benches(ROWS)
    found = read_curves(place_of(table, "msrs:val"), bench)
    assert list(found) == ["infrared", "visible", "fine", "near"]
    curve = found["fine"]
    assert len(curve.steps) == 60
    assert curve.steps[0] == 1.5
    assert curve.losses[0] == pytest.approx((2 + 1) / 2)
    path = curve_file(place_of(table, "msrs:val"), "fine", "seed 1")
    path.write_text("method,seed,step,loss\nfine,seed 1,1,abc\n")
    with pytest.raises(UnreadableFile, match="curve"):
        read_curves(place_of(table, "msrs:val"), bench)


def test_every_class_has_a_colour_of_its_own_in_the_legend():
    strip = legend_strip(400)
    assert len(set(COLOURS)) == len(COLOURS) == len(CLASSES)
    for colour in COLOURS:
        assert (strip == colour).all(axis=2).sum() >= 200


def test_answers_are_laid_over_the_picture():
    picture = np.full((1, 3, 3), 100, np.uint8)
    shown = painted(picture, np.array([[0, 1, 255]], np.uint8))
    assert shown[0, 0].tolist() == shown[0, 2].tolist() == [100, 100, 100]
    assert shown[0, 1].tolist() == [round(40 + 0.6 * part) for part in COLOURS[1]]
