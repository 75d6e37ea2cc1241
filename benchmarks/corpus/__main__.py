"""`python -m benchmarks.corpus 1000 --seed 7 > corpus.ndjson`."""

import json
import sys
from typing import Annotated

import typer

from benchmarks.corpus import documents


def main(
    count: Annotated[int, typer.Argument(min=0, help="How many articles.")],
    seed: Annotated[int, typer.Option(help="Another seed, other articles about the same world.")] = 0,
    start: Annotated[int, typer.Option(min=0, help="The number of the first article.")] = 0,
) -> None:
    """Write a corpus to standard output, one JSON document a line, as `dateline load` takes them."""
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")  # type: ignore[union-attr]  # is a TextIOWrapper
    for document in documents(count, seed, start):
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    cli = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    cli.command()(main)
    cli()
