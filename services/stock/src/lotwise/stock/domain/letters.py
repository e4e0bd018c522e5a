"""The only home of reading a recall letter: free text to numbers, ranges, expiries and codes, for a person to choose.

Letters follow no form. The reader goes from word to word: after "Lot", "Unit", "Serial" or "Batch" what has a digit is
a number of that kind until a word of prose ends it; after "Exp", "Use by" or "Best before" what looks like a day is a
day. A line that is nothing but numbers is a table. Nothing it finds blocks anything.
"""

import re
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from lotwise.values import month_end

LOT = "lot"
SERIAL = "serial"
RANGE = "range"
SURE, RANGED, JOINED, BARE = 90, 85, 75, 60
NUMBER_MAX = 40
_PARTS_MIN = 5
_AMOUNT_MAX = 3


class Found(NamedTuple):
    """A number that the letter names: a lot, a serial or a range, how sure (0-100), and the expiry beside it."""

    kind: str
    first: str
    last: str = ""
    expires_on: date | None = None
    confidence: int = SURE


class Letter(NamedTuple):
    """What a letter says, in its order. `is_all` when it means every lot; expiries that stand beside no number."""

    numbers: tuple[Found, ...]
    codes: tuple[str, ...]
    expires_from: date | None
    expires_until: date | None
    is_all: bool


_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)"
)
_DATES = (
    rf"(?P<iso>\b(?:19|20)\d\d-\d\d?-\d\d?\b)"
    rf"|(?P<us>\b\d\d?[/-]\d\d?[/-](?:\d{{4}}|\d\d)\b)"
    rf"|(?P<dmy>\b\d\d?[\s-]{_MONTH}\.?[\s,-]+\d{{4}}\b)"
    rf"|(?P<mdy>\b{_MONTH}\.?\s+\d\d?,?\s+\d{{4}}\b)"
    rf"|(?P<monyear>\b{_MONTH}\.?,?\s+\d{{4}}\b)"
    rf"|(?P<monday>\b{_MONTH}\.?\s+\d\d?\b)"
    rf"|(?P<my>\b\d\d?/(?:\d{{4}}|\d\d)\b)"
)
_ELEMENT = r"(?P<gs1>\((?P<ai>01|10|17|21)\)\s?(?P<value>[!-'*-~]+))"
_COUNT = r"(?P<count>\(\s*\d+\s*[a-z]+\s*\))"
_CODE = (
    r"(?P<code>\b(?:UPC|GTIN|UDI|NDC|EAN|barcode)\b(?:\s*(?:codes?|numbers?|no\.?))?[\s:#]*"
    r"(?P<digits>\d[\d -]{5,22}\d))"
)
_OTHER = (
    r"(?P<other>\b(?:recall|item|products?\s+code|part|p/n|model|nada|nsn|plant|version|catalogu?e?|phone|tel|fax)"
    r"(?:\s*(?:no\.?|numbers?|nos\.?|codes?))?[\s#:]*(?=[A-Z0-9./-]*\d)[A-Z0-9][A-Z0-9./-]*)"
)
_EXPIRY = (
    r"(?P<expiry>\b(?:exp(?:ir(?:y|es|ation))?\.?(?:\s*dates?)?|use[\s-]+by(?:\s*dates?)?"
    r"|best(?:\s+if\s+used)?[\s-]+(?:by|before)(?:\s*dates?)?|sell[\s-]+by)(?=[^A-Za-z]))"
)
_LABEL = (
    r"(?P<label>\b(?:(?P<lots>lots?|batch(?:es)?|codes?)|units?|serials?|donations?)"
    r"(?:\s*(?:numbers?|nos?\.?|codes?))?(?=[^A-Za-z]|$))"
)
_ITEM = r"(?P<item>(?<![A-Za-z0-9])(?:\d{1,2}|[A-Za-z])\))"
_THROUGH = r"(?P<through>\b(?:through|thru|to)\b|\u2013|(?<=\s)-(?=\s))"
_STOP = r"(?P<stop>[,;:&]|\b(?:and|or)\b)"
_WORD = r"(?P<word>[A-Za-z0-9][A-Za-z0-9._/+-]*)"
_TOKENS = re.compile(
    f"{_ELEMENT}|{_COUNT}|{_CODE}|{_OTHER}|{_EXPIRY}|{_DATES}|{_LABEL}|{_ITEM}|{_THROUGH}|{_STOP}|{_WORD}",
    re.IGNORECASE,
)
_ALL = re.compile(r"\ball\s+(?:\w+\s+){0,2}(?:lots?|products?|units?|serials?|codes?|batch(?:es)?)\b", re.IGNORECASE)
_MEASURE = re.compile(r"\d+(?:\.\d+)?(?:ml|mg|mcg|g|kg|oz|lbs?|cm|mm|ct|count|%|(?-i:[a-z]{4,}))", re.IGNORECASE)
_LINKS = frozenset(
    (
        "no",
        "nos",
        "number",
        "numbers",
        "the",
        "following",
        "are",
        "is",
        "from",
        "between",
        "dates",
        "date",
        "s",
        "by",
        "on",
        "of",
    )
)
_DAY_KINDS = ("iso", "us", "dmy", "mdy", "monyear", "monday", "my")


