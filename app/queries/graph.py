"""Entities and what connects them: facts that tie two entities together, walked outwards from a focus.

Of each entity only the first connections of each type are looked at, in the order of articles: an entity that a hundred
thousand facts connect costs no more than one with a hundred. A connection is seen if it is among those of either end.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
)

from app.database import Question
from app.queries.evidence import IDS, evidence_of, references
from app.queries.fact_filters import hidden
from app.queries.unknown import refuse_unknown
from app.schemas.base import EntityRef, EvidenceItem, fact_url
from app.schemas.parameters import GraphParameters
from app.schemas.views import Graph, GraphEdge
from app.tables import Entity, Fact, FactRow, Mention, Participation, Quote, Relation, Role, table_of
from app.tables import Sequence as EventSequence
from app.vocabulary import Basis, FactType

FACT, MENTION, ENTITY = table_of(Fact), table_of(Mention), table_of(Entity).c
FEWEST: Final = 50
"""How many connections of one type are looked at for each entity, however many entities there are."""
MOST_FACTS: Final = 50
"""How many facts of one connection are told."""
MOST_EDGES: Final = 10
"""How many connections there are at most for each entity that the limit allows."""
AT_ONCE: Final = 5000
"""How many facts one statement is asked about."""


@dataclass(frozen=True)
class Connector:
    """A fact table whose rows tie two entities together, and what to call the tie: a column, or fixed words."""

    fact_type: FactType
    table: type[FactRow]
    source: str
    target: str
    label: str | None = None
    words: str = ""

    @property
    def columns(self) -> Any:
        """The table's columns."""
        return table_of(self.table).c

    def touches(self, entity: ColumnElement[Any]) -> ColumnElement[bool]:
        """Hold for an entity that is one end of such a tie."""
        source, target = self.columns[self.source], self.columns[self.target]
        return or_(exists().where(source == entity, target.is_not(None)), exists().where(target == entity))


CONNECTORS = (
    Connector(FactType.ROLE, Role, "person_id", "organisation_id", label="title"),
    Connector(FactType.RELATION, Relation, "child_id", "parent_id", label="kind"),
    Connector(FactType.PARTICIPATION, Participation, "entity_id", "event_id", label="role"),
    Connector(FactType.SEQUENCE, EventSequence, "earlier_id", "later_id", words="before"),
    Connector(FactType.QUOTE, Quote, "speaker_id", "addressee_id", words="said to"),
)


@dataclass(frozen=True)
class Connections:
    """Facts that tie two entities together, by their ids; and the entities of which there are more."""

    rows: dict[str, Any]
    cut: frozenset[str] = frozenset()

    def neighbours(self, frontier: Iterable[str]) -> set[str]:
        """Return what the facts tie the entities to."""
        near = set(frontier)
        ends = [(row.source, row.target) for row in self.rows.values()]
        return {target for source, target in ends if source in near} | {
            source for source, target in ends if target in near
        }


def graph(connection: Connection, parameters: GraphParameters) -> Graph:
    """Return the entities around the focus and the edges among them: one statement a step outwards.

    Raises:
        NotFoundError: a parameter names something that is not there.
    """
    refuse_unknown(connection, parameters)
    walk = Walk(connection, parameters)
    found, connections, truncated = walk.outwards() if parameters.focus else walk.from_the_start()
    within = [row for row in connections.rows.values() if row.source in found and row.target in found]
    same = _same(within)
    most = MOST_EDGES * parameters.limit
    told = [rows[:MOST_FACTS] for rows in same[:most]]
    refs = references(connection, found)
    return Graph(
        nodes=[ref for entity_id in found if (ref := refs[entity_id]) is not None],
        edges=list(_edges(connection, told, with_evidence="evidence" in parameters.include)),
        # Of two entities that are both cut, what ties them to each other may not have been seen.
        truncated=truncated or len(connections.cut) > 1 or len(same) > most or any(len(s) > MOST_FACTS for s in same),
    )


