from __future__ import annotations

import asyncio
import gzip
import socket
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.feeds.live import ask as module
from engine.feeds.live.ask import BANNED_S, Answer, Refusal, described, retry_s
from engine.settings import Feeds
from tests.engine.feeds.live.scripted import answering, open_venue, quick_parts

NOW_MS = 1_795_000_000_000
SHORT = Feeds(request_s=2.0)


async def never(_: Any) -> None:
    raise AssertionError("no socket is opened here")


@asynccontextmanager
async def saying(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """A server of bare TCP."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def asked(url: str, **params: str | int) -> Answer | Refusal:
    async with quick_parts(SHORT) as parts:
        return await parts.asker.get(url, **params)


async def test_an_answer_is_kept_as_it_came_and_timed() -> None:
    async with (
        open_venue(never, door=answering(200, b'{ "a": 1 }')) as venue,
        quick_parts(SHORT) as parts,
    ):
        before = parts.clock.now_ms()
        reply = await parts.asker.get(venue.url.replace("ws", "http"), slug="x", limit=5)
        assert isinstance(reply, Answer)
        assert reply.raw == b'{ "a": 1 }'
        assert reply.data == {"a": 1}
        assert before <= reply.asked_ms <= parts.clock.now_ms()
        assert reply.rtt_ms > 0


@pytest.mark.parametrize("status", [302, 400, 403, 404, 418, 425, 429, 451, 500, 502, 503])
async def test_a_status_is_a_refusal_in_words(status: int) -> None:
    async with open_venue(never, door=answering(status)) as venue:
        reply = await asked(venue.url.replace("ws", "http"))
    assert isinstance(reply, Refusal)
    assert reply.status == status
    assert reply.why == f"answered {status}"
    assert reply.blocked is (status in (403, 451))
    assert reply.retry_s == (BANNED_S if status == 418 else None)


async def test_a_venues_own_wait_is_told() -> None:
    async with open_venue(never, door=answering(429, Retry_After="17")) as venue:
        reply = await asked(venue.url.replace("ws", "http"))
    assert reply == Refusal("answered 429", 429, 17.0)


@pytest.mark.parametrize("body", [b'{"a":', b"<html>", b"", b"\xff", b"[" * 5_000])
async def test_an_answer_that_is_not_json_is_a_refusal(body: bytes) -> None:
    async with open_venue(never, door=answering(200, body)) as venue:
        reply = await asked(venue.url.replace("ws", "http"))
    assert reply == Refusal("the answer is not JSON", 200)


async def test_an_endless_answer_is_read_to_its_bound_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_BYTES", 100_000)

    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while True:
                writer.write(b" " * 65_536)
                await writer.drain()
        except ConnectionError:
            return

    async with saying(endless) as url:
        reply = await asked(url)
    assert reply == Refusal("the answer is longer than 100000 bytes", 200)


def packed(body: bytes, header: bytes) -> Callable[..., Awaitable[None]]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: %b\r\nContent-Length: %d\r\n\r\n"
        writer.write(head % (header, len(body)) + body)
        await writer.drain()

    return talk


@pytest.mark.parametrize("header", [b"gzip", b" GZIP", b"x-gzip"])
async def test_a_packed_answer_is_read(header: bytes) -> None:
    async with saying(packed(gzip.compress(b'{"a": 1}'), header)) as url:
        reply = await asked(url)
    assert isinstance(reply, Answer)
    assert reply.raw == b'{"a": 1}'


async def test_a_small_answer_that_unpacks_to_a_huge_one_is_never_made() -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    async with saying(packed(bomb, b"gzip")) as url:
        tracemalloc.start()
        try:
            reply = await asked(url)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert reply == Refusal(f"the answer is longer than {module.MOST_BYTES} bytes", 200)
    assert most < 4 * module.MOST_BYTES


@pytest.mark.parametrize(
    ("body", "header", "why"),
    [
        (gzip.compress(gzip.compress(b"{}")), b"gzip, gzip", "packed as gzip,"),
        (b"{}", b"br", "packed as br"),
        (b"{}", b"gzip", "cannot be unpacked"),
        (gzip.compress(b"{}" * 40)[:-12], b"gzip", "ends too early"),
    ],
    ids=["packed twice", "br", "not packed", "cut"],  # what is packed has the time in it
)
async def test_a_packing_that_cannot_be_bounded_or_read_is_a_refusal(
    body: bytes, header: bytes, why: str
) -> None:
    async with saying(packed(body, header)) as url:
        reply = await asked(url)
    assert isinstance(reply, Refusal)
    assert why in reply.why


async def test_a_silent_server_is_given_up() -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with saying(silent) as url:
        assert await asked(url) == Refusal("not answered within 2 s")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"HTTP/1.1 2",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_a_broken_answer_is_a_refusal(said: bytes) -> None:
    async def broken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()

    async with saying(broken) as url:
        reply = await asked(url)
    assert isinstance(reply, Refusal)
    assert reply.why


async def test_a_refused_connection_is_a_refusal() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        reply = await asked(f"http://127.0.0.1:{free.getsockname()[1]}")
    assert isinstance(reply, Refusal)
    assert (reply.status, reply.blocked) == (None, False)


async def test_a_name_that_cannot_be_resolved_is_a_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    reply = await asked("https://venue.invalid")
    assert isinstance(reply, Refusal)
    assert "not known" in reply.why


async def test_tls_to_a_plain_port_is_a_refusal() -> None:
    async with open_venue(never, door=answering(200)) as venue:
        reply = await asked(venue.url.replace("ws", "https"))
    assert isinstance(reply, Refusal)
    assert reply.why


@pytest.mark.parametrize("url", ["http://", "nonsense", "http://[", "http://a b", "ftp://a"])
async def test_an_address_that_is_none_is_a_refusal(url: str) -> None:
    assert isinstance(await asked(url), Refusal)


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    async with open_venue(never, door=answering(200)) as venue:
        assert isinstance(await asked(venue.url.replace("ws", "http")), Answer)


async def test_a_request_can_be_cancelled() -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with saying(silent) as url, quick_parts(SHORT) as parts:
        task = asyncio.create_task(parts.asker.get(url))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def test_a_wait_may_be_a_date() -> None:
    # 2026-11-18 11:06:40 UTC is NOW_MS.
    assert retry_s(429, "Wed, 18 Nov 2026 12:06:40 GMT", NOW_MS) == 3600.0
    assert retry_s(429, "Wed, 18 Nov 2020 11:26:40 GMT", NOW_MS) == 0.0


@pytest.mark.parametrize(
    ("status", "seconds"), [(425, 300), (503, 300), (429, 7_200), (418, 7_200)]
)
def test_a_venue_that_is_not_well_is_asked_again_before_long(status: int, seconds: float) -> None:
    assert retry_s(status, "7200", NOW_MS) == seconds


@given(st.text(max_size=40) | st.integers().map(str), st.sampled_from([418, 429, 503]))
def test_any_wait_is_bounded_or_unknown(said: str, status: int) -> None:
    wait = retry_s(status, said, NOW_MS)
    assert wait is None or 0 <= wait <= 86_400


def test_an_error_of_the_system_is_told_without_its_number() -> None:
    error = httpx.ConnectError("[Errno -2] Name or service not known")
    assert described(error) == "Name or service not known"
