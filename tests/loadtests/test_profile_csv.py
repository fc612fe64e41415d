from __future__ import annotations

import json
from pathlib import Path

import pytest

from loadtests.profiles import profile
from loadtests.profiles import requests_csv as profile_csv
from loadtests.profiles.profile import Profile, ProfileError

TOML = 'extends = "diwali"\nname = "mine"\n[[phase]]\nname = "log"\ncsv = "rpm.csv"\n'


def _profile(folder: Path, log: str, more: str = "") -> Profile:
    (folder / "rpm.csv").write_text(log, encoding="utf-8")
    (folder / "mine.toml").write_text(TOML + more)
    return profile.load(str(folder / "mine.toml"))


def test_a_log_becomes_arrivals_whose_turns_make_its_requests(tmp_path: Path) -> None:
    mine = _profile(tmp_path, "600\n1200\n0\n300\n")
    # 240 sale seconds a real one: four minutes of the log are one real second.
    assert mine.load_seconds == pytest.approx(1)
    curve, turns = mine.curve(), mine.conversation.expected_turns
    for t, per_minute in ((0.1, 600), (0.3, 1200), (0.6, 0), (0.9, 300)):
        # The rates themselves are not compressed: they are those that the service saw.
        assert curve.rate(t) * turns * 60 == pytest.approx(per_minute)


def test_requests_that_are_no_turns_are_taken_out(tmp_path: Path) -> None:
    plain = _profile(tmp_path, "600\n1200\n")
    half = _profile(tmp_path, "600\n1200\n", "requests_per_turn = 2\n")
    assert half.curve().total == pytest.approx(plain.curve().total / 2)


def test_a_peak_scales_the_log_to_a_multiple_of_the_base_rate(tmp_path: Path) -> None:
    mine = _profile(tmp_path, "5\n20\n10\n", "peak = 8\n")
    assert [mine.curve().rate(t) for t in (0.1, 0.3, 0.6)] == pytest.approx(
        [2 * 2.8, 8 * 2.8, 4 * 2.8]
    )


def test_a_warm_up_may_come_before_the_log(tmp_path: Path) -> None:
    (tmp_path / "rpm.csv").write_text("60\n60\n")
    warm = '[[phase]]\nname = "warmup"\nminutes = 12\nhold = 1\n'
    (tmp_path / "mine.toml").write_text(TOML.replace("[[phase]]", warm + "[[phase]]"))
    mine = profile.load(str(tmp_path / "mine.toml"))
    assert [name for name, _, _ in mine.planned_phases()] == ["warmup", "log"]


def test_run_json_holds_the_journeys_without_their_file(tmp_path: Path) -> None:
    mine = _profile(tmp_path, "600\n1200\n")
    text = json.dumps(mine.to_dict())
    assert "csv" not in text
    assert profile.from_dict(json.loads(text)) == mine