@dataclass(frozen=True)
class Walk:
    """What the parameters allow, nearest first, until the depth or the limit."""

    connection: Connection
    parameters: GraphParameters

    def outwards(self) -> tuple[dict[str, None], Connections, bool]:
        """Return the entities around the focus, their connections, and whether the limit left an entity out."""
        limit = self.parameters.limit
        found = dict.fromkeys(self.parameters.focus[:limit])
        truncated = len(self.parameters.focus) > limit
        seen = self._connections(list(found))
        frontier = list(found)
        for _ in range(self.parameters.depth):
            new = sorted(seen.neighbours(frontier) - found.keys())
            room = limit - len(found)
            truncated = truncated or len(new) > room or not seen.cut.isdisjoint(frontier)
            frontier = new[:room]
            found |= dict.fromkeys(frontier)
            if not frontier:
                break
            seen = self._joined(seen, self._connections(frontier))
        return found, seen, truncated

    def from_the_start(self) -> tuple[dict[str, None], Connections, bool]:
        """Return the first entities that have connections, in the order of their ids, and the same of them."""
        limit = self.parameters.limit
        if self.parameters.article:
            seen = self._connections([])
            ends = sorted({end for row in seen.rows.values() for end in (row.source, row.target)})
        else:
            ends = list(self.connection.execute(_connected(), {"limit": limit + 1}).scalars())
            seen = self._connections(ends[:limit])
        return dict.fromkeys(ends[:limit]), seen, len(ends) > limit

    def _connections(self, entities: Sequence[str]) -> Connections:
        """Return the connections of the entities; within articles, all of these."""
        if self.parameters.article:
            rows = _of_articles().all(self.connection, {"ids": self.parameters.article})
            return Connections({row.fact_id: row for row in rows})
        if not entities:
            return Connections({})
        most = max(FEWEST, (self.parameters.limit + 1) // len(entities))
        rows = _of_entities().all(self.connection, {"ids": entities, "most": most})
        looked_at = Counter((row.entity_id, row.type) for row in rows)
        connected = {row.fact_id: row for row in rows if row.target is not None}
        return Connections(connected, frozenset(entity for (entity, _), number in looked_at.items() if number > most))

    def _joined(self, one: Connections, other: Connections) -> Connections:
        return Connections(one.rows | other.rows, one.cut | other.cut)


@cache
def _connected() -> Select[Any]:
    """Return the statement for the first entities that have connections."""
    is_tied = or_(*(connector.touches(ENTITY.id) for connector in CONNECTORS))
    return select(ENTITY.id).where(is_tied).order_by(ENTITY.id).limit(bindparam("limit"))


@cache
def _of_articles() -> Question:
    """Return the question for the connections that the facts of articles are."""
    ties = (
        _ties(connector, FACT, FACT.c.id).where(
            FACT.c.article_id.in_(IDS),
            hidden(FACT.c.type) == connector.fact_type.value,  # The articles lead.
            connector.columns[connector.target].is_not(None),
        )
        for connector in CONNECTORS
    )
    return Question(union_all(*ties))


@cache
def _of_entities() -> Question:
    """Return the question for the first connections of each type of each of the entities.

    The article of the one after the last bounds them: an index range, however many there are behind it.
    """
    return Question(union_all(*(_first_ties(connector).where(ENTITY.id.in_(IDS)) for connector in CONNECTORS)))


def _first_ties(connector: Connector) -> Select[Any]:
    there = MENTION.alias("there").c
    of_the_same = and_(there.entity_id == ENTITY.id, there.type == connector.fact_type.value)
    in_order = select(there.article_id).where(of_the_same).order_by(there.article_id, there.position)
    last = func.coalesce(
        in_order.limit(1).offset(bindparam("most")).correlate(table_of(Entity)).scalar_subquery(),
        select(func.max(there.article_id)).where(of_the_same).correlate(table_of(Entity)).scalar_subquery(),
    )
    first = and_(
        MENTION.c.entity_id == ENTITY.id,
        MENTION.c.type == connector.fact_type.value,
        MENTION.c.article_id <= last,
    )
    source = table_of(Entity).join(MENTION, first).join(FACT, FACT.c.id == MENTION.c.fact_id)
    return _ties(connector, source, MENTION.c.fact_id, MENTION.c.entity_id)


def _ties(
    connector: Connector, source: FromClause, fact_id: ColumnElement[Any], *more: ColumnElement[Any]
) -> Select[Any]:
    """Return the statement for the facts of one type of a source of rows, with what they tie together."""
    own = connector.columns
    label = own[connector.label] if connector.label else literal(connector.words)
    return select(
        fact_id.label("fact_id"),
        *more,
        own[connector.source].label("source"),
        own[connector.target].label("target"),
        label.label("label"),
        literal(connector.fact_type.value).label("type"),
        *(FACT.c.basis, FACT.c.reasoning, FACT.c.attributed_to_id),
    ).select_from(source.join(table_of(connector.table), own.fact_id == fact_id))


def _same(rows: Iterable[Any]) -> list[list[Any]]:
    """Return the facts, those that say the same together, in the order of what they say."""
    same: dict[tuple[str, str, str, str, str], list[Any]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.source, row.target, row.type, row.label, row.fact_id)):
        same[row.source, row.target, row.type, row.label, row.attributed_to_id or ""].append(row)
    return list(same.values())


def _edges(connection: Connection, same: list[list[Any]], *, with_evidence: bool) -> Iterator[GraphEdge]:
    evidence: dict[str, list[EvidenceItem]] | None = None
    if with_evidence:
        facts = [row.fact_id for rows in same for row in rows]
        evidence = {}
        for start in range(0, len(facts), AT_ONCE):
            evidence |= evidence_of(connection, facts[start : start + AT_ONCE])
    voices = references(connection, [rows[0].attributed_to_id for rows in same])
    for rows in same:
        yield _edge(rows, voices, evidence)


def _edge(
    rows: list[Any], voices: dict[str | None, EntityRef | None], evidence: dict[str, list[EvidenceItem]] | None
) -> GraphEdge:
    first = min(rows, key=lambda row: row.basis != Basis.STATED)
    return GraphEdge(
        source=first.source,
        target=first.target,
        type=FactType(first.type),
        label=first.label,
        basis=Basis(first.basis),
        reasoning=first.reasoning,
        attributed_to=voices[first.attributed_to_id],
        facts=[fact_url(row.type, row.fact_id) for row in rows],
        evidence=None if evidence is None else [item for row in rows for item in evidence.get(row.fact_id, ())],
    )
