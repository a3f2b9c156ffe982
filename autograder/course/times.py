"""Points in time as people, Canvas, Gradescope and Moodle write them.

    2027-02-19 23:59:00 -0500            Gradescope
    2027-02-20T04:59:00Z                 Canvas, in its tables
    Feb 19, 2027 at 11:59pm              Canvas, on its pages
    Friday, 19 February 2027, 11:59 PM   Moodle, in the language of whoever exports

Seconds count, their parts do not.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import MAXYEAR, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from autograder.errors import TableError

LIKE = "expected one like 2027-02-19 23:59 -0500"
WEEKDAY = r"([^\W\d]{2,}\.?,? )?"
MONTH = r"(?P<name>[^\W\d]{3,})\.?,?"
DATES = (
    r"(?P<year>\d{4})[-/.](?P<month>\d\d?)[-/.](?P<day>\d\d?)",
    rf"{WEEKDAY}(?P<day>\d\d?)(\.|st|nd|rd|th)? ?(de )?{MONTH} (de )?(?P<year>\d{{4}})",
    rf"{WEEKDAY}{MONTH} (?P<day>\d\d?)(st|nd|rd|th)?,? (?P<year>\d{{4}})",
    r"(?P<day>\d\d?)\. ?(?P<month>\d\d?)\. ?(?P<year>\d{4})",
    r"(?P<one>\d\d?)/(?P<other>\d\d?)/(?P<year>\d{4})",
)
SECONDS = r"(:(?P<second>\d\d)([.,]\d+)?)?"
CLOCK = rf"((,|T| at| um| a)? ?(?P<hour>\d\d?):(?P<minute>\d\d){SECONDS}( ?(?P<half>[ap])\.?m\b\.?)?)?"
ZONE = r"( ?\(?(?P<zone>Z|(?P<sign>[+-])(?P<hours>\d\d):?(?P<minutes>\d\d)|[A-Za-z][\w+-]*(/[\w+-]+)*)\)?)?"
FORMS = tuple(re.compile(date + CLOCK + ZONE, re.IGNORECASE) for date in DATES)
# How they begin in English, German, French and Spanish, without accents.
MONTHS = (
    "jan ene", "feb fev", "mar", "apr avr abr", "may mai", "jun juin", "jul juil", "aug aou ago", "sep set",
    "oct okt", "nov", "dec dez dic",
)  # fmt: skip
# Hours from UTC of names that the database of zones does not have, as it knows places, not halves of a year.
SEASONS = {"EDT": -4, "CDT": -5, "MDT": -6, "PDT": -7, "PST": -8, "CEST": 2}


def parse(text: str, zone: tzinfo | None = None) -> datetime:
    """Read a time.

    >>> parse("2027-02-19 23:59 America/New_York").isoformat()
    '2027-02-19T23:59:00-05:00'

    Args:
        text: with its zone, or without.
        zone: of a text that names none; None where every text must.

    Raises:
        TableError: if it is no time, has no time of day or no zone, or may be read as two different days.
    """
    plain = _plain(text)
    found = next((match for form in FORMS if (match := form.fullmatch(plain))), None)
    if not found:
        raise TableError(f"{text!r} is no time, {LIKE}")
    fields = found.groupdict()
    own = _zone(fields, text) if fields["zone"] else zone
    if own is None:
        raise TableError(f"{text!r} has no zone, expected a time like 2027-02-19 23:59 -0500")
    if not fields["hour"]:
        raise TableError(f"{text!r} has no time of day, {LIKE}")
    try:
        month, day = _day(fields, text)
        time = datetime(int(fields["year"]), month, day, *_clock(fields), tzinfo=own)
    except ValueError:
        raise TableError(f"{text!r} is no time, {LIKE}") from None
    if not 1 < time.year < MAXYEAR:  # else it cannot be compared with others in any zone
        raise TableError(f"{text!r} is no time, {LIKE}")
    return time


def _plain(text: str) -> str:
    """The text without accents and unusual spaces."""
    letters = unicodedata.normalize("NFKD", text)
    return " ".join("".join(one for one in letters if not unicodedata.combining(one)).split())


def _day(fields: dict[str, str | None], text: str) -> tuple[int, int]:
    """Month and day."""
    if name := fields.get("name"):
        begins = [n for n, names in enumerate(MONTHS, start=1) if name.casefold().startswith(tuple(names.split()))]
        if not begins:
            raise ValueError(name)
        return begins[0], int(fields["day"] or 0)
    if not fields.get("one"):
        return int(fields["month"] or 0), int(fields["day"] or 0)
    one, other = int(fields["one"] or 0), int(fields["other"] or 0)
    if one <= 12 and other <= 12 and one != other:
        days = (f"{fields['year']}-{month:02d}-{day:02d}" for month, day in ((one, other), (other, one)))
        raise TableError(f"{text!r} may be {' or '.join(days)}, {LIKE}")
    return (one, other) if one <= 12 else (other, one)


def _clock(fields: dict[str, str | None]) -> tuple[int, int, int, int]:
    """Hour, minute, second, and microseconds, which change no mark."""
    hour, half = int(fields["hour"] or 0), (fields["half"] or "").casefold()
    if half:
        if not 1 <= hour <= 12:
            raise ValueError(hour)
        hour = hour % 12 + 12 * (half == "p")
    return hour, int(fields["minute"] or 0), int(fields["second"] or 0), 0


def _zone(fields: dict[str, str | None], text: str) -> tzinfo:
    name = fields["zone"] or ""
    if fields["sign"]:
        ahead = timedelta(hours=int(fields["hours"] or 0), minutes=int(fields["minutes"] or 0))
        if ahead >= timedelta(hours=24):
            raise TableError(f"{text!r} is no time, {LIKE}")
        return timezone(ahead if fields["sign"] == "+" else -ahead)
    if name.upper() in SEASONS:
        return timezone(timedelta(hours=SEASONS[name.upper()]))
    try:
        return ZoneInfo("UTC" if name.upper() in ("Z", "GMT") else name)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        raise TableError(f"{text!r}: there is no zone {name}") from None
