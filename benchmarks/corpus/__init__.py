"""A corpus of any size from a seed: invented news of a long-running story, as documents that `dateline load` takes.

`names` has the words, `world` the entities, `writer` what an article is made with, `article` what it tells.
"""

from collections.abc import Iterator

from benchmarks.corpus.article import article
from benchmarks.corpus.writer import Document

__all__ = ["Document", "article", "documents"]


def documents(count: int, seed: int = 0, start: int = 0) -> Iterator[Document]:
    """Yield articles `start` to `start + count`; each depends on the seed and its number alone.

    So a smaller corpus is the beginning of a larger one, and corpora of several seeds agree on what entities are.
    """
    for number in range(start, start + count):
        yield article(number, seed)