LOGS = {
    "one column": ("5\n6\n7\n", 1),
    "a heading": ("requests\n5\n6\n7\n", 1),
    "a byte order mark and Windows line ends": ("\ufeffrpm\r\n5\r\n6\r\n7\r\n", 1),
    "comments, and blank lines around": ("\n# the balancer's\n\n5\n6\n # late\n7\n\n \n", 1),
    "sep= before one column": ("\nsep=;\nrpm\n5;\n6;\n7;\n;\n", 1),
    "blank lines between minutes with a time": ("time,rpm\n\n18:30,5\n\n18:31,6\n,\n18:32,7\n", 1),
    "minutes": ("minute,rpm\n0,5\n5,6\n10,7\n", 5),
    "minutes, semicolons": ("0;5\n5;6\n10;7\n", 5),
    "a clock past midnight": ("23:58\t5\n23:59\t6\n00:00\t7\n", 1),
    "a clock with seconds": ("9:59:30,5\n10:00:00,6\n10:00:30,7\n", 0.5),
    "dates with an offset": (
        "time,rpm\n2025-10-20T23:59:00+05:30,5\n2025-10-21T00:00:00+05:30,6\n"
        "2025-10-21T00:01:00+05:30,7\n",
        1,
    ),
    "Unix seconds": ("1760985540,5\n1760985600,6\n1760985660,7\n", 1),
    "Unix milliseconds": ("1760985540000,5\n1760985600000,6\n1760985660000,7\n", 1),
    "a clock in half days": ("00:00,5\n12:00,6\n00:00,7\n", 720),
    "Grafana, for Excel": (
        'sep=,\r\n"Time","web"\r\n"2025-10-20 18:30:00",5\r\n"2025-10-20 18:31:00",6\r\n'
        '"2025-10-20 18:32:00",7\r\n',
        1,
    ),
    "Grafana, formatted": (
        '"Time","web"\n2025-10-20 18:30:00,5 req/min\n2025-10-20 18:31:00,0.1 req/s\n'
        "2025-10-20 18:32:00,0.007 K req/m\n",
        1,
    ),
    "Grafana, semicolons and milliseconds": (
        '"Time";"web;api"\n1760985540000;5\n1760985600000;6\n1760985660000;7\n',
        1,
    ),
    "CloudWatch": (
        "Full label,RequestCount\nLabel,RequestCount\n2025/10/20 18:30:00,5\n"
        "2025/10/20 18:35:00,6\n2025/10/20 18:40:00,7\n",
        5,
    ),
    "Excel in Germany": (
        "sep=;\nZeit;Anfragen\n31.12.2025 23:59;5,00\n01.01.2026 00:00;6,0\n01.01.2026 00:01;7\n",
        1,
    ),
    "a heading with another separator": ("web, api; all\n18:30;5\n18:31;6\n18:32;7\n", 1),
    "a comma between the cells and one in the heading": (
        'Time,"web, all"\n18:30,5\n18:31,6\n18:32,7\n',
        1,
    ),
    "AM and PM": (
        '"10/20/2025, 11:59:00 AM",5\n"10/20/2025, 12:00 PM",6\n10/20/2025 12:01 PM,7',
        1,
    ),
    "PM after a narrow space": ("11:59\u202fAM,5\n12:00\u202fPM,6\n12:01\u202fPM,7\n", 1),
    "the day or the month first": (
        "10/11/2025 23:59,5\n11/11/2025 00:00,6\n11/11/2025 00:01,7\n",
        1,
    ),
    "the month first": ("10/11/2025 23:59,5\n10/12/2025 00:00,6\n10/12/2025 00:01,7\n", 1),
    "the month's name": (
        '"Oct 20, 2025 @ 18:30:00.000",5\n"Oct 20, 2025 @ 18:31:00.000",6\n'
        '"Oct 20, 2025 @ 18:32:00.000",7\n',
        1,
    ),
    "an access log's time": (
        "20/Oct/2025:18:30:00 +0530,5\n20/Oct/2025:18:31:00 +0530,6\n"
        "20/Oct/2025:13:02:00 +0000,7\n",
        1,
    ),
    "Unix time with a zone's name": (
        "2025-10-20 18:30:00 IST,5\n2025-10-20 18:31:00 IST,6\n2025-10-20 18:32:00 IST,7\n",
        1,
    ),
    "days of Excel": ("45950.770833,5\n45950.771528,6\n45950.772222,7\n", 1),
    "hours in days of Excel": ("45950,5\n45950.0416667,6\n45950.0833333,7\n", 60),
    "days of Excel in Germany": ("45950,770833;5\n45950,771528;6\n45950,772222;7\n", 1),
    "a separator at the end of each line": ("18:30;5;\n18:31;6;\n18:32;7;\n", 1),
    "everything in quotes": ('"18:30";"5"\n"18:31";"6"\n"18:32";"7"\n', 1),
    "CloudWatch with all its headings": (
        "Full label,RequestCount\nLabel,RequestCount\nAccount ID,123456789012\nRegion,ap-south-1\n"
        "Dimension:Shard,7\nStatistic,Sum\nPeriod,60\n"
        "2025/10/20 18:30:00,5\n2025/10/20 18:31:00,6\n2025/10/20 18:32:00,7\n",
        1,
    ),
    "a series named by a number": ('"Time (UTC)","200"\n18:30,5\n18:31,6\n18:32,7\n', 1),
    "a series named None": ("Time,None\n18:30,5\n18:31,6\n18:32,7\n", 1),
    "a heading with a line separator": ("Time,we\u2028b\n18:30,5\n18:31,6\n18:32,7\n", 1),
    "a browser's dates": (
        "Mon Oct 20 2025 18:30:00 GMT+0530 (India Standard Time),5\n"
        "Mon Oct 20 2025 18:31:00 GMT+0530 (India Standard Time),6\n"
        "Mon Oct 20 2025 18:32:00 GMT+0530 (India Standard Time),7\n",
        1,
    ),
    "the end of summer time, zones by name": (
        "2025-11-02 01:59:00 EDT,5\n2025-11-02 01:00:00 EST,6\n2025-11-02 01:01:00 EST,7\n",
        1,
    ),
    "the begin of summer time, zones by name": (
        "2025-03-30 01:59:00 CET,5\n2025-03-30 03:00:00 CEST,6\n2025-03-30 03:01:00 CEST,7\n",
        1,
    ),
    "dates without marks": ("202510312359,5\n202511010000,6\n202511010001,7\n", 1),
    "seconds without marks": ("20251031235900,5\n20251101000000,6\n20251101000100,7\n", 1),
    "ISO 8601's basic form": (
        "20251031T235900Z,5\n20251101T000000Z,6\n20251101T000100Z,7\n",
        1,
    ),
    "days without marks": ("20251031,5\n20251101,6\n20251102,7\n", 1440),
    "exponents": ("0.5e1\n6.0E0\n7E+0\n", 1),
}


