"""The entities: each a pure function of its number, so that all articles call it the same and none is kept in memory.

Low numbers are the hubs: articles choose by `zipf`. `there_are` says how many there are by the time of an article.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from random import Random

from benchmarks.corpus import names

KEPT = 4096
"""Entities of a type that are kept, hubs among them; all others are made again when they are needed."""
FIRST_DAY = date(2019, 1, 1)
DAYS = 4 * 365
CAPITALS = len(names.COUNTRIES)
STATE_BODIES = len(names.STATE_BODIES)
AT_FIRST = {"person": 240, "organisation": 240, "unit": 60, "city": 60, "site": 60, "document": 40, "event": 40}
"""How many there are before the first article."""
NEW = {"person": 2.0, "organisation": 0.8, "unit": 0.4, "city": 0.1, "site": 0.4, "document": 0.4, "event": 1.2}
"""How many an article brings, on the average."""


@dataclass(frozen=True)
class Entity:
    """What every article calls an entity."""

    slug: str
    name: str
    kind: str | None

    type = ""


@dataclass(frozen=True)
class Place(Entity):
    """A country, a province, a city, or a site in a city."""

    within: "Place | None"

    type = "place"

    @property
    def country(self) -> "Place":
        """The country, or the place itself if it is one."""
        return self.within.country if self.within else self


@dataclass(frozen=True)
class Organisation(Entity):
    """A body of a state, or one that people made."""

    seat: Place
    parent: "Organisation | None"
    acronym: str

    type = "organisation"


@dataclass(frozen=True)
class Unit(Entity):
    """A force of an organisation or of a larger unit."""

    parent: "Organisation | Unit"
    strength: int

    type = "unit"


@dataclass(frozen=True)
class Person(Entity):
    """Somebody with a post."""

    last_name: str
    organisation: Organisation
    title: str

    type = "person"


@dataclass(frozen=True)
class Paper(Entity):
    """A document that an organisation issued."""

    issuer: Organisation
    year: int

    type = "document"


@dataclass(frozen=True)
class Event(Entity):
    """Something that happens at a place on a day, told of as exactly as it is known."""

    venue: Place
    host: Organisation
    leader: Person
    topic: str
    day: date
    known: str
    """How well articles know its day: `day`, `month`, `year`, `before` or `not`."""

    type = "event"


def zipf(random: Random, count: int) -> int:
    """Return a number below the count, `n` about half as often as `n / 2`."""
    return int((count + 1) ** random.random()) - 1


def there_are(what: str, article: int) -> int:
    """Return how many there are before the article."""
    return AT_FIRST[what] + int(NEW[what] * article)


def newly(what: str, article: int) -> range:
    """Return the numbers of those that the article brings."""
    return range(there_are(what, article), there_are(what, article + 1))


def _at(what: str, index: int) -> int:
    """Return the article that brings it, 0 for what is there before the first."""
    return max(0, int((index - AT_FIRST[what]) / NEW[what]))


def slug_of(name: str, suffix: str = "") -> str:
    """Return the name as a slug; the suffix tells namesakes apart."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-") + (f"-{suffix}" if suffix else "")


def _word(number: int) -> str:
    """Return a proper name: one of 80,000."""
    number, onset = divmod(number, len(names.ONSETS))
    number, vowel = divmod(number, len(names.VOWELS))
    number, middle = divmod(number, len(names.MIDDLES))
    ending = number % len(names.ENDINGS)
    return names.ONSETS[onset] + names.VOWELS[vowel] + names.MIDDLES[middle] + names.ENDINGS[ending]


@lru_cache(KEPT)
def country(index: int) -> Place:
    """Return a country; the first is the one that most news is about."""
    name = names.COUNTRIES[index % CAPITALS]
    return Place(slug_of(name), name, "country", None)


