"""Storing alone: `python -m benchmarks.storing DOCUMENTS DATABASE` reads and checks first, and times the rest."""

import json
import sys
import time
from pathlib import Path

from app.database import closing, create_writer
from app.loading.batch import collecting_seldom, store_each
from app.loading.documents import Submission, check_document


def main(documents: str, database: str) -> None:
    """Store the articles, as many at once as `dateline load` does; print the seconds that it took."""
    file = Path(documents)
    with file.open("rb") as lines:
        checked = [check_document(Submission(line, file, number)) for number, line in enumerate(lines, start=1)]
    with closing(create_writer(f"sqlite:///{database}")) as engine, collecting_seldom():
        began = time.perf_counter()
        for _ in store_each(engine, checked):
            pass
        seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds}))


if __name__ == "__main__":
    main(*sys.argv[1:])
