"""Resolving dates: Extended Date/Time Format (ISO 8601-2:2019, levels 0 to 2) to plain bounds.

Parsing is the `edtf` package's; here is only what Dateline reads off its result, and off the dates that need no parser.
"""

import calendar
import io
import re
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from time import struct_time
from typing import Literal

from edtf import EDTFObject, parse_edtf
from edtf.parser.edtf_exceptions import EDTFParseException

from app.text.quoting import shown
from app.vocabulary import Precision

FAILURES = (EDTFParseException, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What the parser raises on what is not EDTF: mostly the first, on ‘2024-X6’ or ‘/..’ one of the others."""
PLAIN = re.compile(r"([0-9]{4})(?:-(0[1-9]|1[0-2])(?:-(?!00)([0-9]{2}))?)?")
"""A day, a month or a year of the calendar."""
DOUBT = re.compile(r"(?<=[0-9])[?~%](?=-|\Z)")
"""What says how sure one part of it is."""
LONGEST = 200
"""Characters of an expression; a set of hundreds of dates takes the parser seconds."""


class DateError(ValueError):
    """The expression is not EDTF, or names no day of the years 1 to 9999."""


@dataclass(frozen=True)
class Bounds:
    """The first and the last day that an expression allows; None where it is open."""

    earliest: date | None
    latest: date | None
    precision: Precision


@lru_cache(maxsize=4096)  # parsing takes milliseconds, and articles share their dates
def resolve(expression: str) -> Bounds:
    """Return the bounds of the preferred reading, and the precision.

    `?` and `~` say how sure a date is and do not widen it: 2024-06-18? is bounded by 2024-06-18 on both sides.

    Raises:
        DateError: not EDTF, or no day of the years that ISO dates of four digits can name.
    """
    return plain_bounds(expression) or parsed_bounds(expression)


def plain_bounds(expression: str) -> Bounds | None:
    """Return the bounds of a day, a month or a year, as most dates are: parsing takes a thousand times as long."""
    match = PLAIN.fullmatch(DOUBT.sub("", expression, count=1))
    if match is None:
        return None
    year, month, day = (int(part or 0) for part in match.groups())
    last_month = month or 12
    try:
        first = date(year, month or 1, day or 1)
        last = date(year, last_month, day or calendar.monthrange(year, last_month)[1])
    except ValueError:  # There is no such day, and the parser says so.
        return None
    return Bounds(first, last, Precision.DAY if day else Precision.MONTH if month else Precision.YEAR)


def parsed_bounds(expression: str) -> Bounds:
    """Return the bounds of an expression as `resolve` does, whatever its form."""
    if len(expression) > LONGEST:
        raise DateError(f"{shown(expression)} has more than {LONGEST} characters")
    outside = f"‘{expression}’ names no day of the years 0001 to 9999"
    if "Y" in expression:  # A year of five digits or more, which the parser would work out: Y9E99999999 takes minutes.
        raise DateError(outside)
    try:
        with redirect_stdout(io.StringIO()):  # The parser prints what it fails on.
            parsed = parse_edtf(expression)
            ends = _end(parsed, "lower"), _end(parsed, "upper")
    except FAILURES as error:
        raise DateError(
            f"‘{expression}’ is not Extended Date/Time Format (ISO 8601-2); "
            "write for instance 2024-06-18, 2024?-06-19, 2024-06 or [..2024-05-31]"
        ) from error
    try:
        earliest, latest = (date(*end[:3]) if end else None for end in ends)
    except ValueError as error:
        raise DateError(outside) from error
    if earliest and latest and earliest > latest:
        raise DateError(f"‘{expression}’ ends before it begins")
    return Bounds(earliest, latest, _precision(parsed, earliest, latest))


def _end(parsed: EDTFObject, end: Literal["lower", "upper"]) -> struct_time | None:
    """Return one bound: None where it is open or, as in `/2024-05`, unknown (the parser guesses ten years there)."""
    if getattr(getattr(parsed, end, None), "is_unknown", False):
        return None
    bound = getattr(parsed, f"{end}_strict")()
    return bound if isinstance(bound, struct_time) else None


def _precision(parsed: EDTFObject, earliest: date | None, latest: date | None) -> Precision:
    """The length of the interval decides: EDTF's own levels name it differently for the same span of days."""
    if earliest is None or latest is None:
        return Precision.RANGE
    if earliest == latest:
        return Precision.DAY
    if type(parsed).__name__ == "Season":
        return Precision.SEASON
    whole_years = (earliest.month, earliest.day, latest.month, latest.day) == (1, 1, 12, 31)
    years = latest.year - earliest.year + 1
    if whole_years and years in (1, 10, 100):
        return {1: Precision.YEAR, 10: Precision.DECADE, 100: Precision.CENTURY}[years]
    next_day = latest.toordinal() + 1
    same_month = (earliest.year, earliest.month) == (latest.year, latest.month)
    if same_month and earliest.day == 1 and (latest == date.max or date.fromordinal(next_day).day == 1):
        return Precision.MONTH
    return Precision.RANGE
