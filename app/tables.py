"""Every table, on one page.

    article --< span --< evidence >-- fact --(one row of one fact table)-- entity

An entity is shared by all articles; a fact belongs to one. Each fact table's primary key is a foreign key to
`fact.id`, so one evidence table serves them all. Relationships are spelled out in queries, never loaded lazily.
"""

import sys
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Computed,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from app.vocabulary import (
    Basis,
    ChangeAction,
    DateRelation,
    DescriptionKind,
    EntityType,
    FactType,
    NameKind,
    NoteCategory,
    ParticipationRole,
    Precision,
    RelationKind,
    Status,
    Term,
    Tree,
)

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


NUMBER: Any = BigInteger().with_variant(Integer(), "sqlite")
"""What the database numbers rows with: 64 bits, which SQLite calls INTEGER too."""
UNDATED = date.max
"""What stands for a day that is not known, where dates are sorted."""
UNVALUED = sys.float_info.max
"""What stands for a value that is not known, where figures are sorted."""
APART = 1_000_000
"""How far apart the positions of facts are whose evidence starts at neighbouring characters: so many facts may start at
one."""


def one_of(column: str, terms: type[Term] | Iterable[Term]) -> CheckConstraint:
    """Return the constraint that `column` (null allowed by its own rule) holds one of the terms."""
    listed = ", ".join(f"'{term.value}'" for term in terms)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def only_where(condition: str) -> dict[str, Any]:
    """Return the arguments of an index of the rows of which a condition holds.

    PostgreSQL's own are in the migrations: SQLAlchemy would load all that it knows of it, whichever database is used.
    """
    return {"sqlite_where": text(condition)}


def in_order(*columns: str, where: str = "") -> Index:
    """Return an index of the rows with the same values in the columns, in the order of articles and of their facts."""
    return Index(None, *columns, "article_id", "position", **(only_where(where) if where else {}))


def stored_columns(table: Table) -> list[Column[Any]]:
    """Return the columns that are written, and not worked out by the database."""
    return [column for column in table.columns if column.computed is None]


def table_of(model: type[SQLModel]) -> Table:
    """Return the model's table, for statements over rows rather than objects."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


class Revision(SQLModel, table=True):
    """One row: a counter that rises with each committed load, and a mark of that load."""

    __table_args__ = (CheckConstraint("id = 1", name="single"),)
    id: int = Field(default=1, primary_key=True)
    value: int
    token: str
    """Random, new with each load: no two states of any two databases share one, not even after a restore."""
    history: str
    """Random, as old as the database: whose revisions these are, since each database counts its own."""


class Change(SQLModel, table=True):
    """What a committed load did to an article; it outlives the article."""

    __table_args__ = (one_of("action", ChangeAction),)
    revision: int = Field(primary_key=True)
    article_id: str = Field(index=True)
    action: str
    at: datetime


class Article(SQLModel, table=True):
    """The frozen text, and only what the text itself gives."""

    __table_args__ = (CheckConstraint("length(sha256) = 64", name="sha256"),)
    id: str = Field(primary_key=True)
    text: str = Field(sa_type=Text)
    sha256: str
    """Of the text's UTF-8 bytes, in lower-case hex."""
    digest: str
    """Of all rows of the article: equal digests mean that a load would change nothing."""
    length: int
    """Code points of the text; like the next three, counted once a load, as lists ask for them."""
    paragraphs: int
    words: int
    facts: int
    dateline: str | None
    headline: str | None
    byline: str | None
    publisher: str | None
    source_url: str | None
    year: int | None


class SeedFolder(SQLModel, table=True):
    """A note that `serve` has loaded an article from its folder; it goes when the article is replaced or removed."""

    __tablename__ = "seed_folder"
    article_id: str = Field(primary_key=True, foreign_key="article.id", ondelete="CASCADE")
    digest: str
    """Of its files' bytes, and of the code that has checked them."""


class Entity(SQLModel, table=True):
    """A person, organisation, unit, place, document or event: a node shared by all articles."""

    __table_args__ = (
        one_of("type", EntityType),
        CheckConstraint("earliest <= latest", name="bounds"),
        CheckConstraint("type = 'event' OR (earliest IS NULL AND latest IS NULL)", name="dated"),
        Index(None, "type", "name_key", "id"),
        Index(None, "type", "kind"),
        Index(None, "earliest", "latest"),
    )
    id: str = Field(primary_key=True)
    type: str
    name: str
    name_key: str
    """The start of the name, without case and accents: what lists are sorted by."""
    kind: str | None
    earliest: date | None = None
    """Events only: the first day on which it may have been, derived from its date facts so that an index serves
    filters and the timeline."""
    latest: date | None = None


