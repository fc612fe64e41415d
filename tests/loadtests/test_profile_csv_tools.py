"""Logs as monitoring tools, databases, shells and spreadsheets of several countries write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from loadtests.profiles import requests_csv as profile_csv
from loadtests.profiles.source import ProfileError


def read(tmp_path: Path, text: str) -> profile_csv.Log:
    path = tmp_path / "rpm.csv"
    path.write_text(text, encoding="utf-8", newline="")
    return profile_csv.read(str(path))


def dated(cell: str, separator: str = ",") -> str:
    """Three minutes with 5, 6 and 7 requests, whose times have `#` in place of 0, 1 and 2."""
    return "".join(f"{cell.replace('#', str(n))}{separator}{5 + n}\n" for n in range(3))


MINUTES = {
    "Datadog": "time,tags,value\n"
    "2025-10-20T18:30:00.000Z,service:web,5\n2025-10-20T18:31:00.000Z,service:web,6\n"
    "2025-10-20T18:32:00.000Z,service:web,7\n",
    "Datadog in milliseconds with two tags": '"time","group","value"\n'
    '1760985540000,"env:prod,service:web",5\n1760985600000,"env:prod,service:web",6\n'
    '1760985660000,"env:prod,service:web",7\n',
    "Datadog with the metric": "timestamp,metric,tags,value\n"
    "1760985540,trace.hits,service:web,5\n1760985600,trace.hits,service:web,6\n"
    "1760985660,trace.hits,service:web,7\n",
    "New Relic": "beginTimeSeconds,endTimeSeconds,count\n"
    "1760985540,1760985600,5\n1760985600,1760985660,6\n1760985660,1760985720,7\n",
    "New Relic with names": "Begin time,End time,Count\n"
    "2025-10-20 18:30:00,2025-10-20 18:31:00,5\n2025-10-20 18:31:00,2025-10-20 18:32:00,6\n"
    "2025-10-20 18:32:00,2025-10-20 18:33:00,7\n",
    "New Relic in another order": "count,inspectedCount,beginTimeSeconds,endTimeSeconds\n"
    "5,5,1760985540,1760985600\n6,6,1760985600,1760985660\n7,7,1760985660,1760985720\n",
    "Splunk with the span": '"_time",count,"_span","_spandays"\n'
    "2025-10-20T18:30:00.000+0530,5,60,\n2025-10-20T18:31:00.000+0530,6,60,\n"
    "2025-10-20T18:32:00.000+0530,7,60,\n",
    "InfluxDB": "name,time,sum\nhttp,1760985540000000000,5\nhttp,1760985600000000000,6\n"
    "http,1760985660000000000,7\n",
    "InfluxDB with annotations": "#datatype,string,long,dateTime:RFC3339,double\n"
    "#default,_result,,,\n,result,table,_time,_value\n,,0,2025-10-20T18:30:00Z,5\n"
    ",,0,2025-10-20T18:31:00Z,6\n,,0,2025-10-20T18:32:00Z,7\n",
    "Grafana, series to rows": '"Series";"Time";"Value"\n"web";"2025-10-20T18:30:00+05:30";5\n'
    '"web";"2025-10-20T18:31:00+05:30";6\n"web";"2025-10-20T18:32:00+05:30";7\n',
    "pandas with its index": ",time,rpm\n0,2025-10-20 18:30:00,5\n1,2025-10-20 18:31:00,6\n"
    "2,2025-10-20 18:32:00,7\n",
    "a date and a clock": "Date,Time,Requests\n2025-10-20,23:59,5\n2025-10-21,00:00,6\n"
    "2025-10-21,00:01,7\n",
    "psql": "         minute         | count \n------------------------+-------\n"
    " 2025-10-20 18:30:00+00 |     5\n 2025-10-20 18:31:00+00 |     6\n"
    " 2025-10-20 18:32:00+00 |     7\n(3 rows)\n\n",
    "MySQL": "+-------+-------+\n| t     | count |\n+-------+-------+\n| 18:30 |     5 |\n"
    "| 18:31 |     6 |\n| 18:32 |     7 |\n+-------+-------+\n3 rows in set (0.01 sec)\n",
    "uniq -c": "      5 20/Oct/2025:18:30\n      6 20/Oct/2025:18:31\n      7 20/Oct/2025:18:32\n",
    "spaces": "2025-10-20 18:30 5\n2025-10-20 18:31 6\n2025-10-20 18:32 7\n",
    "the number first": "requests,time\n" + "5,2025-10-20 18:30\n6,2025-10-20 18:31\n"
    "7,2025-10-20 18:32\n",
    "the AWS command line, in no order": "DATAPOINTS\t6.0\t2025-10-20T18:31:00Z\tCount\n"
    "DATAPOINTS\t5.0\t2025-10-20T18:30:00Z\tCount\nDATAPOINTS\t7.0\t2025-10-20T18:32:00Z\tCount\n",
    "the newest first": "bin(1m),count(*)\n2025-10-20 18:32:00.000,7\n2025-10-20 18:31:00.000,6\n"
    "2025-10-20 18:30:00.000,5\n",
    "CloudWatch with Id": "Id,m1\nLabel,RequestCount\n" + dated("2025/10/20 18:3#:00"),
    "Unix microseconds": "1760985540000000,5\n1760985600000000,6\n1760985660000000,7\n",
    "Unix nanoseconds": "1760985540000000000,5\n1760985600000000000,6\n1760985660000000000,7\n",
    "a total": "Time,web\n18:30,5\n18:31,6\n18:32,7\nTotal,18\n",
    "totals in German": "Zeit;web\n18:30;5\n18:31;6\n18:32;7\nDurchschnitt;6\nSumme;18\n",
    "a total without a name": "Time,web\n18:30,5\n18:31,6\n18:32,7\n,18\n",
    "a remark at the end": "Time,web\n18:30,5\n18:31,6\n18:32,7\n\nExported by Grafana 12.2\n",
    "both ends of a minute": "18:30-18:31,5\n18:31-18:32,6\n18:32-18:33,7\n",
    "both ends, with a dash": "18:30 \u2013 18:31,5\n18:31 \u2013 18:32,6\n18:32 \u2013 18:33,7\n",
    "midnight as 24:00": "23:58,5\n23:59,6\n24:00,7\n",
    "text marked with an apostrophe": dated("'18:3#"),
    "a zone of the IANA": dated("2025-10-20 18:3#:00 Asia/Kolkata"),
    "a zone in brackets": dated("2025-10-20 18:3#:00 (UTC+05:30)"),
    "a zone as Java writes it": dated("2025-10-20T18:3#:00+05:30[Asia/Kolkata]"),
    "Devanagari digits": "१८:३०,५\n१८:३१,६\n१८:३२,७\n",
    "French": dated("20 oct. 2025 18:3#"),
    "French, in full": dated("mardi 20 octobre 2025 à 18h3#"),
    "French, with a short year": "31-déc-25 23:59;5\n01-janv-26 00:00;6\n01-janv-26 00:01;7\n",
    "French hours": dated("20/10/2025 18h3#", ";"),
    "German": dated("20. Okt. 2025 18:3#", ";"),
    "German, in full": dated("Montag, 20. Oktober 2025 um 18:3# Uhr", ";"),
    "German March": dated("20. März 2025 18:3#", ";"),
    "Spanish": dated("20 de octubre de 2025 18:3#"),
    "Italian": dated("lun 20 ott 2025 18.3#", ";"),
    "Portuguese": dated("20 de out. de 2025 18:3#"),
    "Dutch": dated("20 okt. 2025 18:3#"),
    "Polish": dated("20 paź 2025 18:3#", ";"),
    "Russian": dated("20 окт. 2025 г. 18:3#", ";"),
    "Russian May": dated("20 мая 2025 18:3#", ";"),
    "Turkish": dated("20 Ağu 2025 18:3#", ";"),
    "Hindi": dated("20 अक्तूबर 2025 18:3#"),
    "Japanese": dated("2025年10月20日 18:3#"),
    "Japanese hours": dated("2025年10月20日 18時3#分"),
    "a weekday in another language": dated("lun. 20/10/2025 18:3#", ";"),
}


@pytest.mark.parametrize("text", MINUTES.values(), ids=MINUTES)
def test_three_minutes_are_read_from_every_tool(tmp_path: Path, text: str) -> None:
    log = read(tmp_path, text)
    assert log.per_minute == (5, 6, 7)
    assert log.step_minutes == pytest.approx(1)


def test_a_month_in_another_language_is_that_month(tmp_path: Path) -> None:
    """Days at the turn of each month: a wrong month would make unequal steps."""
    names = (
        "janv. févr. mars avr. mai juin juil. août sept. oct. nov. déc.",
        "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        "gen feb mar apr mag giu lug ago set ott nov dic",
        "jan. fev. mar. abr. mai. jun. jul. ago. set. out. nov. dez.",
        "sty lut mar kwi maj cze lip sie wrz paź lis gru",
        "Oca Şub Mar Nis May Haz Tem Ağu Eyl Eki Kas Ara",
        "led úno bře dub kvě čvn čvc srp zář říj lis pro",
        "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
        "जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्तूबर नवंबर दिसंबर",
        "Jan Feb Mar Apr Mei Jun Jul Agu Sep Okt Nov Des",
    )
    lengths = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    for line in names:
        months = zip(line.split(), lengths, strict=True)
        days = [f"{day} {name} 2025;5\n" for name, length in months for day in range(1, length + 1)]
        log = read(tmp_path, "".join(days))
        assert (len(log.per_minute), log.step_minutes) == (365, 24 * 60), line


def _hour(day: str, hour: int, step: int = 1) -> str:
    return "".join(f"{day} {hour:02}:{minute:02},{hour}\n" for minute in range(0, 60, step))


CHANGES = {
    "minutes, back": (_hour("2025-11-02", 1) * 2 + _hour("2025-11-02", 2), 180, 1),
    "a clock, back": ((_hour("", 1) * 2 + _hour("", 2)).replace(" ", ""), 180, 1),
    "half hours, back": (
        _hour("2025-10-26", 1, 30) + _hour("2025-10-26", 2, 30) * 2 + _hour("2025-10-26", 3, 30),
        8,
        30,
    ),
    "hours, back": (
        "".join(f"2025-11-02 {h},5\n" for h in ("00:00", "01:00", "01:00", "02:00")),
        4,
        60,
    ),
    "minutes, forward": (_hour("2025-03-30", 1) + _hour("2025-03-30", 3), 120, 1),
    "hours, forward in America": (
        "".join(f"2025-03-09 {h},5\n" for h in ("00:00", "01:00", "03:00", "04:00")),
        4,
        60,
    ),
}


@pytest.mark.parametrize(("text", "lines", "step"), CHANGES.values(), ids=CHANGES)
def test_local_times_in_a_night_of_summer_times_change_keep_every_line(
    tmp_path: Path, text: str, lines: int, step: float
) -> None:
    log = read(tmp_path, text)
    assert (len(log.per_minute), log.step_minutes) == (lines, step)


UNITS = {
    "per second in the heading": ("Time,web (req/s)\n18:30,1\n18:31,2\n", 1, (60, 120)),
    "rps": ("time,rps\n18:30,1\n18:31,2\n", 1, (60, 120)),
    "per hour": ("Time,requests per hour\n18:30,3600\n18:31,7200\n", 1, (60, 120)),
    "per 5 min": ("Time,requests per 5 min\n18:30,300\n18:35,600\n", 5, (60, 120)),
    "req/15min": ("Time,web (req/15min)\n18:30,900\n18:45,1800\n", 15, (60, 120)),
    "count_per_5m": ("Time,count_per_5m\n18:30,300\n18:35,600\n", 5, (60, 120)),
    "je 10 Minuten": ("Zeit;Anfragen je 10 Minuten\n18:30;600\n18:40;1200\n", 10, (60, 120)),
    "per 30 s": ("Time,Requests per 30 seconds\n18:30,30\n18:31,60\n", 1, (60, 120)),
    "per 2 hours": ("Time,requests / 2 h\n18:00,7200\n20:00,14400\n", 120, (60, 120)),
    "per 1 minute": ("Time,requests per 1 minute\n18:30,60\n18:31,120\n", 1, (60, 120)),
    "the window of an average": ("Time,rpm (5 min avg)\n18:30,60\n18:31,120\n", 1, (60, 120)),
    "the name of a path": ("Time,GET /v2/menu\n18:30,60\n18:31,120\n", 1, (60, 120)),
    "a path with a number": ("Time,GET /5/menu\n18:30,60\n18:31,120\n", 1, (60, 120)),
    "a path in the heading": ("Time,GET /s\n18:30,60\n18:31,120\n", 1, (60, 120)),
    "a folder in the heading": ("Time,web/search\n18:30,60\n18:31,120\n", 1, (60, 120)),
    "a cell with its own unit": ("Time,rps\n18:30,60 req/min\n18:31,120 req/min\n", 1, (60, 120)),
    "sums of five minutes": (
        "Label,RequestCount\nStatistic,Sum\nPeriod,300\n"
        "2025/10/20 18:30:00,300\n2025/10/20 18:35:00,600\n",
        5,
        (60, 120),
    ),
    "averages of five minutes": (
        "Label,RequestCount\nStatistic,Average\nPeriod,300\n"
        "2025/10/20 18:30:00,60\n2025/10/20 18:35:00,120\n",
        5,
        (60, 120),
    ),
    "New Relic's counts of five minutes": (
        "beginTimeSeconds,endTimeSeconds,count\n1760985300,1760985600,300\n"
        "1760985600,1760985900,600\n",
        5,
        (60, 120),
    ),
}


@pytest.mark.parametrize(("text", "step", "numbers"), UNITS.values(), ids=UNITS)
def test_a_heading_may_say_what_the_numbers_count(
    tmp_path: Path, text: str, step: float, numbers: tuple[float, ...]
) -> None:
    log = read(tmp_path, text)
    assert log.per_minute == pytest.approx(numbers)
    assert log.step_minutes == step


REFUSED = {
    "hours as bare numbers": (
        "hour,requests\n0,5\n1,6\n",
        " line 2: a time must be minutes, 18:30, a date and time, or Unix time, got '0' in a "
        "column 'hour'",
    ),
    "a minute that comes twice in a file without order": (
        "2025-10-20 18:31,5\n2025-10-20 18:30,6\n2025-10-20 18:31,6\n",
        " line 2: 2025-10-20 18:30 must come more than 0 minutes after the line before, got -1: ",
    ),
    "two tags": (
        "time,tags,value\n18:30,service:web,5\n18:30,service:api,6\n",
        " line 2: must have 1 or 2 columns (a time and one series), got 3: 'service:web' and "
        "'service:api' are two series",
    ),
    "two series": (
        '"Time","web","api"\n18:30,5,6\n18:31,6,7\n',
        " line 2: must have 1 or 2 columns (a time and one series), got 3: 'web' and 'api' are two",
    ),
    "a second series that never changes": (
        "Time,ok,failed\n18:30,5,1\n18:31,6,1\n",
        " line 2: must have 1 or 2 columns (a time and one series), got 3: 'ok' and 'failed' are",
    ),
    "decimal commas without quotes": (
        "Time,web\n18:30,600,5\n18:31,601,5\n",
        " line 2: must have 1 or 2 columns (a time and one series), got 3",
    ),
    "a missing hour by day": (
        "2025-03-30 13:59,5\n2025-03-30 14:00,5\n2025-03-30 15:01,5\n",
        " line 3: 2025-03-30 15:01 must come 1 minutes after the line before, got 61: ",
    ),
    "a missing hour in another night": (
        "2025-03-18 01:58,5\n2025-03-18 01:59,5\n2025-03-18 03:00,5\n",
        " line 3: 2025-03-18 03:00 must come 1 minutes after the line before, got 61: ",
    ),
    "an hour that comes twice in June": (
        _hour("2025-06-15", 1) * 2,
        " line 61: 2025-06-15 01:00 must come 1 minutes after the line before, got -59: ",
    ),
    "a missing minute in a file without order": (
        "2025-10-20 18:33,8\n2025-10-20 18:31,6\n2025-10-20 18:30,5\n",
        " line 2: 2025-10-20 18:31 must come more than 0 minutes after the line before, got -2: ",
    ),
    "a minute of New Relic's that is missing": (
        "beginTimeSeconds,endTimeSeconds,count\n1760985540,1760985600,5\n"
        "1760985600,1760985660,6\n1760985720,1760985780,7\n",
        " line 4: 1760985720 must come 1 minutes after the line before, got 2: ",
    ),
    "a series without a number in one minute": (
        "time,tags,value\n18:30,a:b,5\n18:31,a:b,\n18:32,a:b,7\n",
        " line 3: requests per minute must be a number from 0 up, got ''",
    ),
    "a last minute of which a part is missing": (
        "Time,web\n18:30,5\n18:31,6\n18:32\n",
        " line 4: must have 2 columns, got 1",
    ),
}


@pytest.mark.parametrize(("text", "said"), REFUSED.values(), ids=REFUSED)
def test_no_series_and_no_minute_is_dropped_in_silence(
    tmp_path: Path, text: str, said: str
) -> None:
    with pytest.raises(ProfileError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"{tmp_path / 'rpm.csv'}{said}")