@pytest.mark.parametrize(("text", "step"), LOGS.values(), ids=LOGS)
def test_logs_come_in_many_forms(tmp_path: Path, text: str, step: float) -> None:
    path = tmp_path / "rpm.csv"
    path.write_text(text, encoding="utf-8", newline="")
    log = profile_csv.read(str(path))
    assert log.per_minute == (5, 6, 7)
    assert log.step_minutes == pytest.approx(step)


NUMBERS = {
    # cells of the second column, the separator, the numbers
    "thousands in quotes": (['"1,200"', "950", '"12,000.5"'], ",", [1200, 950, 12000.5]),
    "a decimal comma": (["1200,5", "950,25", "1.200,75"], ";", [1200.5, 950.25, 1200.75]),
    "thousands with a dot": (["1.200", "950", "1.234.567"], ";", [1200, 950, 1234567]),
    "decimals of three digits": (["0.250", "1.200", "12.000"], ";", [0.25, 1.2, 12]),
    "one decimal comma decides": (["1,200", "12,5", "0"], "\t", [1.2, 12.5, 0]),
    "three decimals between commas": (["600.000", "1200.125"], ",", [600, 1200.125]),
    "Swiss and French thousands": (["1'200", "1\u202f200,5", "7"], ";", [1200, 1200.5, 7]),
    "Indian thousands in quotes": (
        ['"1,23,456"', '"12,34,56,789"', "7"],
        ",",
        [123456, 123456789, 7],
    ),
    "Indian thousands": (["1,23,456", "950"], "\t", [123456, 950]),
    "suffixes": (["1.2K", "2 Mil", "3k req/min"], ",", [1200, 2e6, 3000]),
    "units": (["2 req/s", "3 rps", "600 /h", "5 requests per minute"], ",", [120, 180, 10, 5]),
    "units that headings have": (["4 qps", "0.5 tps", "120 qph"], ",", [240, 30, 2]),
}


