"""FastAPI and SQLModel as their tutorials have it: a session a request, relationships, a response model."""

import os
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException
from sqlmodel import Field, Relationship, Session, SQLModel, col, create_engine, or_, select

engine = create_engine(f"sqlite:///{os.environ['DATABASE']}", connect_args={"check_same_thread": False})
app = FastAPI()


class PassageBase(SQLModel):
    """Words of an article."""

    article: str
    exact: str
    prefix: str
    suffix: str
    start: int
    end: int
    paragraph: int


class Passage(PassageBase, table=True):
    """Its row."""

    id: int = Field(primary_key=True)
    statement_id: int = Field(foreign_key="statement.id")


class StatementBase(SQLModel):
    """Something that articles say of a person."""

    section: str
    text: str
    other_id: str | None
    other_name: str | None
    other_url: str | None
    basis: str
    reasoning: str | None
    attributed_to: str | None
    facts: str


class Statement(StatementBase, table=True):
    """Its row."""

    id: int = Field(primary_key=True)
    person_id: str = Field(foreign_key="person.id")
    passages: list[Passage] = Relationship()


class StatementRead(StatementBase):
    """It without its words."""


class StatementInFull(StatementBase):
    """It with its words."""

    passages: list[PassageBase]


class PersonBase(SQLModel):
    """A person."""

    id: str = Field(primary_key=True)
    url: str
    name: str


class Person(PersonBase, table=True):
    """Its row."""

    position: int
    statements: list[Statement] = Relationship()


class PersonRead(PersonBase):
    """A person in a list."""

    statements: list[StatementRead]


class PersonInFull(PersonBase):
    """A person with all the words."""

    statements: list[StatementInFull]


class PersonIn(SQLModel, table=True):
    """A person in an organisation or a part of it."""

    __tablename__ = "people_in"
    key: str = Field(primary_key=True)
    organisation: str
    id: str = Field(foreign_key="person.id")


class Found(SQLModel, table=True):
    """What search looks through."""

    __tablename__ = "search"
    key: int = Field(primary_key=True)
    type: str
    id: str
    name: str
    url: str
    body: str


def session() -> Iterator[Session]:
    """Lend a session."""
    with Session(engine) as session:
        yield session


Sessions = Annotated[Session, Depends(session)]


@app.get("/people", response_model=list[PersonRead])
def list_people(session: Sessions, limit: int = 20, offset: int = 0, organisation: str | None = None) -> Any:
    """List people."""
    people = select(Person).order_by(col(Person.position)).offset(offset).limit(limit)
    if organisation is not None:
        people = people.join(PersonIn).where(PersonIn.organisation == organisation)
    return session.exec(people).all()


@app.get("/people/{person_id}", response_model=PersonInFull)
def get_person(session: Sessions, person_id: str) -> Any:
    """Get one person."""
    person = session.get(Person, person_id)
    if person is None:
        raise HTTPException(404)
    return person


@app.get("/search", response_model=list[Found])
def search(session: Sessions, q: str, limit: int = 20) -> Any:
    """Search."""
    has = or_(col(Found.name).ilike(f"%{q}%"), col(Found.body).ilike(f"%{q}%"))
    return session.exec(select(Found).where(has).limit(limit)).all()
