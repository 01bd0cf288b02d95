import csv
import io

from report_rows import row

from thermeld.report.means import boards
from thermeld.report.tables import (
    Cell,
    Table,
    digits_for,
    html,
    latex,
    markdown,
    mean_table,
    means_csv,
    number,
    rank_table,
    versus_table,
)

ROWS = [
    row("first", "1", 4.0),
    row("first", "2", 6.0),
    row("second_one", "1", 3.0),
    row("second_one", "2", 5.0),
    row("third", "1", 1.0),
    row("third", "2", None),
]


def test_markdown_marks_best_and_second_and_counts_images():
    (board,) = boards(ROWS)
    lines = markdown(mean_table(board)).splitlines()
    assert lines[0] == "| method | pairs | EN ↑ | average rank ↓ |"
    assert lines[2] == "| first | 2 | **5.000** | **1.000** |"
    assert lines[3] == "| second_one | 2 | <u>4.000</u> | <u>2.000</u> |"
    assert lines[4] == "| third | 1 of 2 | 1.000 (n=1) | 3.000 |"


def test_latex_is_booktabs_with_marks_and_escapes():
    (board,) = boards(ROWS)
    text = latex(mean_table(board), "50 % of a_b")
    assert r"first & 2 & \textbf{5.000} & \textbf{1.000} \\" in text
    assert r"second\_one & 2 & \underline{4.000} & \underline{2.000} \\" in text
    assert r"EN $\uparrow$" in text
    assert r"\caption{50 \% of a\_b}" in text
    for rule in (r"\toprule", r"\midrule", r"\bottomrule"):
        assert text.count(rule) == 1


def test_lower_is_better_where_the_metric_says_so():
    (board,) = boards([row("a", "1", 1.0, metric="RMSE"), row("b", "1", 2.0, metric="RMSE")])
    assert markdown(mean_table(board)).splitlines()[2] == "| a | 1 | **1.000** | **1.000** |"


def test_html_escapes():
    table = Table(("<method>", "x"), ((Cell("a&b"), Cell("1", 1, "n<2")),))
    text = html(table)
    assert "&lt;method&gt;" in text
    assert "a&amp;b" in text
    assert "<b>1</b><small>n&lt;2</small>" in text


def test_numbers_are_rounded_for_people():
    assert (number(1.23456), number(0.01234, 4), number(None)) == ("1.235", "0.0123", "–")
    assert (digits_for([0.05, -0.09]), digits_for([0.05, 0.2]), digits_for([])) == (4, 3, 3)


def test_csv_keeps_means_unrounded():
    (board,) = boards([row("a", "1", 1 / 3)])
    records = list(csv.DictReader(io.StringIO(means_csv([board]))))
    assert float(records[0]["mean"]) == 1 / 3
    assert records[0]["images"] == "1"
    assert records[1]["metric"] == "average rank"
    assert float(records[1]["rank"]) == 1.0


def test_comparison_is_paired_and_marks_what_is_sure():
    rows = [row("base", str(i), float(i)) for i in range(12)]
    rows += [row("better", str(i), i + 1.0 + 0.01 * i) for i in range(12)]
    rows += [row("equal", str(i), i + (-1.0) ** i * 0.1) for i in range(12)]
    (board,) = boards(rows)
    cells = {line[0].text: line[1] for line in versus_table(board, "base").rows}
    assert cells["better"].text == "+1.055"
    assert cells["better"].place == 1
    assert cells["equal"].place == 0


def test_ranks_of_all_sets_stand_beside_their_mean():
    together = {"s": {"a": 1.0, "b": 2.0, "c": 3.0}, "t": {"b": 1.0, "a": 3.0}}
    assert markdown(rank_table(together)).splitlines() == [
        "| method | s ↓ | t ↓ | mean ↓ |",
        "| --- | ---: | ---: | ---: |",
        "| b | <u>2.000</u> | **1.000** | **1.500** |",
        "| a | **1.000** | <u>3.000</u> | <u>2.000</u> |",
        "| c | 3.000 | – | – |",
    ]
