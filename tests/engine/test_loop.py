"""An event loop that ends although something in it does not."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine.loop import Abandoned, run

HANGING = """
import socket, threading
socket.getaddrinfo = lambda *_, **__: threading.Event().wait()

import asyncio
from engine.loop import run

async def ask() -> None:
    try:
        async with asyncio.timeout(0.05):
            await asyncio.get_running_loop().getaddrinfo("venue.invalid", 443)
    except TimeoutError:
        print("given up")

run(ask())
"""


def test_a_name_server_that_never_answers_holds_neither_the_loop_nor_the_program() -> None:
    left = subprocess.run(
        [sys.executable, "-c", HANGING], check=True, capture_output=True, timeout=20
    )
    assert left.stdout == b"given up\n"


def test_what_a_call_in_a_thread_gives_is_given() -> None:
    async def ask() -> str:
        return await asyncio.to_thread(lambda: threading.current_thread().name)

    assert run(ask()) != threading.current_thread().name


def test_what_a_call_in_a_thread_raises_is_told() -> None:
    with pytest.raises(ZeroDivisionError):
        Abandoned().submit(lambda: 1 / 0).result(timeout=10)


def test_no_loop_that_asks_for_names_would_wait_for_them() -> None:
    root = Path(__file__).parents[2]
    files = [*(root / "engine").rglob("*.py"), root / "console" / "record_command.py"]
    assert [file.name for file in files if "asyncio.run(" in file.read_text()] == []
