"""The lists that an entity stands in, by number: loading writes what questions look up.

A list is what one value of one filter lets through: `person organisation=national-police-service`. Each list of events
is four, by what is known of their days: the timeline sets events apart by that, and a period is a range of each.
"""

import hashlib
from datetime import date
from enum import IntEnum
from typing import Final

from app.vocabulary import EntityType


class Part(IntEnum):
    """The parts of a list of events, which the lowest digits of its number tell apart; other lists have the first."""

    DATED = 0
    """Both the first and the last day are known."""
    BEGUN = 1
    """Only the first one is."""
    ENDING = 2
    """Only the last one is."""
    UNDATED = 3
    """Neither is."""


DIGITS: Final = 2
"""Binary digits of the number that hold the part."""


def number_of(entity_type: str, **filters: str) -> int:
    """Return the number of the list of what these values of filters, named in this order, let through.

    It is a digest of the list's name, since numbers take less room than names: of ten million lists, two share one by a
    chance of less than one to ten thousand.
    """
    name = " ".join([entity_type, *(f"{name}={value}" for name, value in filters.items())])
    digest = int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "big")
    return digest >> 1 >> DIGITS << DIGITS


def part_of(earliest: date | None, latest: date | None) -> Part:
    """Return the part of its lists that an event of these bounds stands in; what is no event has none."""
    return Part(2 * (earliest is None) + (latest is None))


def part_of_entity(entity_type: str, earliest: date | None, latest: date | None) -> Part:
    """Return the part of its lists that an entity stands in."""
    return part_of(earliest, latest) if entity_type == EntityType.EVENT else Part.DATED


def parts_of(entity_type: str) -> tuple[Part, ...]:
    """Return the parts that the lists of entities of a type have."""
    return tuple(Part) if entity_type == EntityType.EVENT else (Part.DATED,)


def width_of(earliest: date, latest: date) -> int:
    """Return a measure of how many days lie between the bounds of an event: half the number of its binary digits."""
    return ((latest - earliest).days.bit_length() + 1) // 2


WIDEST: Final = width_of(date.min, date.max)


def most_days(width: int) -> int:
    """Return how many days lie between the bounds of an event of this width at most."""
    return int(4**width) - 1
