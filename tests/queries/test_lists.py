"""Lists of entities let through what the facts say, page by page, whatever is loaded, replaced and deleted before."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, select

from app.database import closing as lending
from app.database import create_writer
from app.keeping.derived import derived_faults
from app.loading.loader import Load, delete_article, load_articles
from app.queries import entities, lists
from app.queries import timeline as timelines
from app.queries.entities import TYPES, list_entities
from app.queries.paging import Total
from app.schemas import entities as wire
from app.schemas.parameters import (
    DocumentFilters,
    EventFilters,
    ListParameters,
    OrganisationFilters,
    PersonFilters,
    PlaceFilters,
    TimelineFilters,
    UnitFilters,
)
from app.tables import Entity, Mention, Occurrence, Participation, Relation, Role, table_of
from app.vocabulary import TREES, EntityType, TotalRelation, Tree
from tests.databases import Databases
from tests.newsroom import checked

Fact = dict[str, Any]
Steps = list[tuple[str, list[Fact] | None]]
TEXT = "Words."
OF_TYPE = {
    "person": [f"person-{n}" for n in range(4)],
    "organisation": [f"club-{n}" for n in range(4)],
    "unit": [f"squad-{n}" for n in range(3)],
    "place": [f"hall-{n}" for n in range(4)],
    "document": [f"law-{n}" for n in range(2)],
    "event": [f"visit-{n}" for n in range(6)],
}
TYPE_OF = {slug: kind for kind, slugs in OF_TYPE.items() for slug in slugs}
DAYS = [
    "2020-01-03",
    "2020-01-09",
    "2020-02",
    "2020",
    "2018/2021",
    "../2020-01-05",
    "2020-01-07/..",
    "1950",
    "2020-03-05",
]
ARTICLES = ["one", "two", "three"]


def some_of(*types: str) -> st.SearchStrategy[str]:
    return st.sampled_from([slug for kind in types for slug in OF_TYPE[kind]])


def fact(fact_type: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Fact]:
    return st.fixed_dictionaries({"type": st.just(fact_type), "evidence": st.just("Words"), **fields})


def related(kind: str, child: tuple[str, ...], parent: tuple[str, ...]) -> st.SearchStrategy[Fact]:
    found = fact("relation", kind=st.just(kind), child=some_of(*child), parent=some_of(*parent))
    return found.filter(lambda entry: entry["child"] != entry["parent"])


FACTS = st.one_of(
    fact(
        "role",
        person=some_of("person"),
        organisation=some_of("organisation", "unit") | st.none(),
        title=st.sampled_from(["Chief", "chíef", "Member"]),
    ),
    related("part-of", ("organisation", "unit"), ("organisation",)),
    related("within", ("place",), ("place",)),
    related("located-in", ("organisation",), ("place",)),
    related("issued-by", ("document",), ("organisation", "person")),
    fact(
        "participation",
        event=some_of("event"),
        entity=some_of("person", "organisation", "unit", "place", "document"),
        role=st.sampled_from(["attended", "spoke"]),
    ),
    fact("occurrence", event=some_of("event"), status=st.sampled_from(["occurred", "ongoing", "planned"])),
    fact(
        "date",
        entity=some_of("event"),
        expression=st.just("Words"),
        relation=st.just("on"),
        edtf=st.sampled_from(DAYS),
    ),
)
STEPS = st.lists(
    st.tuples(st.sampled_from(ARTICLES), st.none() | st.lists(FACTS, min_size=1, max_size=14, unique_by=repr)),
    min_size=1,
    max_size=5,
)


def load_of(article_id: str, facts: list[Fact]) -> Load:
    slugs = {value for entry in facts for value in entry.values() if value in TYPE_OF}
    described = {}
    for slug in slugs:
        number = int(slug[-1])
        described[slug] = {"type": TYPE_OF[slug], "name": f"Name {number % 3}"}
        if TYPE_OF[slug] != "person" and number % 3:
            described[slug]["kind"] = f"kind-{number % 3}"
    named = [{**entry, "id": f"fact-{number}"} for number, entry in enumerate(facts)]
    return Load.of(checked(article_id, TEXT, {"entities": described, "facts": named}))


def play(engine: Engine, steps: Steps) -> None:
    """Load the articles, as many at once as have other ids; delete them where there are no facts."""
    waiting: dict[str, Load] = {}

    def store() -> None:
        with engine.begin() as connection:
            load_articles(connection, [*waiting.values()])
        waiting.clear()

    there: set[str] = set()
    for article_id, facts in steps:
        if article_id in waiting or facts is None:
            store()
        if facts is not None:
            waiting[article_id] = load_of(article_id, facts)
            there.add(article_id)
        elif article_id in there:
            with engine.begin() as connection:
                delete_article(connection, article_id)
            there.remove(article_id)
    store()


@contextmanager
def asked_with(databases: Databases, steps: Steps, counted: int, looked_at: int) -> Iterator[Connection]:
    """Lend a database on which the steps have been played, to questions that look at so many entities.

    Their filters may name what is not there, which is another test's matter.

    Args:
        databases: where to get one.
        steps: what is loaded and deleted.
        counted: how many entities are looked at to count them.
        looked_at: how many are for a page.
    """
    url = databases.create()
    with lending(create_writer(url)) as engine:
        play(engine, steps)
        with ExitStack() as stack:
            for module in (entities, timelines):
                stack.enter_context(patch.object(module, "refuse_unknown"))
            for bound, number in {"COUNTED": counted, "LOOKED_AT": looked_at}.items():
                stack.enter_context(patch.object(lists, bound, number))
            yield stack.enter_context(engine.connect())
    databases.drop(url)


# --- The same by looking at everything ----------------------------------------------------------------------------


class World:
    """All rows, and what follows from them."""

    def __init__(self, connection: Connection) -> None:
        def rows(table: Any) -> list[Any]:
            return [*connection.execute(select(table_of(table)))]

        self.entities = {row.id: row for row in rows(Entity)}
        self.roles, self.relations = rows(Role), rows(Relation)
        self.participations, self.occurrences, self.mentions = rows(Participation), rows(Occurrence), rows(Mention)

    def below(self, roots: Iterable[str], tree: Tree) -> set[str]:
        found: set[str] = set()
        frontier = [*roots]
        while frontier:
            parents = {*frontier}
            children = {row.child_id for row in self.relations if row.parent_id in parents and row.kind in TREES[tree]}
            frontier = [*(children - found)]
            found |= children
        return found

    def took_part(self, events: list[str]) -> set[str]:
        return {row.entity_id for row in self.participations if row.event_id in events}

    def events_of(self, entities: Iterable[str]) -> set[str]:
        among = {*entities}
        return {row.event_id for row in self.participations if row.entity_id in among}

    def groups(self, filters: Any) -> Iterator[set[str]]:
        """Yield what each filter lets through."""
        organisation = getattr(filters, "organisation", [])
        parts = {*organisation, *self.below(organisation, Tree.PARTS)}
        if isinstance(filters, PersonFilters) and (organisation or filters.title):
            titles = {title.lower().replace("í", "i") for title in filters.title}
            yield {
                row.person_id
                for row in self.roles
                if (not organisation or row.organisation_id in parts) and (not titles or row.title_key in titles)
            }
        elif isinstance(filters, UnitFilters) and organisation:
            yield self.below(organisation, Tree.PARTS)
        elif organisation:
            yield self.events_of(parts)
        if getattr(filters, "event", []):
            yield self.took_part(filters.event)
        if getattr(filters, "parent", []):
            yield self.below(filters.parent, Tree.PARTS)
        if getattr(filters, "within", []):
            yield self.below(filters.within, Tree.PLACES)
        if getattr(filters, "kind", []):
            yield {slug for slug, row in self.entities.items() if row.kind in filters.kind}
        if getattr(filters, "issuer", []):
            issued = [row for row in self.relations if row.kind == "issued-by"]
            yield {row.child_id for row in issued if row.parent_id in filters.issuer}
        if getattr(filters, "status", []):
            yield {row.event_id for row in self.occurrences if row.status in filters.status}
        for name in ("person", "unit", "document"):
            if getattr(filters, name, []):
                yield self.events_of(getattr(filters, name))
        if getattr(filters, "place", []):
            inner = {slug for slug in self.below(filters.place, Tree.PLACES) if TYPE_OF[slug] == "place"}
            yield self.events_of({*filters.place, *inner})
        if filters.article:
            yield {row.entity_id for row in self.mentions if row.article_id in filters.article}
        yield {slug for slug, row in self.entities.items() if _overlaps(row, filters)}

    def expected(self, kind: str, filters: ListParameters) -> list[str]:
        found = {slug for slug, row in self.entities.items() if row.type == kind}
        for group in self.groups(filters):
            found &= group
        return sorted(found, key=self._key(filters.sort), reverse=filters.sort.startswith("-"))

    def _key(self, sort: str) -> Callable[[str], Any]:
        last = date.min if sort == "-date" else date.max
        return {
            "id": lambda slug: slug,
            "name": lambda slug: (self.entities[slug].name_key, slug),
            "date": lambda slug: (self.entities[slug].earliest or self.entities[slug].latest or last, slug),
        }[sort.removeprefix("-")]


def _overlaps(row: Any, filters: Any) -> bool:
    first, last = getattr(filters, "from_", None), getattr(filters, "to", None)
    starts_in_time = last is None or row.earliest is None or row.earliest <= last
    return starts_in_time and (first is None or row.latest is None or row.latest >= first)


# --- Questions ----------------------------------------------------------------------------------------------------


def several(values: Iterable[str]) -> st.SearchStrategy[list[str]]:
    return st.just([]) | st.lists(st.sampled_from([*values]), min_size=1, max_size=3, unique=True).map(sorted)


def asked(model: type[ListParameters], sorts: tuple[str, ...], **filters: Iterable[str]) -> st.SearchStrategy[Any]:
    days = st.none() | st.sampled_from([date(1951, 1, 1), date(2020, 1, 4), date(2020, 1, 8), date(2020, 2, 20)])
    period = {"from": days, "to": days} if "date" in sorts else {}
    given_ = {
        "sort": st.sampled_from([*sorts, *(f"-{sort}" for sort in sorts)]),
        "limit": st.integers(1, 5),
        "article": several(ARTICLES[:2]),
        **{name: several(values) for name, values in filters.items()},
        **period,
    }
    return st.fixed_dictionaries(given_).map(lambda values: model(**in_order(values)))


def in_order(values: dict[str, Any]) -> dict[str, Any]:
    """Let a period begin before it ends."""
    first, last = values.get("from"), values.get("to")
    return values if first is None or last is None else {**values, "from": min(first, last), "to": max(first, last)}


BY_NAME = ("name", "id")
EVENTS = {kind: OF_TYPE[kind] for kind in ("person", "organisation", "unit", "place")}
KINDS = ["kind-1", "kind-2"]
QUESTIONS: st.SearchStrategy[tuple[type[wire.EntityItem], Any]] = st.one_of(
    st.tuples(
        st.just(wire.PersonItem),
        asked(
            PersonFilters,
            BY_NAME,
            organisation=OF_TYPE["organisation"],
            title=["CHIEF", "member"],
            event=OF_TYPE["event"],
        ),
    ),
    st.tuples(
        st.just(wire.OrganisationItem),
        asked(OrganisationFilters, BY_NAME, kind=KINDS, parent=OF_TYPE["organisation"], event=OF_TYPE["event"]),
    ),
    st.tuples(
        st.just(wire.UnitItem),
        asked(UnitFilters, BY_NAME, organisation=OF_TYPE["organisation"], event=OF_TYPE["event"]),
    ),
    st.tuples(st.just(wire.PlaceItem), asked(PlaceFilters, BY_NAME, kind=KINDS, within=OF_TYPE["place"])),
    st.tuples(
        st.just(wire.DocumentItem),
        asked(DocumentFilters, BY_NAME, kind=KINDS, issuer=[*OF_TYPE["organisation"], *OF_TYPE["person"]]),
    ),
    st.tuples(
        st.just(wire.EventItem),
        asked(
            EventFilters,
            (*BY_NAME, "date"),
            kind=KINDS,
            status=["occurred", "planned"],
            document=OF_TYPE["document"],
            **EVENTS,
        ),
    ),
)


def ids_of(connection: Connection, model: type[wire.EntityItem], filters: Any) -> tuple[list[str], list[Total]]:
    """Return the ids on all pages, and the total on each."""
    ids, totals = [], []
    cursor = None
    while True:
        page = list_entities(connection, model, filters.model_copy(update={"cursor": cursor}))
        items = [json.loads(item) for item in page.items]
        assert len(items) <= filters.limit
        ids += [item["id"] for item in items]
        totals.append(page.total)
        if page.cursor is None:
            return ids, totals
        cursor = page.cursor


def assert_totals(totals: list[Total], number: int) -> None:
    for total in totals:
        if total.relation is TotalRelation.EXACT:
            assert total.number == number
        else:
            assert total.number <= number


rarely = settings(max_examples=30, phases=set(Phase) - {Phase.shrink}, suppress_health_check=[HealthCheck.too_slow])


@rarely
@given(
    STEPS,
    st.lists(QUESTIONS, min_size=6, max_size=6),
    st.sampled_from([0, 1, 2, 2000]),
    st.sampled_from([1, 3, 10_000]),
)
def test_a_list_has_what_its_filters_let_through_in_its_order(
    databases: Databases, steps: Steps, questions: list[Any], counted: int, looked_at: int
) -> None:
    with asked_with(databases, steps, counted, looked_at) as connection:
        assert [*derived_faults(connection)] == []
        world = World(connection)
        for model, filters in questions:
            expected = world.expected(TYPES[model], filters)
            ids, totals = ids_of(connection, model, filters)
            assert ids == expected, filters
            assert_totals(totals, len(expected))


@rarely
@given(
    STEPS,
    asked(TimelineFilters, ("date",), **EVENTS),
    st.sampled_from([0, 1, 2000]),
    st.sampled_from([1, 3, 10_000]),
)
def test_both_halves_of_the_timeline_have_what_its_filters_let_through(
    databases: Databases, steps: Steps, filters: Any, counted: int, looked_at: int
) -> None:
    with asked_with(databases, steps, counted, looked_at) as connection:
        world = World(connection)
        events = world.expected(EntityType.EVENT, filters)
        dated = [slug for slug in events if None not in (world.entities[slug].earliest, world.entities[slug].latest)]
        undated = sorted({*events} - {*dated}, key=lambda slug: (world.entities[slug].name_key, slug))
        for half, expected in (("dated", dated), ("undated", undated)):
            ids, cursor, first = [], None, True
            while first or cursor is not None:
                halves = timelines.timeline(connection, filters.model_copy(update={"cursor": cursor}))
                page, other = getattr(halves, half), getattr(halves, "undated" if half == "dated" else "dated")
                assert first or other.items == []
                ids += [json.loads(item)["id"] for item in page.items]
                assert_totals([page.total], len(expected))
                cursor, first = page.cursor, False
            assert ids == expected
