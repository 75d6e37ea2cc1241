"""Articles, their text, and which of its words no fact uses."""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, select
from sqlmodel import col

from app.database import Question
from app.queries.matching import bounded, found_by_text
from app.queries.paging import Slice, fetch_slice, order_by
from app.queries.unknown import nothing_answers, refuse_unknown
from app.schemas.base import EvidenceItem, article_ref
from app.schemas.parameters import ArticleFilters
from app.schemas.views import ArticleItem, Coverage
from app.tables import Article, Evidence, Revision, Span, table_of
from app.text.quoting import Span as Place
from app.text.quoting import context, merged, paragraph_at, paragraphs, words

ARTICLE = table_of(Article).c
MARKS = Question(
    select(ARTICLE.digest, select(col(Revision.token)).scalar_subquery().label("token")).where(
        ARTICLE.id == bindparam("id")
    )
)
ARTICLES = select(table_of(Article))
WITHOUT_TEXTS = select(*(column for column in ARTICLE if column.name != "text"))
"""For lists: a page of long texts takes longer to read than all else about them."""
STATED = ("dateline", "headline", "byline", "publisher", "source_url")
"""What the text gives about the article in words of its own."""


def list_articles(connection: Connection, filters: ArticleFilters) -> Slice[ArticleItem]:
    """Return one page of the articles that the filters let through.

    Raises:
        InvalidInputError: a forged cursor.
        NotFoundError: a filter names something that is not there.
    """
    refuse_unknown(connection, filters)
    with_evidence = "evidence" in filters.include
    statement = (ARTICLES if with_evidence else WITHOUT_TEXTS).where(*_conditions(filters))
    order = order_by(filters, {"id": (ARTICLE.id,)})
    page = fetch_slice(connection, statement, order, filters.limit, filters.cursor)
    page = bounded(connection, page, filters, ["article"])
    return Slice([_item(row, with_evidence=with_evidence) for row in page.items], page.total, page.cursor)


def get_article(connection: Connection, article_id: str) -> ArticleItem:
    """Return one article with the evidence of what its text says about it.

    Raises:
        NotFoundError: there is no such article.
    """
    return _item(_row(connection, article_id), with_evidence=True)


def marks_of_article(connection: Connection, article_id: str) -> Any:
    """Return the `digest`, which tells this state of the article from all others, and the `token` of the last load.

    None when there is no such article.
    """
    return next(iter(MARKS.all(connection, {"id": article_id})), None)


def get_text(connection: Connection, article_id: str) -> str:
    """Return the text of the article as it was loaded.

    Raises:
        NotFoundError: there is no such article.
    """
    text: str = _row(connection, article_id).text
    return text


def get_coverage(connection: Connection, article_id: str) -> Coverage:
    """Return how many words of the article are evidence of something, and the runs of words that are not.

    Raises:
        NotFoundError: there is no such article.
    """
    text = get_text(connection, article_id)
    used = (
        select(col(Span.start), col(Span.end))
        .where(col(Span.article_id) == article_id, col(Span.id).in_(select(col(Evidence.span_id))))
        .distinct()
    )
    spans = merged([Place(start, end) for start, end in connection.execute(used)])
    all_words = words(text)
    free = list(_outside(all_words, spans))
    return Coverage(
        article=article_ref(article_id),
        words=len(all_words),
        covered=len(all_words) - len(free),
        share=(len(all_words) - len(free)) / len(all_words) if all_words else 0.0,
        gaps=_evidence(article_id, text, _runs(all_words, free)),
    )


def _outside(all_words: list[Place], spans: list[Place]) -> Iterator[Place]:
    """Yield the words that do not lie in a span; both in order and disjoint."""
    remaining = iter(spans)
    span = next(remaining, None)
    for word in all_words:
        while span is not None and span.end < word.end:
            span = next(remaining, None)
        if span is None or word.start < span.start:
            yield word


def _runs(all_words: list[Place], free: list[Place]) -> Iterator[Place]:
    """Yield the free words, neighbours joined to one run."""
    index = {word: number for number, word in enumerate(all_words)}
    for _, run in groupby(enumerate(free), lambda pair: index[pair[1]] - pair[0]):
        neighbours = [word for _, word in run]
        yield Place(neighbours[0].start, neighbours[-1].end)


def _conditions(filters: ArticleFilters) -> Iterator[ColumnElement[bool]]:
    if filters.q is not None:
        yield found_by_text(ARTICLE.id, ["article"], filters.q, filters.article)
    if filters.article:
        yield ARTICLE.id.in_(filters.article)


def _row(connection: Connection, article_id: str) -> Row[Any]:
    row = connection.execute(ARTICLES.where(ARTICLE.id == article_id)).first()
    if row is None:
        nothing_answers(connection, "article", article_id)
    return row


def _item(row: Row[Any], *, with_evidence: bool) -> ArticleItem:
    stated = {name: getattr(row, name) for name in STATED}
    return ArticleItem(
        id=row.id,
        url=f"/articles/{row.id}",
        text_url=f"/articles/{row.id}/text",
        **stated,
        year=row.year,
        sha256=row.sha256,
        length=row.length,
        paragraphs=row.paragraphs,
        words=row.words,
        facts=row.facts,
        evidence=_evidence(row.id, row.text, _places(row.text, stated)) if with_evidence else None,
    )


def _places(text: str, stated: dict[str, str | None]) -> list[Place]:
    """Return where the text gives what it says about itself."""
    found = {value: text.find(value) for value in stated.values() if value is not None}
    return sorted({Place(start, start + len(value)) for value, start in found.items()})


def _evidence(article_id: str, text: str, places: Iterable[Place]) -> list[EvidenceItem]:
    places = list(places)
    numbered = paragraphs(text) if places else []
    evidence = []
    for place in places:
        prefix, suffix = context(text, place)
        evidence.append(
            EvidenceItem(
                article=article_id,
                exact=text[place.start : place.end],
                prefix=prefix,
                suffix=suffix,
                start=place.start,
                end=place.end,
                paragraph=paragraph_at(numbered, place.start),
            )
        )
    return evidence
