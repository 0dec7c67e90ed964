"""The least that a client of these servers needs: one GET, and a socket that waits for a frame."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

PATIENCE_S = 10.0
"""Real seconds after which a test gives up."""


async def get(url: str, **params: str | int) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        return await client.get(url, params=params)


async def told(url: str, **params: str | int) -> Any:
    """The answer's content; it must be a good one."""
    answer = await get(url, **params)
    assert answer.status_code == 200, answer.text
    return answer.json()


@asynccontextmanager
async def socket(url: str, *greetings: Any) -> AsyncIterator[ClientConnection]:
    """A socket on which these have been said."""
    async with connect(url, proxy=None, compression=None, close_timeout=0.5) as connection:
        for greeting in greetings:
            text = greeting if isinstance(greeting, str) else json.dumps(greeting)
            await connection.send(text)
        yield connection


async def heard(connection: ClientConnection, wanted: Callable[[Any], bool]) -> Any:
    """The first frame that is wanted, of JSON or a bare word."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            frame = parsed(await connection.recv())
            if wanted(frame):
                return frame


async def all_heard(connection: ClientConnection, count: int) -> list[Any]:
    """The next frames."""
    async with asyncio.timeout(PATIENCE_S):
        return [parsed(await connection.recv()) for _ in range(count)]


def parsed(frame: str | bytes) -> Any:
    try:
        return json.loads(frame)
    except ValueError:
        return frame


async def until(true: Callable[[], bool]) -> None:
    """Wait for something that will be true."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():
            await asyncio.sleep(0.01)
