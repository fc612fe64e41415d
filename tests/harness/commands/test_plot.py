from __future__ import annotations

from harness.commands import plot


def test_a_chart_has_a_column_for_each_value_in_eighths_of_a_row() -> None:
    assert plot.chart([0, 1, 2, 3, 4, 8, 16], 2, ("0", "16"), 3) == [
        " 16┤      █",
        "  0┤ ▁▂▃▄██",
    ]


def test_a_chart_of_nothing_is_empty() -> None:
    assert plot.chart([0, 0], 2, ("0", "0"), 1) == ["0┤", "0┤"]


def test_columns_keep_their_highest_value() -> None:
    assert plot.columns([1, 9, 2, 3, 4, 5], 3) == [9, 3, 5]
    assert plot.columns([1, 9], 4) == [1, 1, 9, 9]


def test_names_stand_at_their_ticks_as_far_as_there_is_room() -> None:
    words = [["a long opening", "night", "dawn"], ["0:00", "0:09", "0:14"]]
    assert plot.axis([0, 10, 13], words, 20, 1) == [
        " └┬─────────┬──┬──────",
        "  a long o…    dawn",
        "  0:00         0:14",
    ]


def test_the_last_name_moves_to_the_left_where_it_has_no_room() -> None:
    lines = plot.axis([0, 18], [["load", "drains"]], 20, 1)
    assert lines == [" └┬─────────────────┬─", "  load          drains"]
