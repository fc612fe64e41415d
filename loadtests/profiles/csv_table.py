"""Splits a log of requests per minute into lines and cells.

Comma, semicolon, tab or bar separate, or spaces in the output of `uniq -c` and the like.  Left out
are headings, lines that begin with #, Excel's `sep=`, the rules that frame a table of psql, MySQL
or Markdown, and lines after the last minute that hold totals or a remark.
"""

from __future__ import annotations

import csv
import itertools
import re
from dataclasses import dataclass

from loadtests.profiles.csv_cells import is_heading, is_number
from loadtests.profiles.csv_times import is_dated
from loadtests.profiles.csv_words import in_plain_digits
from loadtests.profiles.source import ProfileError

MOST_LINES = 20_000
"""Two weeks of minutes."""

Row = tuple[int, list[str]]
"""The number of a line in the file, and its cells."""

_SEPARATORS = "\t;|,"
"""The comma is last, because it may be part of a number."""
_SEP_LINE = re.compile(r'"?sep=(.)"?,*', re.IGNORECASE)
_RULE = re.compile(r"[\s|+:=-]*(?:-{3,}|={3,})[\s|+:=-]*")
"""A line that frames a table."""
_ROW_COUNT = re.compile(r"\(?\d+ (?:rows?|records?)\b[^,;|\t]*\)?", re.IGNORECASE)
_TOTAL = re.compile(
    r"(?i)\W*(?:(?:sub|grand)?\s?totals?|sum|average|avg|mean|median|min(?:imum)?|max(?:imum)?|count"
    r"|(?:gesamt)?summe|gesamt(?:ergebnis)?|insgesamt|mittelwert|durchschnitt"
    r"|total g[ée]n[ée]ral|somme|moyenne|suma|total general|promedio|totale|somma|media|totaal"
    r"|итого|всего|合計|总计|합계|कुल)\W*"
)
"""The name of a line below the minutes, in the column of times."""
_SPACED = (
    re.compile(r"\s*(?P<number>\d+)\s+(?P<time>\S.*)"),
    re.compile(r"\s*(?P<time>\S.*?)\s+(?P<number>\d[\d.]*)\s*"),
)


@dataclass(frozen=True, slots=True)
class Table:
    """The lines of a log that are minutes, all of the same number of cells, and its headings."""

    path: str
    separator: str
    headings: list[Row]
    minutes: list[Row]

    def error(self, line: int, sentence: str) -> ProfileError:
        """A ProfileError that names the line."""
        return ProfileError(f"{self.path} line {line}: {sentence}")


def split(path: str, text: str) -> Table:
    """The table in a file.

    Raises ProfileError, one sentence with the line: too many lines, quotes that do not close, lines
    with different numbers of cells, or a blank line where a minute is missing.
    """
    lines = re.split(r"\r\n|\r|\n", in_plain_digits(text).removesuffix("\n"))
    begins = next((number for number, line in enumerate(lines) if line.strip()), 0)
    named = _SEP_LINE.fullmatch(lines[begins].strip(" "))
    if named:
        lines[begins] = ""
    skipped = {number for number, line in enumerate(lines) if _is_skipped(line)}
    lines = ["" if number in skipped else line for number, line in enumerate(lines)]
    count = sum(1 for line in lines if line.strip())
    if count > MOST_LINES:
        raise ProfileError(f"{path}: must have at most {MOST_LINES} lines, got {count}")
    separator = named[1] if named else _separator(lines)
    cells = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)
    try:
        rows = [(cells.line_num, [_cell(cell) for cell in row]) for row in cells]
    except csv.Error as error:
        raise ProfileError(f"{path} line {cells.line_num}: not a table: {error}") from None
    if not named:
        rows = _by_spaces(rows)
    blank = [number for number, row in rows if not any(row) and number - 1 not in skipped]
    rows = [(number, row) for number, row in rows if any(row)]
    data = list(itertools.dropwhile(lambda each: is_heading(each[1]), rows))
    headings = rows[: len(rows) - len(data)]
    data = _without_remarks(data)
    headings, data = _without_frame(headings, data)
    table = Table(path, separator, headings, data)
    _check_cells(table)
    if data and len(data[0][1]) == 1:
        first = headings[-1][0] if headings else data[0][0]
        _refuse_blank(table, lines, blank, first, data[-1][0])
    return table


def _is_skipped(line: str) -> bool:
    bare = line.strip()
    return bare.startswith("#") or bool(_RULE.fullmatch(bare)) or bool(_ROW_COUNT.fullmatch(bare))


