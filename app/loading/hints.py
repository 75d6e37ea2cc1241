"""Hints: what was meant by what is wrong, as long as finding it out costs little enough."""

from collections.abc import Iterable
from itertools import islice

from app.text.folding import nearest
from app.text.quoting import Span, effort, nearest_words

MOST_EFFORT = 1_000_000_000
"""Nanoseconds in search of the nearest words of one article."""
MOST_HINTS = 100
"""Hints that one article gets: whoever has more faults than that mends the first ones first."""
MOST_CANDIDATES = 1000
"""Words among which the nearest one is looked up."""


class Hints:
    """The hints for one article: help must not cost more than it is worth."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.asked = 0
        self.effort = 0

    def word(self, word: str, candidates: Iterable[str]) -> str | None:
        """Return the candidate that the word is most like, if there is one."""
        self.asked += 1
        return nearest(word, islice(candidates, MOST_CANDIDATES)) if self.asked <= MOST_HINTS else None

    def words(self, words: str) -> Span | None:
        """Return the place of the words of the text that these are most like, if there are any."""
        self.asked += 1
        self.effort += effort(self.text, words)
        return nearest_words(self.text, words) if self.asked <= MOST_HINTS and self.effort <= MOST_EFFORT else None
