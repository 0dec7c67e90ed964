"""The HTTP client, made anew before the requests that were given up on have used it up.

Owns the life of clients. A request that is cancelled between being given a connection and opening
it leaves that connection in the pool, neither idle nor in use, and a full pool answers nobody any
more (httpcore 1.0.9). A venue that is slow for a day would end that way, so a client is replaced
after so many cancelled requests; needless once httpcore gives such connections back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx

MOST_GIVEN_UP = 20
"""Cancelled requests after which a client is replaced; its pool has room for a hundred."""


@dataclass(slots=True)
class _Lent:
    """One client and who uses it."""

    client: httpx.AsyncClient
    users: int = 0
    given_up: int = 0
    """Requests of it that were cancelled."""


class Clients:
    """One client at a time, and older ones until their last request is over."""

    def __init__(self, build: Callable[[], httpx.AsyncClient]) -> None:
        self._build = build
        self._newest = _Lent(build())
        self._older: list[_Lent] = []

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[httpx.AsyncClient]:
        """The newest client, for one request."""
        lent = self._newest
        lent.users += 1
        try:
            yield lent.client
        except asyncio.CancelledError:
            lent.given_up += 1
            raise
        finally:
            lent.users -= 1
            self._renew()
            await self._close_unused()

    async def aclose(self) -> None:
        """Close them all, whatever they are doing."""
        for lent in (*self._older, self._newest):
            await lent.client.aclose()
        self._older.clear()

    def _renew(self) -> None:
        if self._newest.given_up >= MOST_GIVEN_UP:
            self._older.append(self._newest)
            self._newest = _Lent(self._build())

    async def _close_unused(self) -> None:
        unused = [lent for lent in self._older if not lent.users]
        self._older = [lent for lent in self._older if lent.users]
        for lent in unused:
            await lent.client.aclose()