@lru_cache(KEPT)
def province(index: int) -> Place:
    """Return a province, eight a country."""
    land = country(index // len(names.QUARTERS))
    name = f"{names.QUARTERS[index % len(names.QUARTERS)]} {land.name}"
    return Place(slug_of(name), name, "province", land)


@lru_cache(KEPT)
def city(index: int) -> Place:
    """Return a city; the first are capitals."""
    random = Random(f"city {index}")
    # The square makes the first country the hub.
    land = index if index < CAPITALS else int((CAPITALS + 1) ** (random.random() ** 2)) - 1
    name = _word(index * 7919 + 4711)
    quarter = random.randrange(len(names.QUARTERS))
    return Place(slug_of(name, f"c{index}"), name, "city", province(land * len(names.QUARTERS) + quarter))


@lru_cache(KEPT)
def site(index: int) -> Place:
    """Return a building or an area in a city, some of them in another site."""
    random = Random(f"site {index}")
    kind = random.choice(list(names.SITES))
    name = names.SITES[kind].format(_word(random.randrange(80_000)))
    inside = site(zipf(random, index)) if index and kind != "district" and random.random() < 0.15 else None
    around = inside or city(zipf(random, there_are("city", _at("site", index))))
    return Place(slug_of(name, f"s{index}"), name, kind, around)


@lru_cache(KEPT)
def organisation(index: int) -> Organisation:
    """Return an organisation: first the bodies of the states, then what others found."""
    if index < AT_FIRST["organisation"]:
        land, body = divmod(index, STATE_BODIES)
        pattern, kind = list(names.STATE_BODIES.items())[body]
        name = pattern.format(names.COUNTRIES[land])
        return Organisation(slug_of(name), name, kind, city(land), None, _acronym(name))
    random = Random(f"organisation {index}")
    seat = city(zipf(random, there_are("city", _at("organisation", index))))
    form = random.choice(list(names.FORMS))
    name = f"{seat.name} {random.choice(names.FIELDS)} {form}"
    parent = None
    if random.random() < 0.3:  # of a body of its state, or of another that is about as old
        near = random.randrange(max(AT_FIRST["organisation"], index - 500), index + 1)
        own = names.COUNTRIES.index(seat.country.name) * STATE_BODIES
        parent = organisation(near if near < index and random.random() < 0.5 else own + zipf(random, STATE_BODIES))
    return Organisation(slug_of(name, f"o{index}"), name, names.FORMS[form], seat, parent, _acronym(name))


def _acronym(name: str) -> str:
    return "".join(word[0] for word in name.split() if word[0].isupper())


@lru_cache(KEPT)
def unit(index: int) -> Unit:
    """Return a unit of a police, an army or a larger unit."""
    random = Random(f"unit {index}")
    land = int((CAPITALS + 1) ** (random.random() ** 2)) - 1
    name = f"{_word(random.randrange(80_000))} {random.choice(names.UNITS)}"
    larger = unit(zipf(random, index)) if index and random.random() < 0.2 else None
    parent = larger or organisation(land * STATE_BODIES + random.choice((0, 0, 2)))
    strength = random.choice((20, 50, 120, 200, 400, 1000, 2500))
    return Unit(slug_of(name, f"u{index}"), name, "force", parent, strength)


@lru_cache(KEPT)
def person(index: int) -> Person:
    """Return a person: first those at the head of the states' bodies, then everybody else."""
    random = Random(f"person {index}")
    first, last = random.choice(names.FIRST_NAMES), _word(zipf(random, 80_000))
    if index < AT_FIRST["person"]:
        body, title = organisation(index), names.STATE_TITLES[index % STATE_BODIES]
    else:
        there = there_are("organisation", _at("person", index))
        # A third work for a state; most of the others for what has just come up.
        states = random.random() < 0.35
        body = organisation(zipf(random, AT_FIRST["organisation"]) if states else there - 1 - zipf(random, 200))
        title = random.choice(names.TITLES)
    name = f"{first} {last}"
    return Person(slug_of(name, f"p{index}"), name, None, last, body, title)


@lru_cache(KEPT)
def paper(index: int) -> Paper:
    """Return a document."""
    random = Random(f"document {index}")
    pattern = random.choice(list(names.DOCUMENTS))
    year = random.randrange(1995, 2019)
    name = f"{pattern.format(random.randrange(10, 3000))} ({year})"
    issuer = organisation(zipf(random, there_are("organisation", _at("document", index))))
    return Paper(slug_of(name, f"d{index}"), name, names.DOCUMENTS[pattern], issuer, year)


@lru_cache(KEPT)
def event(index: int) -> Event:
    """Return an event."""
    random = Random(f"event {index}")
    article = _at("event", index)
    what = random.choice(list(names.EVENTS))
    topic = random.choice(names.TOPICS)
    venue = site(zipf(random, there_are("site", article)))
    leader = person(zipf(random, there_are("person", article)))
    name = f"{leader.last_name}’s {what} at {venue.name}"
    known = random.choices(("day", "month", "year", "before", "not"), (70, 8, 4, 6, 12))[0]
    day = FIRST_DAY + timedelta(days=random.randrange(DAYS))
    return Event(
        slug_of(name, f"e{index}"), name, names.EVENTS[what], venue, leader.organisation, leader, topic, day, known
    )
