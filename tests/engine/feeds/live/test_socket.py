from __future__ import annotations

import asyncio
import logging
import socket
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from engine.feeds.live.parts import Parts
from engine.feeds.live.socket import Lost, Refused, Socket, open_socket
from engine.settings import Feeds
from tests.engine.feeds.live.scripted import answering, open_venue, quick_parts


async def quiet(guest: ServerConnection) -> None:
    await guest.wait_closed()


async def opened(parts: Parts, url: str) -> Socket:
    return await open_socket(url, parts.settings, parts.clock)


async def why_not(url: str, feeds: Feeds | None = None) -> str:
    """Why it cannot be opened."""
    async with quick_parts(feeds or Feeds()) as parts:
        with pytest.raises(Lost) as lost:
            await opened(parts, url)
    assert not isinstance(lost.value, Refused)
    return str(lost.value)


async def test_a_refused_connection_is_lost_in_words() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        assert "Connect call failed" in await why_not(f"ws://127.0.0.1:{free.getsockname()[1]}")


async def test_a_name_that_cannot_be_resolved_is_lost_in_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    assert await why_not("wss://venue.invalid") == "Name or service not known"


async def test_tls_to_a_plain_port_is_lost_in_words() -> None:
    async def plain(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with server:
        url = f"wss://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        assert (await why_not(url)).startswith("TLS failed")


async def test_a_peer_that_hangs_up_at_once_is_lost_in_words() -> None:
    async with open_venue(quiet) as venue:
        assert await why_not(venue.url.replace("ws:", "wss:")) == "the connection was reset"


async def test_a_server_that_never_shakes_hands_is_given_up() -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        why = await why_not(f"ws://127.0.0.1:{deaf.getsockname()[1]}", Feeds(connect_s=1.0))
    assert why == "no connection within 1 s"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nonsense", "ws://"])
async def test_an_address_that_is_none_is_lost_in_words(url: str) -> None:
    assert await why_not(url)


@pytest.mark.parametrize("status", [200, 403, 404, 418, 425, 429, 451, 500])
async def test_an_http_status_is_a_refusal(status: int) -> None:
    door = answering(status, Retry_After="9")
    async with open_venue(quiet, door=door) as venue, quick_parts() as parts:
        with pytest.raises(Refused) as refused:
            await opened(parts, venue.url)
    assert (refused.value.status, refused.value.wait_s) == (status, 9.0)
    assert str(refused.value) == f"refused with {status}"


@pytest.mark.parametrize("said", [b"", b"HTTP/1.1", b"\x00" * 99, b"HTTP/1.1 101 \r\n\r\n"])
async def test_a_server_of_another_protocol_is_lost_in_words(said: bytes) -> None:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        assert await why_not(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}")


async def test_a_peer_that_answers_no_ping_is_lost() -> None:
    async def deaf(guest: ServerConnection) -> None:
        guest.transport.pause_reading()
        await asyncio.wait_for(release.wait(), 6)

    release = asyncio.Event()
    async with open_venue(deaf) as venue, quick_parts(rate=40) as parts:
        opened_socket = await opened(parts, venue.url)
        with pytest.raises(Lost, match=r"1011 \(keepalive ping timeout\)"):
            async with asyncio.timeout(5):
                await opened_socket.receive()
        release.set()
        await opened_socket.gone()


async def test_a_cut_ends_a_wait_for_the_next_message_at_once() -> None:
    async with open_venue(quiet) as venue, quick_parts() as parts:
        opened_socket = await opened(parts, venue.url)
        waiting = asyncio.create_task(opened_socket.receive())
        await asyncio.sleep(0)
        opened_socket.cut()
        with pytest.raises(Lost, match="the connection broke"):
            await waiting
        with pytest.raises(Lost):
            await opened_socket.send("too late")
        await opened_socket.gone()


async def test_a_polite_end_leaves_nothing() -> None:
    async with open_venue(quiet) as venue, quick_parts() as parts:
        opened_socket = await opened(parts, venue.url)
        await opened_socket.close()
        await opened_socket.gone()
        assert venue.guests[0].close_code == 1000


async def test_the_librarys_log_never_reaches_the_screen(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(guest: ServerConnection) -> None:
        guest.transport.write(b"\xff\xff\xff\xff")
        await guest.wait_closed()

    async with open_venue(broken) as venue, quick_parts() as parts:
        opened_socket = await opened(parts, venue.url)
        with pytest.raises(Lost):
            await opened_socket.receive()
        await opened_socket.gone()
    logging.getLogger("engine.feeds.live.socket").error("what the library would say")
    assert capfd.readouterr().err == ""
    assert "would say" not in caplog.text
