"""Which version of the code has derived what is derived: what another version has made is not served."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, insert, select
from sqlmodel import col

from app.database.questions import Question
from app.tables import DerivedForm

APP: Final = Path(__file__).parent.parent
MADE_BY: Final = ("deriving", "listings.py", "prepared.py", "schemas/base.py", "schemas/entities.py", "vocabulary.py")
"""The code that decides what is derived; other code may change, and all of it still stands."""
DIGEST: Final = Question(select(col(DerivedForm.digest)).where(col(DerivedForm.id) == 1))


@cache
def form() -> str:
    """Return a digest of the code that derives."""
    digest = hashlib.sha256()
    for name in MADE_BY:
        place = APP / name
        for file in sorted(place.glob("*.py")) if place.is_dir() else [place]:
            digest.update(file.read_bytes())
    return digest.hexdigest()


def is_current(connection: Connection) -> bool:
    """Tell whether what is derived has been derived by this version of the code."""
    return bool(DIGEST.scalar(connection) == form())


def note_form(connection: Connection) -> None:
    """Note down that this version of the code has derived all that is derived."""
    connection.execute(delete(DerivedForm))
    connection.execute(insert(DerivedForm), {"id": 1, "digest": form()})
