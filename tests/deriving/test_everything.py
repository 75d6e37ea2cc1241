from sqlalchemy import Engine, delete, update

from app.deriving.everything import bring_up_to_date
from app.deriving.form import is_current
from app.keeping.verifying import faults
from app.loading.checking import CheckedArticle
from app.loading.loader import delete_article, load_article
from app.tables import DerivedForm, Listing, PreparedItem
from tests.newsroom import report


def forget(writer: Engine) -> None:
    """Leave the database as one whose schema has come without what this version of the code derives."""
    with writer.begin() as connection:
        for table in (DerivedForm, Listing, PreparedItem):
            connection.execute(delete(table))


def is_sound(writer: Engine) -> bool:
    with writer.connect() as connection:
        return is_current(connection) and list(faults(connection)) == []


def test_whoever_writes_derives_what_is_missing_first(writer: Engine, koome_article: CheckedArticle) -> None:
    with writer.begin() as connection:
        load_article(connection, koome_article)
    forget(writer)
    assert not is_sound(writer)
    with writer.begin() as connection:
        load_article(connection, report())
    assert is_sound(writer)
    forget(writer)
    with writer.begin() as connection:
        delete_article(connection, koome_article.id)
    assert is_sound(writer)


def test_migrating_derives_anew_what_another_version_has_derived(writer: Engine, koome_article: CheckedArticle) -> None:
    with writer.begin() as connection:
        load_article(connection, koome_article)
        connection.execute(update(DerivedForm).values(digest="another"))
        connection.execute(update(PreparedItem).values(item=b"{}"))
    bring_up_to_date(writer)
    assert is_sound(writer)
