"""The kinds of questions that the scale part asks: of each, many different ones, from what the database holds."""

import sqlite3
from collections.abc import Iterator
from random import Random
from urllib.parse import urlencode

from benchmarks.questions import LIMITS

COMMON, RARE = "police", 3
"""A word that a large part of the corpus shares, and in how many rows a rare one is."""
OF_TYPE = "SELECT id FROM entity WHERE type = '{}'"
TOOK_PART = "SELECT event_id FROM participation JOIN entity ON entity.id = entity_id WHERE type = '{}'"
PARTICIPANT = "SELECT entity_id FROM participation JOIN entity ON entity.id = entity_id WHERE type = '{}'"
KIND = "SELECT kind FROM entity WHERE type = '{}' AND kind IS NOT NULL"
PARENT = (
    "SELECT parent_id FROM relation"
    " JOIN entity AS child ON child.id = child_id JOIN entity AS parent ON parent.id = parent_id"
    " WHERE relation.kind = '{}' AND child.type = '{}' AND parent.type = '{}'"
)
DAY = "SELECT earliest FROM entity WHERE earliest IS NOT NULL"
ORGANISATION = "SELECT organisation_id FROM role JOIN entity ON entity.id = organisation_id WHERE type = 'organisation'"
FILTERS = {
    "/articles": {},
    "/people": {
        "organisation": ORGANISATION,
        "title": "SELECT title FROM role",
        "event": TOOK_PART.format("person"),
    },
    "/organisations": {
        "kind": KIND.format("organisation"),
        "parent": PARENT.format("part-of", "organisation", "organisation"),
        "event": TOOK_PART.format("organisation"),
    },
    "/units": {
        "organisation": PARENT.format("part-of", "unit", "organisation"),
        "event": TOOK_PART.format("unit"),
    },
    "/places": {"kind": KIND.format("place"), "within": PARENT.format("within", "place", "place")},
    "/documents": {
        "kind": KIND.format("document"),
        "issuer": "SELECT parent_id FROM relation WHERE kind = 'issued-by'",
    },
    "/events": {
        "kind": KIND.format("event"),
        "status": "SELECT status FROM occurrence",
        **{kind: PARTICIPANT.format(kind) for kind in ("person", "organisation", "unit", "place", "document")},
        "from": DAY,
        "to": DAY,
    },
    "/roles": {
        "person": "SELECT person_id FROM role",
        "organisation": ORGANISATION,
        "title": "SELECT title FROM role",
    },
    "/dates": {
        "entity": "SELECT entity_id FROM date WHERE entity_id IS NOT NULL",
        "relation": "SELECT relation FROM date",
        "precision": "SELECT precision FROM date",
        "basis": "SELECT basis FROM fact WHERE type = 'date'",
        "from": DAY,
        "to": DAY,
    },
    "/quotes": {
        "speaker": "SELECT speaker_id FROM quote",
        "addressee": "SELECT addressee_id FROM quote WHERE addressee_id IS NOT NULL",
        "event": "SELECT event_id FROM quote WHERE event_id IS NOT NULL",
        "direct": "SELECT CASE direct WHEN 1 THEN 'true' ELSE 'false' END FROM quote",
    },
    "/figures": {
        "subject": "SELECT subject_id FROM figure WHERE subject_id IS NOT NULL",
        "unit": "SELECT unit FROM figure WHERE unit IS NOT NULL",
        "min": "SELECT value FROM figure WHERE value IS NOT NULL",
        "max": "SELECT value FROM figure WHERE value IS NOT NULL",
    },
    "/notes": {
        "category": "SELECT category FROM note",
        "about": "SELECT about_fact_id FROM note WHERE about_fact_id IS NOT NULL",
    },
    "/facts": {
        "type": "SELECT type FROM fact",
        "entity": "SELECT entity_id FROM mention",
        "basis": "SELECT basis FROM fact",
        "attributed_to": "SELECT attributed_to_id FROM fact WHERE attributed_to_id IS NOT NULL",
    },
    "/timeline": {
        **{kind: PARTICIPANT.format(kind) for kind in ("person", "organisation", "unit", "place")},
        "from": DAY,
        "to": DAY,
    },
}
"""By list, its filters, and the SQL of the values that they take, each as often as a row has it."""
ITEMS = {
    "/people": OF_TYPE.format("person"),
    "/organisations": OF_TYPE.format("organisation"),
    "/units": OF_TYPE.format("unit"),
    "/places": OF_TYPE.format("place"),
    "/documents": OF_TYPE.format("document"),
    "/events": OF_TYPE.format("event"),
    "/facts": "SELECT id FROM fact",
    "/articles": "SELECT id FROM article",
}