class Fact(SQLModel, table=True):
    """One statement of one article: the columns that all fact tables share."""

    __table_args__ = (
        one_of("type", FactType),
        one_of("basis", Basis),
        CheckConstraint(
            "(basis = 'stated' AND reasoning IS NULL) OR "
            "(basis = 'inferred' AND reasoning IS NOT NULL AND trim(reasoning) <> '')",
            name="reasoning",
        ),
        CheckConstraint("trim(statement) <> ''", name="statement"),
        UniqueConstraint("article_id", "position"),
        in_order("type", "basis"),
        in_order("attributed_to_id", where="attributed_to_id IS NOT NULL"),
    )
    id: str = Field(primary_key=True)
    article_id: str = Field(foreign_key="article.id", ondelete="CASCADE")
    type: str
    statement: str
    basis: str
    reasoning: str | None
    attributed_to_id: str | None = Field(foreign_key="entity.id")
    position: int = Field(sa_type=BigInteger)
    """Its place among the article's facts: where its first evidence starts (without evidence, the length of the text),
    times `APART`, plus its number by id among the facts that start there."""
    notes: int
    """How many notes are about it."""


class Span(SQLModel, table=True):
    """Exact words of an article, each span stored once an article; offsets count code points, end-exclusive."""

    __table_args__ = (
        UniqueConstraint("article_id", "start", "end"),
        CheckConstraint('"start" >= 0 AND "start" < "end"', name="order"),
        CheckConstraint('length(exact) = "end" - "start"', name="length"),
        CheckConstraint("paragraph >= 1", name="paragraph"),
    )
    id: int | None = Field(default=None, primary_key=True, sa_type=NUMBER)
    article_id: str = Field(foreign_key="article.id", ondelete="CASCADE")
    start: int
    end: int
    exact: str
    prefix: str
    suffix: str
    paragraph: int


class Evidence(SQLModel, table=True):
    """The span that supports the fact."""

    fact_id: str = Field(primary_key=True, foreign_key="fact.id", ondelete="CASCADE")
    span_id: int = Field(primary_key=True, foreign_key="span.id", ondelete="CASCADE", index=True, sa_type=NUMBER)


class Mention(SQLModel, table=True):
    """The fact has the entity in one of its columns: an entity lives as long as one mention of it does.

    Its key is the order of an entity's facts of one type, so that they are listed without looking at the others.
    """

    __table_args__ = ({"sqlite_with_rowid": False},)
    entity_id: str = Field(primary_key=True, foreign_key="entity.id")
    type: str = Field(primary_key=True)
    article_id: str = Field(primary_key=True)
    position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    fact_id: str = Field(foreign_key="fact.id", ondelete="CASCADE", index=True)
    """The other columns but the entity are its own."""


class FactRow(SQLModel):
    """What every fact table has: a primary key that is a fact."""

    fact_id: str = Field(primary_key=True, foreign_key="fact.id", ondelete="CASCADE")


class ListedFactRow(FactRow):
    """What fact tables have beyond it whose facts have lists of their own: the order of the lists, as in `fact`."""

    article_id: str
    position: int = Field(sa_type=BigInteger)


class Name(FactRow, table=True):
    """The article calls the entity this."""

    __table_args__ = (one_of("kind", NameKind), Index(None, "entity_id", "text"))
    entity_id: str = Field(foreign_key="entity.id")
    text: str
    kind: str


class Role(ListedFactRow, table=True):
    """A person's post, rank or capacity, in an organisation where the text gives one."""

    __table_args__ = (
        in_order(),
        in_order("person_id"),
        in_order("organisation_id", where="organisation_id IS NOT NULL"),
        in_order("title_key"),
    )
    person_id: str = Field(foreign_key="entity.id")
    organisation_id: str | None = Field(foreign_key="entity.id")
    title: str
    title_key: str
    """The title without case and accents, of a long one the digest: what filters compare."""


