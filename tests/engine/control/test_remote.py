"""A running engine of another process as the console's port."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from engine import latch_file
from engine.clock import SystemClock
from engine.control import answers, remote
from engine.control.client import ControlError, RefusedError
from engine.control.remote import RemoteEngine
from engine.home import Home
from engine.lock import HomeLock
from engine.requests import Halt, PickModel
from tests.console.fakes import FakeEngine
from tests.engine.control.ports import ToldPort, serving


def until(holds: Callable[[], bool]) -> None:
    pause = threading.Event()
    while not holds():
        pause.wait(0.01)


def test_it_shows_what_the_engine_shows(home: Home) -> None:
    port = FakeEngine()
    with serving(home.control_socket, port), RemoteEngine(home, SystemClock()) as engine:
        assert engine.latest() == port.snapshot
        assert engine.alive()
        port.change(state="REDUCING")
        until(lambda: engine.latest() == port.snapshot)


def test_requests_reach_the_engine(home: Home) -> None:
    port = FakeEngine()
    with serving(home.control_socket, port), RemoteEngine(home, SystemClock()) as engine:
        engine.ask(PickModel(1))
        until(lambda: port.requests == [PickModel(1)])


def test_a_halt_goes_at_once(home: Home) -> None:
    port = ToldPort()
    with serving(home.control_socket, port), RemoteEngine(home, SystemClock()) as engine:
        engine.ask(Halt("key"))
        until(lambda: port.requests == [Halt("key of an attached console")])


def test_no_engine_is_one_sentence(home: Home) -> None:
    with pytest.raises(ControlError, match="nothing listens"), RemoteEngine(home, SystemClock()):
        pass


def test_another_version_is_told_and_not_shown(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "shape", lambda: "of yesterday")
    with (
        serving(home.control_socket, FakeEngine()),
        pytest.raises(RefusedError, match="another version"),
        RemoteEngine(home, SystemClock()),
    ):
        pass


def test_an_engine_that_ended_is_told_on_the_picture_that_stays(home: Home) -> None:
    port = FakeEngine()
    with serving(home.control_socket, port):
        engine = RemoteEngine(home, SystemClock())
        engine.__enter__()
    until(lambda: not engine.alive() and engine.latest().failure is not None)
    assert "it has ended" in str(engine.latest().failure)
    assert engine.latest().assets == port.snapshot.assets
    engine.__exit__(None, None, None)


def test_a_connection_that_comes_back_within_the_limit_is_no_loss(home: Home) -> None:
    port = FakeEngine()
    with HomeLock(home.lock_file):
        with serving(home.control_socket, port):
            engine = RemoteEngine(home, SystemClock())
            engine.__enter__()
        with serving(home.control_socket, port):
            port.change(state="REDUCING")
            until(lambda: engine.latest() == port.snapshot)
            assert engine.alive()
            engine.__exit__(None, None, None)


def test_a_halt_that_nobody_answers_takes_the_other_ways(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(remote, "STOP_ANSWER_S", 0.05)
    with serving(home.control_socket, FakeEngine()):
        engine = RemoteEngine(home, SystemClock())
        engine.__enter__()
    engine.ask(Halt("key"))
    until(home.halt_latch.exists)
    assert latch_file.read(home.halt_latch) == "halt by key of an attached console"
    engine.__exit__(None, None, None)
