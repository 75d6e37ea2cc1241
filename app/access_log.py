"""The access log: a line a request, put together by hand, as any encoder would take several times as long."""

import logging
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quote
from time import time
from typing import Final

from app.logs import Lines, timestamp
from app.metrics import OTHER, UNMATCHED

FAILED: Final = 500
"""The first status that is logged as an error."""
LONGEST: Final = 1024
"""Characters of a path and of a query that go into the log."""
LONGEST_AGENT: Final = 256

log = logging.getLogger("dateline.request")


def about_answer(method: str | None, route: str | None, status: int, path: str, query: bytes, size: int) -> str:
    """Return the fields of a line that are the same for all to whom this answer is given."""
    return (
        f'{_kind(method, route, status)},"path":{quote(path[:LONGEST])},'
        f'"query":{quote(query[:LONGEST].decode("latin-1"))},"bytes":{size}'
    )


def write(
    status: int, answer: str, request_id: str, seconds: float, client: str | None, agent: bytes | None, more: str = ""
) -> None:
    """Write a line.

    Args:
        status: the answer's.
        answer: what is said of it, from `about_answer`.
        request_id: the request's.
        seconds: from the request to the end of its answer.
        client: the address of who asked.
        agent: what they say they are.
        more: further fields, each with a comma before it.
    """
    if not log.isEnabledFor(logging.ERROR if status >= FAILED else logging.INFO):
        return
    for handler in logging.root.handlers:
        if isinstance(handler, Lines):
            handler.put(_line, time(), answer, request_id, seconds, client, agent, more)


def _line(
    now: float, answer: str, request_id: str, seconds: float, client: str | None, agent: bytes | None, more: str
) -> str:
    return (
        f'{{"time":"{timestamp(int(now * 1000))}",{answer},"request_id":"{request_id}",'
        f'"milliseconds":{seconds * 1000:.3f},{_about_client(client, agent)}{more}}}\n'
    )


@lru_cache(maxsize=1024)
def _kind(method: str | None, route: str | None, status: int) -> str:
    """Return what the lines of many requests have in common."""
    return (
        f'"level":"{"error" if status >= FAILED else "info"}","logger":"{log.name}",'
        f'"message":{quote(f"{method or OTHER} {route or UNMATCHED} {status}")},'
        f'"method":{_json(method)},"route":{_json(route)},"status":{status}'
    )


@lru_cache(maxsize=1024)
def _about_client(client: str | None, agent: bytes | None) -> str:
    said = None if agent is None else agent[:LONGEST_AGENT].decode("latin-1")
    return f'"client":{_json(client)},"agent":{_json(said)}'


def _json(text: str | None) -> str:
    return "null" if text is None else quote(text)
