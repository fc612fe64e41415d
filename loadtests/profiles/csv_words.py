"""The words of dates in the languages in which spreadsheets and dashboards write them."""

from __future__ import annotations

import re
import unicodedata

_ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_BEGINNINGS = (
    "jan gen ene ian sty led oca янв जन",
    "feb fev lut uno sub фев फर",
    "mar mrt brez bre мар मार",
    "apr avr abr kwi dub nis апр अप",
    "may mai mag mei maj kve мая маи मई",
    "jun juin giu cze cerven cvn haz июн जून",
    "jul juil lug lip cervenec cvc tem июл जुल",
    "aug aou ago agu sie srp авг अग",
    "sep set wrz zar eyl сен सित",
    "oct okt ott out paz rij eki окт अक",
    "nov lis kas ноя नव",
    "dec dez dic des gru pro ara дек दिस",
)
"""The beginnings of each month's name without accents: English, French, German, Spanish, Italian,
Portuguese, Dutch, Polish, Czech, Turkish, Russian, Indonesian, Hindi and the Nordic languages."""
_MONTHS = {
    word: month
    for month, words in zip(_ENGLISH, _BEGINNINGS, strict=True)
    for word in words.split()
}
_LONGEST = max(map(len, _MONTHS))
_BETWEEN = frozenset(
    {"a", "as", "at", "de", "del", "el", "i", "kl", "klo", "las", "le", "o", "of", "à"}
)
_AFTER = frozenset({"г", "год", "года", "h", "klo", "the", "uhr", "um", "ur", "в", "बजे"})
_SMALL = _BETWEEN | _AFTER
"""Words between the parts of a date, as in `20 de octubre de 2025 a las 18:30`."""

_LETTERS = r"(?:[^\W\d_]|[\u0900-\u0963\u0970-\u097f])+"
"""A word; the signs of Hindi's vowels are no letters for `re`."""
_WORD = re.compile(rf"(?<![^\W\d_])({_LETTERS})\.?,?")
_FIRST_WORD = re.compile(rf"{_LETTERS}\.?,?\s+")
_NUMBERS_ONLY = re.compile(r"\d+[./-]\d+[./-]\d+\b.*")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|er|º|ª|°|\.)(?=[\s,])")
_EAST_ASIAN = (
    (re.compile(r"\s*[年년]\s*|\s*[月월]\s*"), "-"),
    (re.compile(r"\s*[日일号號]\s*"), " "),
    (re.compile(r"\s*[時时点點시]\s*(?=\d)"), ":"),
    (re.compile(r"\s*[分분]\s*(?=\d)"), ":"),
    (re.compile(r"\s*[分秒분초]\s*$"), ""),
)
_HOURS = re.compile(r"\b(\d{1,2})\s?[hH]\s?(\d\d)(?:\s?(?:min|m|')?\s?(\d\d)\s?s?|\s?(?:min|m))?$")
"""`18h30`, as in France and Brazil."""
_DOTTED = re.compile(r"(?<=\s)(\d{1,2})\.(\d\d)(?:\.(\d\d))?$")
"""`18.30` after a date, as in Italy, Denmark and Finland."""


def in_english(text: str) -> str:
    """A date and time as English writes it: `20 déc. 2025 à 18h30` is `20 Dec 2025 18:30`."""
    text = clock_in_english(text)
    if not text.isascii():
        for found, instead in _EAST_ASIAN:
            text = found.sub(instead, text)
    text = _ORDINAL.sub("", text)
    first = _FIRST_WORD.match(text)
    if first:
        rest = text[first.end() :]
        if _NUMBERS_ONLY.fullmatch(rest) or any(map(_month, _WORD.findall(rest))):
            text = rest  # a day of the week
    return re.sub(r"\s+", " ", _WORD.sub(_replaced, text)).strip()


def clock_in_english(text: str) -> str:
    """`18h30`, and `18.30` after a date, with a colon."""
    found = _HOURS.search(text) or _DOTTED.search(text)
    if found is None:
        return text
    return text[: found.start()] + ":".join(part for part in found.groups() if part)


def in_plain_digits(text: str) -> str:
    """The digits of other scripts as 0 to 9."""
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(each)) if each.isdecimal() else each for each in text)


def _replaced(found: re.Match[str]) -> str:
    month = _month(found[1])
    if month:
        return f"{month} " if found[0].endswith(",") else month
    return " " if found[1].casefold() in _SMALL else found[0]


def _month(word: str) -> str | None:
    """The English month of a month's name, or of its beginning."""
    if len(word) < 2 or word.casefold() in ("am", "pm", "part"):
        return None
    marks = unicodedata.normalize("NFKD", word.casefold().replace("ı", "i"))
    plain = "".join(each for each in marks if not 0x300 <= ord(each) < 0x370 and each != "़")
    for length in range(min(_LONGEST, len(plain)), 1, -1):
        if plain[:length] in _MONTHS:
            return _MONTHS[plain[:length]]
    return None
