"""A stop from another process, with every way that may be closed to it."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from engine import latch_file
from engine.clock import SystemClock
from engine.control import emergency as emergency_module
from engine.control.emergency import LATCHED, SIGNALLED, Emergency
from engine.control.protocol import CONTROL_SOCKET
from engine.home import Home
from engine.lock import HomeLock
from engine.requests import Flatten, Halt
from tests.engine.control.ports import DONE, UNDERWAY, ToldPort, serving


@pytest.fixture
def told() -> list[str]:
    return []


def emergency(home: Home, told: list[str], answer_s: float = 5.0) -> Emergency:
    return Emergency(home, SystemClock(), "test", told.append, answer_s)


@contextmanager
def on_sigusr1(act: object) -> Iterator[None]:
    """This process plays the engine whose gate is asked to shut."""

    def handle(_: int, __: FrameType | None) -> None:
        if callable(act):
            act()

    before = signal.signal(signal.SIGUSR1, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_the_socket_tells_the_evidence_to_its_end(home: Home, told: list[str]) -> None:
    port = ToldPort()
    with serving(home.control_socket, port):
        outcome = emergency(home, told).stop("stop")
    assert port.requests == [Halt("test")]
    assert (outcome.way, outcome.shut, outcome.done) == (CONTROL_SOCKET, True, True)
    assert (outcome.pid, outcome.sentence) == (os.getpid(), DONE.sentence)
    assert told[0] == "the gate is shut"
    assert told[-1] == DONE.sentence


def test_a_flatten_asks_for_selling(home: Home, told: list[str]) -> None:
    port = ToldPort()
    with serving(home.control_socket, port):
        emergency(home, told).stop("flatten")
    assert port.requests == [Flatten("test")]


def test_evidence_that_does_not_come_in_time_is_no_success(
    home: Home, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.control.protocol.STOP_S", 0.1)
    with serving(home.control_socket, ToldPort(evidence=[UNDERWAY])):
        outcome = emergency(home, told).stop("stop")
    assert outcome.shut is True
    assert outcome.done is False
    assert outcome.sentence == UNDERWAY.sentence


def test_a_deaf_socket_is_passed_by_for_stop_file_and_signal(home: Home, told: list[str]) -> None:
    def latch() -> None:
        latch_file.write(home.halt_latch, "halt by signal SIGUSR1", 0)

    with deaf(home.control_socket), HomeLock(home.lock_file), on_sigusr1(latch):
        outcome = emergency(home, told, answer_s=0.05).stop("flatten")
    assert (outcome.way, outcome.shut, outcome.done) == (SIGNALLED, True, False)
    assert "halt by signal SIGUSR1" in outcome.sentence
    assert home.stop_file.read_text().split()[0] == "flatten"


def test_an_engine_that_does_nothing_is_no_shut_gate(
    home: Home, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(emergency_module, "TAKEN_UP_S", 0.1)
    with HomeLock(home.lock_file), on_sigusr1(None):
        outcome = emergency(home, told).stop("stop")
    assert outcome.shut is False
    assert f"kill -9 {os.getpid()}" in outcome.sentence
    assert home.stop_file.exists()
    assert not home.halt_latch.exists()


def test_without_an_engine_the_latch_is_shut_for_the_next(home: Home, told: list[str]) -> None:
    outcome = emergency(home, told).stop("stop")
    assert (outcome.way, outcome.shut, outcome.pid) == (LATCHED, True, None)
    assert latch_file.read(home.halt_latch) == "halt by test"


def test_an_older_halt_keeps_its_reason(home: Home, told: list[str]) -> None:
    latch_file.write(home.halt_latch, "halt by key", 0)
    assert emergency(home, told).stop("stop").shut is True
    assert latch_file.read(home.halt_latch) == "halt by key"


def test_a_home_that_takes_no_latch_is_no_shut_gate(told: list[str], home: Home) -> None:
    home.halt_latch.parent.rmdir()
    home.halt_latch.parent.write_text("a file in its place")
    outcome = emergency(home, told).stop("stop")
    assert outcome.shut is False
    assert "could not be kept" in outcome.sentence
    home.halt_latch.parent.unlink()


def test_an_engine_that_hangs_up_after_its_word_has_shut_its_gate(
    home: Home, told: list[str]
) -> None:
    word = b'{"ok": true, "pid": 1, "seq": 2, "sentence": "the gate is shut"}\n'
    with saying(home.control_socket, word):
        outcome = emergency(home, told).stop("stop")
    assert outcome.shut is True
    assert outcome.done is False
    assert "the evidence is not in" in outcome.sentence


@contextmanager
def deaf(path: Path) -> Iterator[None]:
    """A socket that nobody serves: its engine is stuck."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        yield


@contextmanager
def saying(path: Path, word: bytes) -> Iterator[None]:
    """A socket that says `word` to one client and hangs up."""
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()

        def serve() -> None:
            client, _ = listening.accept()
            with client:
                client.recv(1_000)
                client.sendall(word)

        thread = threading.Thread(target=serve)
        thread.start()
        yield
        thread.join(10.0)
