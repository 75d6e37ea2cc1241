"""Backing up: a verified copy of a database that may be in use, in one file, there as a whole or not at all."""

import os
import shutil
from pathlib import Path

from app.errors import DatabaseFileError
from app.keeping.copying import companions_of, private_copy
from app.keeping.opening import Place
from app.keeping.verifying import Summary, verified


def back_up(database: Place, to: Path) -> Summary:
    """Write a backup of the database to the file; return how much is in it.

    Raises:
        DatabaseFileError: the file is there already, cannot be written, or what it would hold does not verify.
    """
    for path in (to, *companions_of(to)):
        if os.path.lexists(path):
            raise DatabaseFileError(f"{path}: is there already; name another file")
    with private_copy(database, to.parent) as copy:
        summary = verified(copy, database)
        if isinstance(database, Path):
            shutil.copymode(database, copy)
        _flush(copy)
        copy.rename(to)
        _flush(to.parent)
    return summary


def _flush(path: Path) -> None:
    """Have the operating system bring the file, or the folder's list of names, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
