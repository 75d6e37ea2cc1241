"""Asking a server, one question at a time."""

from collections.abc import Iterator
from typing import Any, Self

import httpx


class Asked:
    """An API at an address."""

    def __init__(self, url: str) -> None:
        # As the load asks: without compression, which has other bytes and another ETag.
        self.client = httpx.Client(base_url=url, timeout=60, trust_env=False, headers={"Accept-Encoding": "identity"})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.client.close()

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Return what answers the path; it must be there."""
        response = self.client.get(path, headers=headers)
        response.raise_for_status()
        return response

    def items(self, path: str, **parameters: str) -> Iterator[Any]:
        """Yield the items of all pages of a list of Dateline's."""
        page = self.client.get(path, params=parameters).raise_for_status().json()
        yield from page["items"]
        while page["next"] is not None:
            page = self.get(page["next"]).json()
            yield from page["items"]