class Kinds:
    """The kinds of questions over one database: by name, paths that are all different."""

    def __init__(self, database: sqlite3.Connection, times: int) -> None:
        self.database, self.times = database, times
        self.random = Random("kinds")

    def all(self) -> Iterator[tuple[str, list[str]]]:
        """Yield each kind."""
        rare, common = self._words()
        articles = self._typical("SELECT id FROM article")
        for path, filters in FILTERS.items():
            yield path, self._limits(path)
            yield f"{path} q, rare", [_path(path, q=word) for word in rare]
            yield f"{path} q, common", self._limits(path, q=common)
            yield f"{path} article", [_path(path, article=article) for article in articles]
            for name, sql in filters.items():
                yield f"{path} {name}", [_path(path, **{name: value}) for value in self._typical(sql)]
                yield f"{path} {name}, hub", self._limits(path, **{name: self._hub(sql)})
        yield "/facts at", [_path("/facts", article=article, at="200") for article in articles]
        for path, sql in ITEMS.items():
            yield f"{path}/ID", [f"{path}/{value}" for value in self._typical(sql)]
        for part in ("text", "coverage", "document"):
            yield f"/articles/ID/{part}", [f"/articles/{article}/{part}" for article in articles]
        yield "/search, rare", [_path("/search", q=word) for word in rare]
        yield "/search, common", self._limits("/search", q=common)
        yield "/search type, common", self._limits("/search", q=common, type="person")
        yield "/search, common words", self._limits("/search", q="the police")
        yield "/search, common words that never follow each other", self._limits("/search", q="at-the")
        yield "/search article", [_path("/search", article=article, q=common) for article in articles]
        for depth in ("1", "2"):
            focus = self._typical(ITEMS["/people"])
            yield f"/graph depth {depth}", [_path("/graph", focus=value, depth=depth) for value in focus]
            hub = self._hub("SELECT entity_id FROM mention")
            yield f"/graph depth {depth}, hub", self._limits("/graph", focus=hub, depth=depth)
        yield "/changes", self._limits("/changes")

    def _limits(self, path: str, **given: str) -> list[str]:
        """Return one question with many limits, 20 on the average."""
        return [_path(path, **given, limit=str(limit)) for limit in LIMITS]

    def _typical(self, sql: str) -> list[str]:
        """Return some of the values, whatever their rank, in an order of chance."""
        values = sorted(str(row[0]) for row in self.database.execute(f"SELECT DISTINCT * FROM ({sql})"))
        return self.random.sample(values, min(self.times, len(values)))

    def _hub(self, sql: str) -> str:
        """Return the value that most rows have."""
        grouped = (
            f"SELECT value, count(*) FROM (SELECT NULL AS value WHERE 0 UNION ALL {sql}) GROUP BY 1 ORDER BY 2 DESC, 1"
        )
        return str(self.database.execute(grouped).fetchone()[0])

    def _words(self) -> tuple[list[str], str]:
        """Return rare words, and a common one."""
        self.database.execute("CREATE VIRTUAL TABLE temp.terms USING fts5vocab(main, search_index, col)")
        rare = (
            "SELECT term FROM terms WHERE col = 'body' AND doc = ? "
            "AND length(term) > 3 AND term NOT GLOB '*[^a-z]*' ORDER BY term"
        )
        words = [row[0] for row in self.database.execute(rare, [RARE])]
        return self.random.sample(words, min(self.times, len(words))), COMMON


def _path(path: str, **given: str) -> str:
    return f"{path}?{urlencode(given)}"