def _cell(cell: str) -> str:
    """The cell without the apostrophe with which a spreadsheet marks text."""
    cell = cell.strip()
    return cell[1:] if re.match(r"'\d[^']*$", cell) else cell


def _separator(lines: list[str]) -> str:
    """The separator that is outside of quotes in most of the lines with a digit."""
    bare = [re.sub(r'"[^"]*"', "", line) for line in lines if re.search(r"\d", line)]
    for each in _SEPARATORS:
        if sum(each in line for line in bare) * 2 > len(bare):
            return each
    return ","


def _by_spaces(rows: list[Row]) -> list[Row]:
    """A time and a number that spaces separate, in either order, as two cells.

    Only where each line with a digit has both: `1 200` is one number in France.
    """
    filled = [row for _, row in rows if any(row)]
    if any(len(row) > 1 for row in filled):
        return rows
    for form in _SPACED:
        split: list[Row] = []
        for number, row in rows:
            found = form.fullmatch(row[0]) if row else None
            if found and is_dated(found["time"]) and is_number(found["number"]):
                split.append((number, [found["time"], found["number"]]))
            elif re.search(r"\d", "".join(row)):
                break
            else:
                split.append((number, row))
        else:
            return split if any(len(row) > 1 for _, row in split) else rows
    return rows


def _without_remarks(data: list[Row]) -> list[Row]:
    """The lines without those after the last minute that have no time."""
    if not data or max(len(row) for _, row in data) == 1:
        return data
    while len(data) > 1:
        row = data[-1][1]
        filled = [cell for cell in row if cell]
        is_remark = len(filled) == 1 and re.match(r"\W*[^\W\d]", filled[0]) and len(row) == 1
        is_remark = is_remark or (len(row) > 1 and _TOTAL.fullmatch(row[0]) is not None)
        if not is_remark and not _is_sum(data):
            return data
        data = data[:-1]
    return data


def _is_sum(data: list[Row]) -> bool:
    """Whether the last line has no time, and the sum of the numbers above it."""
    row = data[-1][1]
    if len(row) != 2 or row[0] or not row[1]:
        return False
    try:
        total = float(row[1])
        return abs(sum(float(above[-1]) for _, above in data[:-1]) - total) < 0.5
    except ValueError:
        return False


def _without_frame(headings: list[Row], data: list[Row]) -> tuple[list[Row], list[Row]]:
    """The lines without the empty cells of a separator at the end, or at both ends, of each."""
    while data and all(len(row) > 1 and not row[-1] for _, row in data):
        width = len(data[0][1])
        data = [(number, row[:-1]) for number, row in data]
        is_framed = all(len(row) > 1 and not row[0] for _, row in (*headings, *data))
        if is_framed:
            data = [(number, row[1:]) for number, row in data]
        headings = [
            (number, row[is_framed:-1] if not row[-1] or len(row) == width else row[is_framed:])
            for number, row in headings
        ]
    return headings, data


def _check_cells(table: Table) -> None:
    """Raise ProfileError unless all minutes have the same number of cells."""
    headings, data = table.headings, table.minutes
    if table.separator == "," and headings and data:
        heading, first = headings[-1], data[0]
        if len(heading[1]) == 1 < len(first[1]) and not _has_name(headings, len(first[1])):
            # One column of numbers with decimal commas must not be read as a time and a number.
            raise table.error(
                first[0],
                f"must have 1 column as in the heading, got {len(first[1])}; "
                "numbers with a decimal comma stand in quotes, or the first line is sep=;",
            )
    for number, row in data:
        wanted = len(data[0][1])
        if len(row) != wanted:
            more = " (a time and one series)" if len(row) > 2 else ""
            raise table.error(number, f"must have {wanted} columns{more}, got {len(row)}")


def _has_name(headings: list[Row], columns: int) -> bool:
    return any(len(row) == columns for _, row in headings)


def _refuse_blank(table: Table, lines: list[str], blank: list[int], first: int, last: int) -> None:
    """Raise ProfileError for a minute without a number among lines that have no times.

    Lines in `blank` between the `first` line, a heading or a minute, and the `last` minute; and
    after that those with an empty cell in quotes, which are not the end of the file.
    """
    for number in blank:
        if first < number and (number < last or '"' in lines[number - 1]):
            raise table.error(
                number,
                "requests per minute must be a number from 0 up, "
                "got a blank line: a minute without requests is 0",
            )
