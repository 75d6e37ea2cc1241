"""Entities and what connects them: facts that tie two entities together, walked outwards from a focus."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CompoundSelect, Connection, Row, Select, Subquery, literal, select, union_all
from sqlmodel import col

from app.queries.evidence import evidence_of, references
from app.queries.unknown import refuse_unknown
from app.schemas.base import EntityRef, EvidenceItem, fact_url
from app.schemas.parameters import GraphParameters
from app.schemas.views import Graph, GraphEdge
from app.tables import Entity, Fact, FactRow, Participation, Quote, Relation, Role, Sequence, table_of
from app.vocabulary import Basis, FactType


@dataclass(frozen=True)
class Connector:
    """A fact table whose rows tie two entities together, and what to call the tie: a column, or fixed words."""

    table: type[FactRow]
    source: str
    target: str
    label: str | None = None
    words: str = ""

    def edges(self) -> Select[Any]:
        """Return the table's rows as edges."""
        columns = table_of(self.table).c
        label = columns[self.label] if self.label else literal(self.words)
        return select(
            columns.fact_id,
            columns[self.source].label("source"),
            columns[self.target].label("target"),
            label.label("label"),
        ).where(columns[self.target].is_not(None))


CONNECTORS = (
    Connector(Role, "person_id", "organisation_id", label="title"),
    Connector(Relation, "child_id", "parent_id", label="kind"),
    Connector(Participation, "entity_id", "event_id", label="role"),
    Connector(Sequence, "earlier_id", "later_id", words="before"),
    Connector(Quote, "speaker_id", "addressee_id", words="said to"),
)


def graph(connection: Connection, parameters: GraphParameters) -> Graph:
    """Return the entities around the focus and the edges among them: one statement a step outwards.

    Raises:
        NotFoundError: a parameter names something that is not there.
    """
    refuse_unknown(connection, parameters)
    found, truncated = _reached(connection, parameters) if parameters.focus else _first(connection, parameters)
    edges = list(_edges(connection, found, parameters))
    refs = references(connection, found)
    nodes = [ref for entity_id in found if (ref := refs[entity_id]) is not None]
    return Graph(nodes=nodes, edges=edges, truncated=truncated)


def _reached(connection: Connection, parameters: GraphParameters) -> tuple[list[str], bool]:
    """Walk outwards, nearest first, until the depth or the limit; say whether the limit left something out."""
    found = dict.fromkeys(parameters.focus[: parameters.limit])
    truncated = len(parameters.focus) > parameters.limit
    frontier = list(found)
    for _ in range(parameters.depth):
        neighbours = _neighbours(connection, frontier, parameters)
        new = sorted(neighbours - found.keys())
        room = parameters.limit - len(found)
        truncated = truncated or len(new) > room
        frontier = new[:room]
        found |= dict.fromkeys(frontier)
        if not frontier:
            break
    return list(found), truncated


def _neighbours(connection: Connection, frontier: list[str], parameters: GraphParameters) -> set[str]:
    edges = _all_edges(parameters)
    outwards = select(edges.c.target).where(edges.c.source.in_(frontier))
    inwards = select(edges.c.source).where(edges.c.target.in_(frontier))
    return set(connection.execute(union_all(outwards, inwards)).scalars())


def _first(connection: Connection, parameters: GraphParameters) -> tuple[list[str], bool]:
    """Without a focus: the entities that have connections, in the order of their ids."""
    edges = _all_edges(parameters)
    ends = union_all(select(edges.c.source), select(edges.c.target)).subquery()
    ids = select(col(Entity.id)).where(col(Entity.id).in_(select(ends))).order_by(col(Entity.id))
    found = list(connection.execute(ids.limit(parameters.limit + 1)).scalars())
    return found[: parameters.limit], len(found) > parameters.limit


def _all_edges(parameters: GraphParameters) -> Subquery:
    edges: CompoundSelect[Any] = union_all(*(connector.edges() for connector in CONNECTORS))
    every = edges.subquery()
    if not parameters.article:
        return every
    within = (
        select(every).join(Fact, col(Fact.id) == every.c.fact_id).where(col(Fact.article_id).in_(parameters.article))
    )
    return within.subquery()


def _edges(connection: Connection, found: list[str], parameters: GraphParameters) -> Iterator[GraphEdge]:
    """Yield the edges among the entities, facts that say the same as one."""
    edges = _all_edges(parameters)
    statement = (
        select(edges, col(Fact.type), col(Fact.basis), col(Fact.reasoning), col(Fact.attributed_to_id))
        .join(Fact, col(Fact.id) == edges.c.fact_id)
        .where(edges.c.source.in_(found), edges.c.target.in_(found))
        .order_by(edges.c.source, edges.c.target, col(Fact.type), edges.c.label, edges.c.fact_id)
    )
    same: dict[tuple[str | None, ...], list[Row[Any]]] = defaultdict(list)
    for row in connection.execute(statement):
        same[row.source, row.target, row.type, row.label, row.attributed_to_id].append(row)
    evidence = None
    if "evidence" in parameters.include:
        evidence = evidence_of(connection, [row.fact_id for rows in same.values() for row in rows])
    voices = references(connection, [rows[0].attributed_to_id for rows in same.values()])
    for rows in same.values():
        yield _edge(rows, voices, evidence)


def _edge(
    rows: list[Row[Any]], voices: dict[str | None, EntityRef | None], evidence: dict[str, list[EvidenceItem]] | None
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
