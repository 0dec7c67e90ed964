"""The engine's end of the control socket, before clients that mean well and others."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.clock import SystemClock
from engine.control import server as server_module
from engine.control.server import CONNECTIONS, LISTENING, ControlServer
from engine.home import Home
from engine.requests import Halt, PickModel
from tests.engine.control.ports import DONE, ToldPort


@asynccontextmanager
async def listening(path: Path | None, port: ToldPort) -> AsyncIterator[ControlServer]:
    async with ControlServer(path, port, SystemClock(), lambda _: None) as server:
        yield server


@asynccontextmanager
async def talking(
    path: Path,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_unix_connection(path, limit=2**24)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def said(path: Path, raw: bytes) -> list[dict[str, Any]]:
    """Every line of the answer to `raw`, up to the last."""
    async with talking(path) as (reader, writer):
        writer.write(raw)
        lines = []
        while line := await reader.readline():
            lines.append(orjson.loads(line))
            if lines[-1].get("last"):
                break
        return lines


async def test_a_status_comes_on_one_line(home: Home) -> None:
    async with listening(home.control_socket, ToldPort()):
        (answer,) = await said(home.control_socket, b'{"do": "status"}\n')
    assert answer["ok"] is True
    assert answer["state"] == "ACTIVE"
    assert answer["pid"] == os.getpid()


async def test_F42_a_stop_shuts_the_gate_before_it_answers_and_ends_with_the_evidence(
    home: Home,
) -> None:
    port = ToldPort()
    async with listening(home.control_socket, port):
        first, *_, last = await said(home.control_socket, b'{"do": "stop", "by": "me"}\n')
    assert port.requests == [Halt("me")]
    assert first["latched"] is True
    assert (first["pid"], first["seq"]) == (os.getpid(), 7)
    assert last["done"] is True
    assert (last["stop"]["orders"], last["stop"]["confirmed"]) == (DONE.orders, DONE.confirmed)
    assert last["sentence"] == DONE.sentence


async def test_a_stop_of_an_engine_that_died_is_answered_with_its_failure(home: Home) -> None:
    port = ToldPort(evidence=())
    async with listening(home.control_socket, port):
        port.change(failure="the disk is gone", state="HALTED")
        *_, last = await said(home.control_socket, b'{"do": "stop"}\n')
    assert last["sentence"] == "the disk is gone"
    assert last["done"] is False


async def test_any_request_of_the_console_is_carried(home: Home) -> None:
    port = ToldPort()
    question = b'{"do": "ask", "what": "PickModel", "with": {"rung": 2}}\n'
    async with listening(home.control_socket, port):
        (answer,) = await said(home.control_socket, question)
    assert answer["ok"] is True
    assert port.requests == [PickModel(2)]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"\xff\x00garbage\n", "is no JSON"),
        (b"[1, 2]\n", "is no object"),
        (b'{"do": "dance"}\n', "nobody here knows how to 'dance'"),
        (b'{"do": {"a": 1}}\n', "nobody here knows"),
        (b"{}\n", "nobody here knows"),
        (b'{"do": "ask", "what": "Bankrupt"}\n', "there is no request 'Bankrupt'"),
        (b'{"do": "ask", "what": "PickModel", "with": {"rung": "x"}}\n', "PickModel: rung"),
        (b'{"do": "ask", "what": "PickModel", "with": 3}\n', "PickModel takes rung"),
    ],
)
async def test_a_malformed_question_gets_one_sentence(home: Home, raw: bytes, words: str) -> None:
    port = ToldPort()
    async with listening(home.control_socket, port):
        (answer,) = await said(home.control_socket, raw)
        (after,) = await said(home.control_socket, b'{"do": "ping"}\n')
    assert answer["ok"] is False
    assert words in answer["why"]
    assert "\n" not in answer["why"]
    assert after["ok"] is True
    assert port.requests == []


async def test_half_a_question_holds_nobody_up(home: Home) -> None:
    async with listening(home.control_socket, ToldPort()), talking(home.control_socket) as half:
        half[1].write(b'{"do": "sta')
        (answer,) = await said(home.control_socket, b'{"do": "ping"}\n')
    assert answer["ok"] is True


async def test_a_question_without_an_end_is_refused(home: Home) -> None:
    async with listening(home.control_socket, ToldPort()):
        (answer,) = await said(home.control_socket, b"x" * 200_000 + b"\n")
    assert "64 KiB" in answer["why"]


async def test_a_client_that_reads_nothing_is_dropped(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "READ_S", 0.2)
    async with listening(home.control_socket, ToldPort()):
        with raw_client(home.control_socket) as deaf:
            deaf.setblocking(False)
            await flood(deaf)
            (answer,) = await said(home.control_socket, b'{"do": "ping"}\n')
            assert answer["ok"] is True
            await dropped(deaf)


async def test_idle_connections_keep_no_stop_out(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "IDLE_S", 1_000.0)  # it is not their silence that ends them
    port = ToldPort()
    async with listening(home.control_socket, port):
        idle = [await asyncio.open_unix_connection(home.control_socket) for _ in range(100)]
        *_, last = await said(home.control_socket, b'{"do": "stop"}\n')
        await asyncio.sleep(0)
        ends = await asyncio.gather(*(hung_up(reader) for reader, _ in idle[: 100 - CONNECTIONS]))
        for _, writer in idle:
            writer.transport.abort()
    assert last["done"] is True
    assert all(ends)


async def test_another_user_gets_no_answer(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    port = ToldPort()
    monkeypatch.setattr(server_module, "same_user", lambda _: False)
    async with listening(home.control_socket, port):
        (answer,) = await said(home.control_socket, b'{"do": "stop"}\n')
    assert "answers only the user who runs it" in answer["why"]
    assert port.requests == []


async def test_only_its_owner_can_open_the_socket(home: Home) -> None:
    async with listening(home.control_socket, ToldPort()):
        assert stat.S_IMODE(home.control_socket.stat().st_mode) == 0o600


async def test_the_socket_is_gone_when_the_engine_is(home: Home) -> None:
    async with listening(home.control_socket, ToldPort()) as server:
        assert server.status == LISTENING
    assert not home.control_socket.exists()


async def test_what_a_dead_engine_left_is_replaced(home: Home) -> None:
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(home.control_socket))
    dead.close()
    async with listening(home.control_socket, ToldPort()) as server:
        assert server.status == LISTENING


async def test_a_living_one_is_never_replaced(home: Home) -> None:
    first, second = ToldPort(), ToldPort()
    async with listening(home.control_socket, first):
        async with listening(home.control_socket, second) as late:
            assert "another process listens" in late.status
        await said(home.control_socket, b'{"do": "stop"}\n')
    assert len(first.requests) == 1
    assert second.requests == []


@pytest.mark.parametrize("kind", ["file", "symlink", "folder"])
async def test_nothing_but_a_socket_is_removed_from_its_place(home: Home, kind: str) -> None:
    path, precious = home.control_socket, home.state / "precious"
    precious.write_text("kept")
    if kind == "file":
        path.write_text("kept")
    elif kind == "symlink":
        path.symlink_to(precious)
    else:
        path.mkdir()
    async with listening(path, ToldPort()) as server:
        assert server.status == f"{path} is no socket; remove it"
    assert path.exists()
    assert precious.read_text() == "kept"


async def test_it_stamps_only_what_went_through_the_socket(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "PROVE_S", 0.01)
    stamps: list[str] = []
    async with ControlServer(home.control_socket, ToldPort(), SystemClock(), stamps.append):
        await until(lambda: bool(stamps))
    home.control_socket.symlink_to(home.state / "nowhere")
    blocked: list[str] = []
    async with ControlServer(home.control_socket, ToldPort(), SystemClock(), blocked.append):
        await asyncio.sleep(0.1)
    assert blocked == []


async def test_a_socket_that_somebody_removed_comes_back(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "PROVE_S", 0.01)
    async with listening(home.control_socket, ToldPort()) as server:
        home.control_socket.unlink()
        await until(lambda: home.control_socket.exists() and server.status == LISTENING)
        (answer,) = await said(home.control_socket, b'{"do": "ping"}\n')
    assert answer["ok"] is True


async def test_a_run_without_a_socket_has_none(home: Home) -> None:
    async with listening(None, ToldPort()) as server:
        assert server.status == "no control socket in this run"


@contextmanager
def raw_client(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        yield client


async def flood(client: socket.socket) -> None:
    """Ask until the socket takes no more, and read nothing."""
    loop = asyncio.get_running_loop()
    for _ in range(2_000):
        try:
            await asyncio.wait_for(loop.sock_sendall(client, b'{"do": "status"}\n' * 50), 0.5)
        except (TimeoutError, OSError):
            return


async def dropped(client: socket.socket) -> None:
    """Until the server has closed it; fails by pytest's own limit."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            if not await loop.sock_recv(client, 2**20):
                return
        except OSError:
            return


async def hung_up(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(5.0):
            return await reader.read(1) == b""
    except TimeoutError:
        return False
    except OSError:
        return True


async def until(holds: Any) -> None:
    while not holds():
        await asyncio.sleep(0.01)