class Relation(FactRow, table=True):
    """The child relates to the parent; the column names give the direction."""

    __table_args__ = (
        one_of("kind", RelationKind),
        CheckConstraint("child_id <> parent_id", name="distinct"),
        Index(None, "child_id", "kind", "parent_id"),
        Index(None, "parent_id", "kind", "child_id"),
    )
    child_id: str = Field(foreign_key="entity.id")
    parent_id: str = Field(foreign_key="entity.id")
    kind: str


class Sequence(FactRow, table=True):
    """One event comes before another."""

    __table_args__ = (CheckConstraint("earlier_id <> later_id", name="distinct"),)
    earlier_id: str = Field(foreign_key="entity.id", index=True)
    later_id: str = Field(foreign_key="entity.id", index=True)


class Description(FactRow, table=True):
    """How the article, or the entity that the fact is attributed to, describes an entity."""

    __table_args__ = (one_of("kind", DescriptionKind),)
    entity_id: str = Field(foreign_key="entity.id", index=True)
    kind: str
    text: str


class Occurrence(FactRow, table=True):
    """How the article presents an event."""

    __table_args__ = (one_of("status", Status), Index(None, "event_id", "status"))
    event_id: str = Field(foreign_key="entity.id")
    status: str = Field(index=True)


class Participation(FactRow, table=True):
    """Who or what took part in an event, as what."""

    __table_args__ = (
        one_of("role", ParticipationRole),
        Index(None, "event_id", "entity_id"),
        Index(None, "entity_id", "event_id"),
    )
    event_id: str = Field(foreign_key="entity.id")
    entity_id: str = Field(foreign_key="entity.id")
    role: str


class Date(ListedFactRow, table=True):
    """Words to date, auditable; without an entity it is the dateline itself."""

    __table_args__ = (
        one_of("relation", DateRelation),
        one_of("precision", Precision),
        CheckConstraint("earliest <= latest", name="bounds"),
        Index(None, "entity_id", "earliest"),
        Index(None, "entity_id", "latest"),
        in_order(),
        in_order("entity_id", where="entity_id IS NOT NULL"),
        in_order("relation"),
        in_order("precision"),
        in_order("precision", "day_key"),
        in_order("day_key"),
    )
    entity_id: str | None = Field(foreign_key="entity.id")
    expression: str
    relation: str
    edtf: str
    earliest: date | None
    latest: date | None
    precision: str
    day_key: date
    """What lists are sorted by: the first day, the last one if that alone is known, `UNDATED` if none is."""


class Quote(ListedFactRow, table=True):
    """Direct or reported speech."""

    __table_args__ = (
        in_order(),
        in_order("speaker_id"),
        in_order("addressee_id", where="addressee_id IS NOT NULL"),
        in_order("event_id", where="event_id IS NOT NULL"),
        in_order("direct"),
    )
    speaker_id: str = Field(foreign_key="entity.id")
    addressee_id: str | None = Field(foreign_key="entity.id")
    event_id: str | None = Field(foreign_key="entity.id")
    text: str
    direct: bool


class Figure(ListedFactRow, table=True):
    """A number or quantity in the article's words, with its value where it has one."""

    __table_args__ = (
        in_order(),
        in_order("subject_id", where="subject_id IS NOT NULL"),
        in_order("unit", where="unit IS NOT NULL"),
        in_order("value_key"),
    )
    subject_id: str | None = Field(foreign_key="entity.id")
    expression: str
    value: float | None
    unit: str | None
    qualifier: str | None
    value_key: float
    """What lists are sorted by: the value, `UNVALUED` if there is none."""


class Note(ListedFactRow, table=True):
    """A remark on the text, or on another fact of the same article."""

    __table_args__ = (
        one_of("category", NoteCategory),
        in_order(),
        in_order("category"),
        in_order("about_fact_id", where="about_fact_id IS NOT NULL"),
    )
    about_fact_id: str | None = Field(foreign_key="fact.id", ondelete="CASCADE")
    category: str
    suggestion: str | None


class NoteSubject(SQLModel, table=True):
    """The note is about a fact that mentions the entity: listed under it, in the order of notes."""

    __tablename__ = "note_subject"
    __table_args__ = ({"sqlite_with_rowid": False},)
    entity_id: str = Field(primary_key=True, foreign_key="entity.id")
    article_id: str = Field(primary_key=True)
    position: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    fact_id: str = Field(foreign_key="fact.id", ondelete="CASCADE", index=True)
    """The note."""


