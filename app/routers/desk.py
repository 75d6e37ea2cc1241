"""The desk: where articles that came over HTTP are checked and stored.

Nothing imports this module before somebody writes: what it needs for that takes many readers' time and memory.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from sqlalchemy import Engine

from app.database import check_ready, create_writer, current_revision, explained
from app.errors import UnreachableError
from app.loading import loader
from app.loading.checking import CheckedArticle
from app.loading.documents import Submission, check_document
from app.loading.loader import Outcome, known_entities, load_article
from app.queries.articles import get_article
from app.routers.asking import etag_of_article, find_etag
from app.routers.preconditions import Preconditions
from app.schemas.views import ArticleItem
from app.settings import Settings

BODY = Path("body")
ResultT = TypeVar("ResultT")


@dataclass(frozen=True)
class Stored:
    """An article as it was stored: whether it is new, as readers get it, its ETag, and since which revision."""

    created: bool
    item: ArticleItem
    etag: str
    revision: int


class Desk:
    """Where articles are checked and stored, in threads of their own: readers go on meanwhile.

    One document is checked at a time and one is stored at a time, as neither would be faster beside another.
    """

    def __init__(self, settings: Settings, reader: Engine, primary: Engine) -> None:
        """Open the desk.

        Args:
            settings: what documents may be like, and where they are stored.
            reader: what is read from, which may be behind.
            primary: what reads where the articles are stored.
        """
        self.deepest = settings.max_depth
        self.patience = settings.check_timeout
        self.reader, self.primary = reader, primary
        self.writer = create_writer(settings.database_url)
        self.last_alone = 0.0
        """When a writer has found last that the database cannot be reached."""
        self.checking, self.storing = CapacityLimiter(1), CapacityLimiter(1)

    def close(self) -> None:
        """Close what is open."""
        self.writer.dispose()

    async def check(self, body: bytes, article_id: str | None = None, *, needs_id: bool = True) -> CheckedArticle:
        """Return the article of a document with nothing wrong in it; called `article_id`, where that is given.

        Raises:
            CheckError: with every diagnostic.
            TooLongError: it takes longer to check than may be.
        """
        submission = Submission(body, BODY, article_id=article_id, needs_id=needs_id, deepest=self.deepest)
        return await run_sync(lambda: check_document(submission, monotonic() + self.patience), limiter=self.checking)

    async def compare(self, article: CheckedArticle) -> None:
        """Return if no other article calls one of the article's entities otherwise.

        Raises:
            DisagreementError: another one does.
        """

        def compare() -> None:
            check_ready(self.reader)
            with explained(), self.reader.connect() as connection:
                known_entities(connection, article)

        await run_sync(compare, limiter=self.checking)

    async def store(self, article: CheckedArticle, wanted: Preconditions) -> Stored:
        """Create or replace the article.

        Raises:
            PreconditionError: what is there is not what the client believes to be there.
            DisagreementError: another article calls one of its entities otherwise.
        """

        def store() -> Stored:
            with explained(), self.writer.begin() as connection:
                wanted.refuse_write(find_etag(connection, article.id))
                created = load_article(connection, article) is Outcome.CREATED
                item = get_article(connection, article.id)
                return Stored(created, item, etag_of_article(connection, article.id), current_revision(connection))

        return await self._write(store)

    async def delete(self, article_id: str, wanted: Preconditions) -> int:
        """Take the article out; return the revision from which on it is gone.

        Raises:
            NotFoundError: there is no such article.
            PreconditionError: what is there is not what the client believes to be there.
        """

        def delete() -> int:
            with explained(), self.writer.begin() as connection:
                wanted.refuse_write(etag_of_article(connection, article_id))
                loader.delete_article(connection, article_id)
                return current_revision(connection)

        return await self._write(delete)

    async def _write(self, change: Callable[[], ResultT]) -> ResultT:
        """Run the change; only on a database that is there, or the writer would make an empty one."""
        came = monotonic()

        def run() -> ResultT:
            if came < self.last_alone:  # Each would wait as long for the same, and keep readers out.
                raise UnreachableError("the database cannot be reached, as another has found while this write waited")
            try:
                check_ready(self.primary)
                return change()
            except UnreachableError:
                self.last_alone = monotonic()
                raise

        return await run_sync(run, limiter=self.storing)