def read_letter(text: str, this_year: int) -> Letter:
    """Read a recall letter; `this_year` completes days without a year. At most 2,000 numbers are read."""
    reader = _Reader(this_year)
    for line in text.splitlines():
        if not reader.read_table(line):
            reader.read_prose(line)
    days = sorted(reader.days)
    numbers = tuple(dict.fromkeys(reader.numbers))[:2000]
    return Letter(
        numbers,
        tuple(dict.fromkeys(reader.codes)),
        days[0] if days else None,
        days[-1] if days else None,
        _ALL.search(text) is not None,
    )


class _Reader:
    """Where the reader stands: which kind of number is awaited, whether a day is, and what was read so far."""

    def __init__(self, this_year: int) -> None:
        self.this_year = this_year
        self.numbers: list[Found] = []
        self.codes: list[str] = []
        self.days: list[date] = []
        self._mode: str | None = None
        self._awaits_day = False
        self._parts: list[str] = []
        self._group = 0
        self._from: str | None = None

    def read_table(self, line: str) -> bool:
        """Read a line of nothing but numbers (and days); False when it is prose."""
        tokens = [one for one in _TOKENS.finditer(line) if one.lastgroup not in {"stop", "item", "count"}]
        if not tokens or any(one.lastgroup in {"label", "expiry", "code", "gs1", "other"} for one in tokens):
            return False
        words = [one for one in tokens if one.lastgroup == "word"]
        numbers = [one for one in words if _is_number(one.group())]
        days = [one for one in tokens if one.lastgroup in _DAY_KINDS]
        if not numbers or 10 * len(numbers) < 7 * len(words) or len(days) > len(numbers):
            return False
        if days:
            for one, after in pairwise(tokens):
                if one in numbers and after in days:
                    self._add(Found(LOT, _bare(one.group()), expires_on=self._day(after), confidence=BARE))
        else:
            self.numbers += [Found(LOT, _bare(one.group()), confidence=BARE) for one in numbers]
        return True

    def read_prose(self, line: str) -> None:
        """Read a line of a letter; what it began ends with the line."""
        end = 0
        for token in _TOKENS.finditer(line):
            kind = token.lastgroup if token.lastgroup != "lots" else "label"
            if self._parts and (kind != "word" or line[end : token.start()].strip()):
                self._flush()
            self._take(kind or "", token)
            end = token.end()
        self._flush()
        self._mode, self._awaits_day, self._from = None, False, None

    def _take(self, kind: str, token: "re.Match[str]") -> None:
        if kind in _DAY_KINDS:
            self._take_day(token)
        elif kind == "label":
            self._mode, self._awaits_day = (LOT if token["lots"] else SERIAL), False
            self._group = len(self.numbers)
        elif kind == "expiry":
            self._awaits_day = True
        elif kind == "code":
            self.codes.append(re.sub(r"[ -]", "", token["digits"]))
        elif kind == "gs1":
            self._take_element(token["ai"], token["value"])
        elif kind == "through":
            self._from = self.numbers[-1].first if self._mode and self.numbers and not self._awaits_day else None
        elif kind == "word":
            self._take_word(token.group())

    def _take_word(self, word: str) -> None:
        if word.lower() in _LINKS or self._mode is None:
            return
        if _is_number(word) or (self._parts and any(letter.isdigit() for letter in word)):
            self._awaits_day = False
            self._parts.append(_bare(word))
        elif word.isupper() and len(word) <= _PARTS_MIN and not self._parts:
            self._parts.append(word)
        else:
            if all(part.isdigit() and len(part) <= _AMOUNT_MAX for part in self._parts):
                self._parts = []
            self._flush()
            self._mode, self._awaits_day = None, False

    def _take_day(self, token: "re.Match[str]") -> None:
        if not self._awaits_day:
            if token.lastgroup == "my" and self._mode:
                self._parts.append(token.group())
            return
        day = self._day(token)
        if day is None:
            return
        beside = [index for index in range(self._group, len(self.numbers)) if self.numbers[index].expires_on is None]
        for index in beside:
            self.numbers[index] = self.numbers[index]._replace(expires_on=day)
        if not beside:
            self.days.append(day)
        self._group = len(self.numbers)

    def _take_element(self, ai: str, value: str) -> None:
        if ai == "01":
            self.codes.append(value)
        elif ai == "17" and value.isdigit() and self.numbers:
            day = _ymd(self._year(int(value[:2])), int(value[2:4]), int(value[4:6]))
            self.numbers[-1] = self.numbers[-1]._replace(expires_on=day)
        elif ai in {"10", "21"}:
            self._add(Found(LOT if ai == "10" else SERIAL, value))

    def _flush(self) -> None:
        parts, self._parts = self._parts, []
        if not any(any(letter.isdigit() for letter in part) for part in parts) or self._mode is None:
            return
        apart = len(parts) > 1 and all(len(one) >= _PARTS_MIN and _is_number(one) for one in parts)
        for number in parts if apart else [" ".join(parts)]:
            self._add(Found(self._mode, number, confidence=JOINED if len(parts) > 1 and not apart else SURE))

    def _add(self, found: Found) -> None:
        if len(found.first) > NUMBER_MAX:
            return
        first, dash, last = found.first.partition("-")
        if self._from is not None and self.numbers:
            before = self.numbers.pop()
            found = Found(RANGE, before.first, found.first, before.expires_on, RANGED)
            self._from = None
        elif dash and first.isdigit() and last.isdigit() and len(first) == len(last) >= _PARTS_MIN and first < last:
            found = Found(RANGE, first, last, confidence=RANGED)
        self.numbers.append(found)

    def _year(self, two: int) -> int:
        year = self.this_year // 100 * 100 + two
        return year - 100 if year - self.this_year > 50 else year

    def _day(self, token: "re.Match[str]") -> date | None:
        """The day a token means: a month alone is its last day. None for a day that does not exist."""
        kind = token.lastgroup
        digits = [int(one) for one in re.findall(r"\d+", token.group())]
        name = re.search(r"[A-Za-z]{3}", token.group())
        month = _MONTHS[name.group().lower()] if name else 0
        years = [self._year(one) if one < 100 else one for one in digits[-1:]]
        parts = {
            "iso": tuple(digits),
            "us": (years[0], *digits[:2]),
            "dmy": (years[0], month, digits[0]),
            "mdy": (years[0], month, digits[0]),
            "monyear": (years[0], month, 0),
            "monday": (self.this_year, month, digits[0]),
            "my": (years[0], digits[0], 0),
        }[kind or ""]
        return _ymd(*parts)


def _ymd(year: int, month: int, day: int) -> date | None:
    try:
        return month_end(year, month) if day == 0 else date(year, month, day)
    except ValueError:
        return None


def _bare(word: str) -> str:
    return word.rstrip("./-+")


def _is_number(word: str) -> bool:
    word = _bare(word)
    return len(word) >= 3 and any(letter.isdigit() for letter in word) and not _MEASURE.fullmatch(word)
