from __future__ import annotations

import asyncio

import httpx
import pytest

from engine.feeds.live.clients import MOST_GIVEN_UP, Clients


class Built:
    """Builds clients and remembers them."""

    def __init__(self) -> None:
        self.clients: list[httpx.AsyncClient] = []

    def __call__(self) -> httpx.AsyncClient:
        self.clients.append(httpx.AsyncClient(trust_env=False))
        return self.clients[-1]


async def give_up(clients: Clients, times: int) -> None:
    for _ in range(times):
        with pytest.raises(asyncio.CancelledError):
            async with clients.lend():
                raise asyncio.CancelledError


async def test_a_client_is_replaced_before_given_up_requests_have_used_it_up() -> None:
    built = Built()
    clients = Clients(built)
    await give_up(clients, MOST_GIVEN_UP)
    async with clients.lend() as client:
        assert client is built.clients[1]
    assert [client.is_closed for client in built.clients] == [True, False]
    await clients.aclose()
    assert built.clients[1].is_closed


async def test_requests_that_end_by_themselves_keep_the_client() -> None:
    built = Built()
    clients = Clients(built)
    for _ in range(MOST_GIVEN_UP * 3):
        with pytest.raises(httpx.ConnectError):
            async with clients.lend():
                raise httpx.ConnectError("refused")
    assert len(built.clients) == 1
    await clients.aclose()


async def test_a_client_in_use_is_closed_by_its_last_request() -> None:
    built = Built()
    clients = Clients(built)
    async with clients.lend() as client:
        await give_up(clients, MOST_GIVEN_UP)
        while_used = client.is_closed
    assert (while_used, client.is_closed) == (False, True)
    await clients.aclose()


async def test_closing_closes_also_what_is_in_use() -> None:
    built = Built()
    clients = Clients(built)
    async with clients.lend():
        await give_up(clients, MOST_GIVEN_UP)
        await clients.aclose()
    assert all(client.is_closed for client in built.clients)