SEARCHED = (*EntityType.values(), *FactType.values(), "article")
"""The types of what full text looks through, in the order in which its index has them."""
SIDE_BY_SIDE = 2**40
"""How many places of the index a type has."""
_PLACES = " ".join(f"WHEN '{name}' THEN {number}" for number, name in enumerate(SEARCHED))


class SearchDocument(SQLModel, table=True):
    """What full text looks through: one row an entity, a fact and an article. Triggers keep its index."""

    __tablename__ = "search_document"
    __table_args__ = (UniqueConstraint("type", "subject_id"), Index(None, "place", "size", unique=True))
    id: int | None = Field(default=None, primary_key=True, sa_type=NUMBER)
    subject_id: str = Field(index=True)
    type: str
    """The type of the entity or of the fact, or `article`."""
    title: str
    body: str = Field(sa_type=Text)
    place: int = Field(sa_column=Column(BigInteger, Computed(f"CASE type {_PLACES} END * {SIDE_BY_SIDE} + id")))
    """Where the index has it, documents of a type side by side."""
    size: int = Field(sa_column=Column(Integer, Computed("length(title) + length(body)")))


# --- What is derived of the facts, so that no answer has to look at all of them ---------------------------------------


class Listing(SQLModel, table=True):
    """The entity stands in the list of this number (`app.listings`); the other columns are the keys of its orders."""

    __table_args__ = (
        CheckConstraint("facts > 0", name="facts"),
        Index(None, "number", "name_key", "entity_id"),
        Index(None, "number", "day", "entity_id", **only_where("day IS NOT NULL")),
        Index(None, "number", "width", "day", "entity_id", **only_where("width IS NOT NULL")),
        Index(None, "entity_id"),
        {"sqlite_with_rowid": False},
    )
    number: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    entity_id: str = Field(primary_key=True)
    facts: int
    """How many facts put it there, or 1 for what it is by itself: with the last of them it goes."""
    name_key: str
    day: date | None = None
    """Of an event: the first day on which it may have been; the last one, if no first is known."""
    earliest: date | None = None
    latest: date | None = None
    width: int | None = None
    """Of an event with both bounds: how far they lie apart."""


class Tally(SQLModel, table=True):
    """How many entities stand in a list."""

    __table_args__ = (CheckConstraint("entities > 0", name="entities"), {"sqlite_with_rowid": False})
    number: int = Field(primary_key=True, sa_type=BigInteger, sa_column_kwargs={"autoincrement": False})
    entities: int


class Lineage(SQLModel, table=True):
    """The ancestor is above the entity in a tree: that of organisations with their parts, or that of places."""

    __table_args__ = (
        one_of("tree", Tree),
        Index(None, "ancestor_id", "tree", "entity_id"),
        {"sqlite_with_rowid": False},
    )
    entity_id: str = Field(primary_key=True)
    tree: str = Field(primary_key=True)
    ancestor_id: str = Field(primary_key=True)
    facts: int
    """How many facts say that it is right above; 0 where that follows from what lies between."""


class PreparedItem(SQLModel, table=True):
    """The entity as answers show it, put together when its facts were loaded."""

    __tablename__ = "prepared_item"
    entity_id: str = Field(primary_key=True, foreign_key="entity.id", ondelete="CASCADE")
    item: bytes = Field(sa_type=LargeBinary)
    """JSON, with a gap (`app.prepared`) where the evidence of a statement goes."""
    evidence: bytes = Field(sa_type=LargeBinary)
    """What fills the gaps, one gap after the other."""


class DerivedForm(SQLModel, table=True):
    """One row: by which version of the code that is derived."""

    __tablename__ = "derived_form"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)
    id: int = Field(default=1, primary_key=True)
    digest: str


FACT_TABLES: dict[FactType, type[FactRow]] = {
    FactType.NAME: Name,
    FactType.ROLE: Role,
    FactType.RELATION: Relation,
    FactType.SEQUENCE: Sequence,
    FactType.DESCRIPTION: Description,
    FactType.OCCURRENCE: Occurrence,
    FactType.PARTICIPATION: Participation,
    FactType.DATE: Date,
    FactType.QUOTE: Quote,
    FactType.FIGURE: Figure,
    FactType.NOTE: Note,
}
