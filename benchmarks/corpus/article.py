"""What an article tells: a lead, its background, those who speak, and what is to come."""

from datetime import date, timedelta
from random import Random

from benchmarks.corpus import names, world
from benchmarks.corpus.world import Event, Organisation, Paper, Person, Place, Unit, newly, there_are, zipf
from benchmarks.corpus.writer import Document, Writer

LONGEST_STORY = 2
"""Entities that an article recalls at most beside those that what it tells is about."""

LEAD = "lead"
"""The id of the fact that an article begins with, for notes to be about."""


def article(number: int, seed: int) -> Document:
    """Return an article: it introduces what is new in the world by its number, and recalls what was there."""
    return _Story(number, Random(f"article {seed} {number}")).told(f"report-{seed}-{number}")


class _Story:
    """One article, from the lead to the notes."""

    def __init__(self, number: int, random: Random) -> None:
        self.number = number
        self.random = random
        self.writer = Writer()
        self.lead, *self.other_events = (world.event(index) for index in newly("event", number))
        self.day = self.lead.day + timedelta(days=random.randrange(1, 7))
        self.people = [world.person(index) for index in newly("person", number)]

    def told(self, article_id: str) -> Document:
        """Return the whole of it."""
        self._dateline()
        self._leading()
        for index in newly("organisation", self.number):
            self._organisation(world.organisation(index))
        for index in newly("unit", self.number):
            self._unit(world.unit(index))
        for person in self.people[1:]:
            self._guest(person)
        for index in newly("document", self.number):
            self._paper(world.paper(index))
        for index in newly("city", self.number):
            self._where(world.city(index))
        for index in newly("site", self.number):
            self._where(world.site(index))
        for event in self.other_events:
            self._related(event)
        self._speech(self.people[0])
        self._background()
        self._remarks()
        return self.writer.document(article_id)

    # --- What it is about ---------------------------------------------------------------------------------------------

    def _dateline(self) -> None:
        """Begin with the dateline, some articles with a headline and the author's name above it."""
        town = _town(self.lead.venue)
        when = f"{self.day:%b} {self.day.day}"
        stands = self.random.random()
        if stands < 0.3:
            headline = f"{self.lead.leader.last_name} back in {town.name} over {self.lead.topic}"
            self.writer.say(headline)
            self.writer.header["headline"] = headline
        if stands < 0.15:
            byline = f"By {self.random.choice(names.FIRST_NAMES)} {self.people[0].last_name}"
            self.writer.say(byline, new_paragraph=True)
            self.writer.header["byline"] = byline
        dateline = f"{town.name.upper()}, {town.country.name}, {when}"
        states_year = stands > 0.8
        if states_year:
            dateline += f", {self.day.year}"
            self.writer.header["year"] = self.day.year
        self.writer.header["dateline"] = dateline
        self.writer.say(f"{dateline} –", new_paragraph=True)
        self.writer.fact(
            "date",
            dateline,
            because=None
            if states_year
            else "The dateline gives the day and the month; the year is that of the events.",
            expression=when,
            relation="on",
            edtf=self.day.isoformat() if states_year else f"{self.day.year}?-{self.day:%m-%d}",
        )
        self.writer.fact(
            "relation",
            f"{town.name.upper()}, {town.country.name}",
            because="A dateline gives a city and then its country.",
            kind="within",
            child=town,
            parent=town.country,
        )

    def _leading(self) -> None:
        """Tell what happened, who led it, and where."""
        event, leader = self.lead, self.lead.leader
        expression, edtf, because = _expressed(event, self.day)
        what = event.name.partition("’s ")[2].partition(" at ")[0]
        place = f"at {event.venue.name}"
        title = leader.title[0].upper() + leader.title[1:]
        clause = f"{leader.name} of the {leader.organisation.name} led the {what} {place}"
        self.writer.say(
            f"{title} {clause}, {_town(event.venue).name}, over {event.topic}{expression and ' '}{expression}."
        )
        self.writer.fact("name", f"{title} {leader.name}", entity=leader, text=leader.name, kind="full")
        self._role(leader, f"{title} {leader.name} of the {leader.organisation.name}")
        self.writer.fact("occurrence", clause, id=LEAD, event=event, status="occurred")
        self.writer.fact("participation", clause, event=event, entity=leader, role="led")
        self.writer.fact("participation", f"the {what} {place}", event=event, entity=event.venue, role="venue")
        self.writer.fact("name", f"the {what} {place}", entity=event, text=f"the {what}", kind="descriptive")
        if expression:
            self.writer.fact(
                "date", expression, because=because, entity=event, expression=expression,
                relation="before" if event.known == "before" else "on", edtf=edtf,
            )  # fmt: skip
        first = self.people[0]
        self.writer.say(f"It was attended by {first.name}, {first.title} of the {first.organisation.name}.")
        self.writer.fact("participation", f"attended by {first.name}", event=event, entity=first, role="attended")
        self.writer.fact("name", first.name, entity=first, text=first.name, kind="full")
        self._role(first, f"{first.name}, {first.title} of the {first.organisation.name}")

    def _role(self, person: Person, words: str) -> None:
        self.writer.fact("role", words, person=person, organisation=person.organisation, title=person.title)

    # --- Who and what is in it ----------------------------------------------------------------------------------------

    def _organisation(self, body: Organisation) -> None:
        """Introduce an organisation, with its seat and, where it has one, its parent."""
        part = f", a part of the {body.parent.name}," if body.parent else ""
        quality = self.random.choice(names.QUALITIES)
        short = f" ({body.acronym})" if self.random.random() < 0.5 else ""
        sentence = f"The {body.name}{short}{part} from {body.seat.name} called the response {quality}."
        self.writer.say(sentence, new_paragraph=True)
        self.writer.fact("name", body.name, entity=body, text=body.name, kind="full")
        if short:
            self.writer.fact("name", body.name + short, entity=body, text=body.acronym, kind="acronym")
        self.writer.fact("relation", sentence, kind="located-in", child=body, parent=body.seat)
        if body.parent:
            self.writer.fact("relation", sentence, kind="part-of", child=body, parent=body.parent)
        self.writer.fact(
            "description", f"called the response {quality}", said_by=body, entity=self.lead, kind="characterisation",
            text=quality,
        )  # fmt: skip

    def _unit(self, unit: Unit) -> None:
        """Introduce a unit, its strength and what it belongs to."""
        purpose = self.random.choice(names.PURPOSES)
        sentence = (
            f"The {unit.name} of the {unit.parent.name}, some {unit.strength:,} strong, was sent there {purpose}."
        )
        self.writer.say(sentence, new_paragraph=True)
        self.writer.fact("name", unit.name, entity=unit, text=unit.name, kind="full")
        self.writer.fact(
            "relation", f"{unit.name} of the {unit.parent.name}", kind="part-of", child=unit, parent=unit.parent
        )
        self.writer.fact(
            "figure", f"some {unit.strength:,} strong", subject=unit, expression=f"some {unit.strength:,} strong",
            value=float(unit.strength), unit="people", qualifier="some",
        )  # fmt: skip
        self.writer.fact("participation", sentence, event=self.lead, entity=unit, role="deployed")
        self.writer.fact("description", f"was sent there {purpose}", entity=unit, kind="purpose", text=purpose)

    def _guest(self, person: Person) -> None:
        """Name somebody with a post who took part."""
        words = f"{person.name}, {person.title} of the {person.organisation.name}"
        self.writer.say(f"Also present was {words}.")
        self.writer.fact("name", person.name, entity=person, text=person.name, kind="full")
        self._role(person, words)
        self.writer.fact("participation", event=self.lead, entity=person, role="attended")

    def _paper(self, paper: Paper) -> None:
        """Name a document, its issuer and its year."""
        sentence = f"It goes back to {paper.name}, which the {paper.issuer.name} had issued."
        self.writer.say(sentence, new_paragraph=True)
        self.writer.fact("relation", sentence, kind="issued-by", child=paper, parent=paper.issuer)
        self.writer.fact(
            "participation", f"goes back to {paper.name}", event=self.lead, entity=paper, role="instrument"
        )
        self.writer.fact(
            "date", paper.name, because="A document is numbered in the year in which it is issued.", entity=paper,
            expression=str(paper.year), relation="published", edtf=str(paper.year),
        )  # fmt: skip

    def _where(self, place: Place) -> None:
        """Say what a place lies in, up to the country."""
        around = place.within
        if around is None:
            return
        tail = f", in {around.within.name}" if around.within else ""
        sentence = f"{place.name} lies in {around.name}{tail}."
        self.writer.say(sentence, new_paragraph=True)
        self.writer.fact("relation", sentence, kind="within", child=place, parent=around)
        if around.within:
            self.writer.fact("relation", sentence, kind="within", child=around, parent=around.within)

    def _related(self, event: Event) -> None:
        """Tell of another event, before or after."""
        past = event.day < self.day
        day = f"{event.day.day} {event.day:%B %Y}"
        expression = {"day": f"on {day}", "month": f"in {event.day:%B %Y}", "year": f"in {event.day.year}"}.get(
            event.known, ""
        )
        edtf = event.day.isoformat()[: {"month": 7, "year": 4}.get(event.known, 10)]
        led = "was led" if past else "is to be led"
        words = f"{event.name} {led} by {event.leader.name}"
        self.writer.say(f"{words}{expression and ' '}{expression}.", new_paragraph=True)
        self.writer.fact("occurrence", words, event=event, status="occurred" if past else "planned")
        self.writer.fact("participation", words, event=event, entity=event.leader, role="led")
        self.writer.fact("participation", words, event=event, entity=event.venue, role="venue")
        if expression:
            self.writer.fact("date", expression, entity=event, expression=expression, relation="on", edtf=edtf)
        if event != self.lead and event.known == self.lead.known == "day" and event.day != self.lead.day:
            earlier, later = (event, self.lead) if event.day < self.lead.day else (self.lead, event)
            self.writer.fact("sequence", words, because="Both are dated by the day.", earlier=earlier, later=later)

    def _speech(self, person: Person) -> None:
        """Quote somebody, directly and as reported."""
        said = self.random.choice(names.SAYINGS).format(self.lead.topic)
        self.writer.say(f"“{said},” {person.last_name} told {self.lead.leader.last_name}.", new_paragraph=True)
        self.writer.fact("name", person.last_name, entity=person, text=person.last_name, kind="short")
        self.writer.fact(
            "quote", speaker=person, addressee=None if person == self.lead.leader else self.lead.leader,
            event=self.lead, text=f"{said},", direct=True,
        )  # fmt: skip
        claim = self.random.choice(names.CLAIMS).format(self.lead.topic)
        self.writer.say(f"The {person.organisation.name} said that {claim}.")
        self.writer.fact("quote", speaker=person.organisation, event=self.lead, text=claim, direct=False)

    # --- What was there before ----------------------------------------------------------------------------------------

    def _background(self) -> None:
        """Recall some of what earlier articles told of, hubs more often than others."""
        if self.random.random() < 0.6:
            self._state()
        kinds = ("person", "event", "site", "unit", "organisation", "document")
        for what in self.random.choices(kinds, (4, 3, 1, 1, 1, 1), k=self.random.randrange(LONGEST_STORY + 1)):
            self._recall(what, zipf(self.random, there_are(what, self.number)))

    def _recall(self, what: str, index: int) -> None:
        match what:
            case "person":
                self._guest(world.person(index))
            case "event":
                self._related(world.event(index))
            case "site":
                self._where(world.site(index))
            case "unit":
                self._unit(world.unit(index))
            case "organisation":
                self._organisation(world.organisation(index))
            case "document":
                self._paper(world.paper(index))

    def _state(self) -> None:
        """Bring in the country and its police, as more than half of the articles do."""
        land = self.lead.venue.country
        police = world.organisation(names.COUNTRIES.index(land.name) * world.STATE_BODIES)
        quality = self.random.choice(names.QUALITIES)
        count = self.random.randrange(1, 60) * 50
        figure = f"at least {count:,}"
        self.writer.say(
            f"In {land.name}, the {police.name}, which observers call {quality}, has {figure} officers on duty.",
            new_paragraph=True,
        )
        self.writer.fact("relation", kind="located-in", child=police, parent=land)
        self.writer.fact("description", entity=police, kind="condition", text=quality)
        self.writer.fact(
            "figure", f"{figure} officers", subject=police, expression=figure, value=float(count), unit="people",
            qualifier="at least",
        )  # fmt: skip
        self.writer.fact("participation", event=self.lead, entity=police, role="supported",
                         because="Officers of the police are counted where the event is told.")  # fmt: skip

    def _remarks(self) -> None:
        """Remark on a slip, on a second reading, on what is not said."""
        chance = self.random.random()
        if chance < 0.15:
            self.writer.say("The the date of the next meeting is open.", new_paragraph=True)
            self.writer.fact("note", "The the", category="typo", statement="“the” stands twice.", suggestion="The date")
        elif chance < 0.4:
            self.writer.say("Whether they meant the first or the second was unclear.", new_paragraph=True)
            self.writer.fact("note", category="ambiguity", statement="“The first” may be an event or a document.")
        if self.lead.known == "not":
            self.writer.fact(
                "note", category="not-stated", about=LEAD, statement=f"The day of {self.lead.name} is not stated."
            )


def _town(place: Place) -> Place:
    """Return the city that the place lies in."""
    while place.kind != "city" and place.within:
        place = place.within
    return place


def _expressed(event: Event, day: date) -> tuple[str, str, str | None]:
    """Return how an article of the day dates the event: the words, EDTF, and the reasoning if there is one."""
    when = event.day
    match event.known:
        case "day":
            return f"on {when:%A}", f"{when.year}?-{when:%m-%d}", f"The last {when:%A} before the dateline’s day."
        case "month":
            return f"in {when:%B %Y}", f"{when:%Y-%m}", None
        case "year":
            return f"in {when.year}", str(when.year), None
        case "before":
            return f"before {day:%B}", f"[..{day:%Y-%m}]", f"The {day:%B} of the dateline."
        case _:
            return "", "", None
