"""A process that loads articles: `python -m benchmarks.loader DATABASE START A_SECOND` until it is told to stop."""

import json
import signal
import sys
import time
from pathlib import Path

from app.database import closing, create_writer
from app.loading.documents import Submission, check_document
from app.loading.loader import load_article
from benchmarks.corpus import article


def main(database: str, start: int, a_second: float) -> None:
    """Load one article after the other, so many a second; print how many at the end, and in how many seconds."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    loaded = 0
    with closing(create_writer(f"sqlite:///{database}")) as engine:
        print("ready", flush=True)
        began = due = time.monotonic()
        try:
            while True:
                content = json.dumps(article(start + loaded, 0)).encode()
                checked = check_document(Submission(content, Path("benchmark")))
                with engine.begin() as connection:
                    load_article(connection, checked)
                loaded += 1
                due += 1 / a_second
                time.sleep(max(0.0, due - time.monotonic()))
        finally:
            print(loaded, time.monotonic() - began, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