@pytest.mark.parametrize(("cells", "separator", "numbers"), NUMBERS.values(), ids=NUMBERS)
def test_numbers_are_read_as_the_country_writes_them(
    tmp_path: Path, cells: list[str], separator: str, numbers: list[float]
) -> None:
    path = tmp_path / "rpm.csv"
    lines = [f"{minute}{separator}{cell}" for minute, cell in enumerate(cells)]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert profile_csv.read(str(path)).per_minute == pytest.approx(numbers)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_a_log_may_be_in_the_encodings_of_excel(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "rpm.csv"
    path.write_text("Zeit\tAufträge\n18:30\t5\n18:31\t6\n", encoding=encoding)
    assert profile_csv.read(str(path)).per_minute == (5, 6)


MISTAKES = [
    # the log, the error after the file's name
    ("5\n6\nmany\n", " line 3: requests per minute must be a number from 0 up, got 'many'"),
    ("rpm\n5\n-1\n", " line 3: requests per minute must be a number from 0 up, got '-1'"),
    ("5\nnan\n", " line 2: requests per minute must be a number from 0 up, got 'nan'"),
    ("0,5\n1,6,7\n", " line 2: must have 2 columns (a time and one series), got 3"),
    ("a,b,c\n1,2,3\n", " line 2: must have 1 or 2 columns (a time and one series), got 3"),
    ("0,5\n1,6\n3,7\n", " line 3: 3 must come 1 minutes after the line before, got 2: "),
    ("1,5\n0,6\n", " line 2: 0 must come more than 0 minutes after the line before, got -1: "),
    ("0,5\nlater,6\n", " line 2: a time must be minutes, 18:30, a date and time, or Unix "),
    ("later,5\n", " line 1: a time must be minutes, 18:30, a date and time, or Unix time"),
    (
        "17609855400000,5\n17609856000000,6\n",
        " line 1: a time must be minutes, 18:30, a date and time, or Unix time, "
        "got '17609855400000'",
    ),
    (
        "18:29,5\n18:28,6\n",
        " line 2: 18:28 must come more than 0 minutes after the line before, got -1",
    ),
    (
        "00:00,5\n23:59,6\n",
        " line 2: 23:59 must come more than 0 minutes after the line before, got -1",
    ),
    (
        "2025-10-20T18:29,5\n2025-10-20T18:28,6\n2025-10-20T18:26,7\n",
        " line 2: 2025-10-20T18:28 must come more than 0 minutes after the line before, got -1: "
        "lines come in equal steps, oldest first",
    ),
    ("a,b,c\n1,2,3\n", " line 2: must have 1 or 2 columns (a time and one series), got 3"),
    (
        "18:30,5\n18:31,\n18:32,7\n",
        " line 2: requests per minute must be a number from 0 up, got "
        "'': a minute without requests is 0",
    ),
    (
        "18:30,undefined\n18:31,6\n",
        " line 1: requests per minute must be a number from 0 up, got "
        "'undefined': a minute without requests is 0",
    ),
    ("Time,web\n18:30,null\n18:31,6\n", " line 2: requests per minute must be a number from 0 "),
    ("undefined\n5\n6\n", " line 1: requests per minute must be a number from 0 up, got 'undef"),
    ("5\n\n6\n", " line 2: requests per minute must be a number from 0 up, got a blank line: a m"),
    (
        "# web\nrpm\n# all\n5\n6\n \t\n7\n",
        " line 6: requests per minute must be a number from 0 up, ",
    ),
    ("rpm\n\n5\n6\n", " line 2: requests per minute must be a number from 0 up, got a blank line"),
    ('rpm\n5\n""\n7\n', " line 3: requests per minute must be a number from 0 up, got a blank li"),
    ('5\n6\n""\n', " line 3: requests per minute must be a number from 0 up, got a blank line: "),
    ("5;\n;\n7;\n", " line 2: requests per minute must be a number from 0 up, got a blank line: "),
    (
        "18:30,5\n\n18:32,6\n18:33,7\n",
        " line 4: 18:33 must come 2 minutes after the line before, got 1: ",
    ),
    ("rpm\n5\nNaN\n7\n", " line 3: requests per minute must be a number from 0 up, got 'NaN'"),
    (
        "18:30;1.200\n18:31;950\n",
        " line 1: requests per minute must be without a thousands "
        "separator: '1.200' may be 1200 or 1.2",
    ),
    (
        "18:30\t950\n18:31\t1,200\n",
        " line 2: requests per minute must be without a thousands "
        "separator: '1,200' may be 1200 or 1.2",
    ),
    ("1 200\n1 300\n", " line 1: requests per minute must be a number from 0 up, got '1 200'"),
    ("0 5\n1 6\n", " line 1: requests per minute must be a number from 0 up, got '0 5'"),
    (
        "Anfragen\n600,5\n1200,25\n",
        " line 2: must have 1 column as in the heading, got 2; numbers ",
    ),
    ('18:30,"1,23,45"\n', " line 1: requests per minute must be a number from 0 up, got '1,23,45'"),
    ("18:30\t1.2.3,4\n", " line 1: requests per minute must be a number from 0 up, got '1.2.3,4'"),
    ("5\n6\v7\n", " line 2: requests per minute must be a number from 0 up, got '6"),
    ("Time,web\n20. Okt. 2025 18:30,x\n18:31,6\n", " line 2: requests per minute must be a"),
    ("18:30,12 ms\n", " line 1: requests per minute must be a number from 0 up, got '12 ms'"),
    (
        "18:30,5\n18:32,6\n18:33,7\n",
        " line 3: 18:33 must come 2 minutes after the line before, got 1: ",
    ),
    ('18:30,5\n18:31,"6\n18:32,7\n', " line 3: not a table: unexpected end of data"),
    (
        "18:30,5\nTotal,5\n18:31,6\n",
        " line 2: a time must be minutes, 18:30, a date and time, or Unix ",
    ),
    ("", ": must hold requests per minute, one line each, got none"),
    ("0\n0\n", ": must hold requests per minute, one line each, got none"),
    ("1\n" * 20_001, ": must have at most 20000 lines, got 20001"),
]


@pytest.mark.parametrize(("log", "said"), MISTAKES, ids=[m[1] for m in MISTAKES])
def test_a_mistake_in_the_log_is_named_with_its_line(tmp_path: Path, log: str, said: str) -> None:
    with pytest.raises(ProfileError) as caught:
        _profile(tmp_path, log)
    assert str(caught.value).startswith(f"{tmp_path / 'rpm.csv'}{said}")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32"])
def test_a_log_in_an_encoding_that_is_not_read_is_named(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "rpm.csv"
    path.write_text("Time\tweb\n18:30\t5\n18:31\t6\n", encoding=encoding)
    with pytest.raises(ProfileError, match=r"cannot read the log .*: it must be UTF-8, or UTF-16 "):
        profile_csv.read(str(path))


def test_a_log_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(TOML)
    with pytest.raises(ProfileError, match=r"cannot read the log .*rpm.csv: No such file"):
        profile.load(str(tmp_path / "mine.toml"))


def test_a_log_far_above_the_base_rate_asks_for_a_peak(tmp_path: Path) -> None:
    with pytest.raises(
        ProfileError, match=r"mine.toml line 5: the peak of the log .*9e\+06 requests"
    ):
        _profile(tmp_path, "9000000\n")
