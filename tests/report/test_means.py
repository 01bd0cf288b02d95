import pytest
from report_rows import row

from thermeld.report.means import (
    average_ranks,
    boards,
    failures,
    podium,
    ranks,
    ranks_together,
)

# Table III of the MobileFuse paper (M3FD): cells as printed, and the ranks it prints.
METRICS = ("AG", "CE", "EI", "EN", "MI", "PSNR", "RMSE", "SF", "SSIM", "SD")
LOWER = {"CE", "RMSE"}
TABLE_3 = {
    "wavelet-max": "3.432 1.602 9.488 6.508 1.176 45.683 0.056 10.254 1.436 31.475",
    "IFCNN": "4.378 2.173 9.536 6.532 1.146 45.751 0.054 11.712 1.420 27.505",
    "blending only": "2.606 1.467 9.440 6.460 1.140 46.491 0.051 8.939 1.466 26.626",
    "generative only": "5.799 1.882 9.682 6.583 1.137 45.803 0.178 14.691 1.321 27.517",
    "MobileFuse": "3.148 1.803 9.638 6.603 1.134 46.177 0.052 9.976 1.452 28.132",
}
PRINTED = {
    "wavelet-max": 3.0,
    "IFCNN": 3.2,
    "blending only": 3.2,
    "generative only": 2.9,
    "MobileFuse": 2.7,
}


def test_ranks_share_places_where_values_are_equal():
    values = {"a": 3.0, "b": 5.0, "c": 3.0, "d": 1.0}
    assert ranks(values, "higher") == {"b": 1.0, "a": 2.5, "c": 2.5, "d": 4.0}
    assert ranks(values, "lower") == {"d": 1.0, "a": 2.5, "c": 2.5, "b": 4.0}
    assert ranks(dict.fromkeys("abc", 7.0), "lower") == dict.fromkeys("abc", 2.0)


def test_average_rank_by_hand():
    columns = {"up": {"a": 1.0, "b": 2.0, "c": 2.0}, "down": {"a": 1.0, "b": 2.0, "c": 3.0}}
    found = average_ranks(columns, {"up": "higher", "down": "lower"})
    assert found == {"a": (3 + 1) / 2, "b": (1.5 + 2) / 2, "c": (1.5 + 3) / 2}


def test_average_ranks_of_the_published_table_come_out():
    cells = {method: list(map(float, line.split())) for method, line in TABLE_3.items()}
    columns = {
        metric: {method: values[at] for method, values in cells.items()}
        for at, metric in enumerate(METRICS)
    }
    better = {metric: "lower" if metric in LOWER else "higher" for metric in METRICS}
    assert average_ranks(columns, better) == pytest.approx(PRINTED, abs=1e-12)


def test_podium_goes_by_unrounded_values_and_keeps_ties():
    values = {"a": 1.00001, "b": 1.00002, "c": 0.5}
    assert podium(values, "higher") == ({"b"}, {"a"})
    assert podium({"a": 1.0, "b": 1.0, "c": 2.0}, "lower") == ({"a", "b"}, {"c"})
    assert podium({"a": 1.0}, "lower") == ({"a"}, set())


def test_means_say_over_how_many_images():
    rows = [row("x", "1", 1.0), row("x", "2", 3.0), row("y", "1", 5.0), row("y", "2", None)]
    (board,) = boards(rows)
    assert board.images == ("1", "2")
    assert (board.mean("x", "EN"), board.count("x", "EN")) == (2.0, 2)
    assert (board.mean("y", "EN"), board.count("y", "EN")) == (5.0, 1)
    assert board.methods == ("y", "x")
    assert failures(rows) == {("s", "y", "2"): "broke"}


def test_a_method_that_always_failed_stays_in_the_table():
    (board,) = boards([row("x", "1", 1.0), row("y", "1", None)])
    assert board.methods == ("x", "y")
    assert board.mean("y", "EN") is None


def test_sets_and_conventions_are_kept_apart():
    rows = [row("x", "1", 1.0), row("x", "1", 9.0, convention="vifb"), row("x", "1", 5.0, set="t")]
    assert [(b.set, b.convention, b.mean("x", "EN")) for b in boards(rows)] == [
        ("s", "tang", 1.0),
        ("s", "vifb", 9.0),
        ("t", "tang", 5.0),
    ]


def two_conventions():
    """On s: a 1, b 2, c without vifb. On t: b is better. By hand below."""
    return boards(
        [
            *(row("a", "1", 3.0), row("a", "1", 5.0, metric="RMSE", convention="vifb")),
            *(row("b", "1", 2.0), row("b", "1", 4.0, metric="RMSE", convention="vifb")),
            *(row("a", "1", None, metric="Qcb"), row("b", "1", None, metric="Qcb")),
            *(row("c", "1", 9.0), row("b", "1", 2.0, set="t"), row("a", "1", 1.0, set="t")),
        ]
    )


def test_ranks_together_are_over_all_conventions_among_those_that_have_all():
    assert ranks_together(two_conventions()) == {
        "s": {"a": 1.5, "b": 1.5},
        "t": {"b": 1.0, "a": 2.0},
    }
