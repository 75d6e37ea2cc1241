"""Dateline: a REST API over the facts of news articles."""

from typing import Final

__version__: Final = "0.1.0"
