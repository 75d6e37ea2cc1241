"""Seed data that has been loaded already: known by its bytes, without importing the checker to read it.

Checking takes a third of the start of a server; so what one start has loaded is noted down for the next ones.
"""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, delete, insert, literal, select
from sqlmodel import col

from app.tables import Article, SeedFolder

if TYPE_CHECKING:
    from app.loading.checking import CheckedArticle

CODE = Path(__file__).parent.parent


def digests_of(folders: Iterable[Path]) -> dict[str, str]:
    """Return a digest of each folder's files and of the code, which may find other faults in them; by folder name."""
    code = hashlib.sha256()
    for module in sorted(CODE.rglob("*.py")):
        code.update(module.read_bytes())
    digests = {}
    for folder in folders:
        digest = code.copy()
        for file in sorted(folder.iterdir()):
            content = file.read_bytes() if file.is_file() else b""
            digest.update(f"{file.name!a} {len(content)} ".encode() + content)
        digests[folder.name] = digest.hexdigest()
    return digests


def are_loaded(engine: Engine, digests: Mapping[str, str]) -> bool:
    """Tell whether each article is there as it was loaded from a folder with this digest."""
    with engine.connect() as connection:
        noted = connection.execute(select(col(SeedFolder.article_id), col(SeedFolder.digest)))
        return digests.items() <= {row.article_id: row.digest for row in noted}.items()


def note_loaded(engine: Engine, articles: "Iterable[CheckedArticle]", digests: Mapping[str, str]) -> None:
    """Note down which folders the articles have been loaded from; not where somebody has changed one meanwhile."""
    from app.loading.rows import rows_of

    with engine.begin() as connection:
        for article in articles:
            same = (col(Article.id) == article.id) & (col(Article.digest) == rows_of(article).article["digest"])
            found = select(col(Article.id), literal(digests[article.id])).where(same)
            connection.execute(delete(SeedFolder).where(col(SeedFolder.article_id) == article.id))
            connection.execute(insert(SeedFolder).from_select(["article_id", "digest"], found))
