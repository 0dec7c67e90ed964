"""What signals do to a run, without a terminal or a process: the engine and the end are fakes."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Iterator

import pytest

from console.signals import CLOSED, LEAVES, SELDOM, STOPS, OnHangup, Signals
from engine.requests import CloseOut, Halt
from engine.snapshot import Snapshot
from tests.console.fakes import FakeEngine, sample_snapshot

PATIENCE_S = 10.0
ALL = (*STOPS, *LEAVES, signal.SIGHUP)


class Ends:
    """The end of the process, which only tells with what code."""

    def __init__(self) -> None:
        self.code: int | None = None
        self.came = threading.Event()

    def __call__(self, code: int) -> None:
        self.code = code
        self.came.set()


@pytest.fixture(autouse=True)
def _handlers_as_before() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in ALL}
    yield
    assert {number: signal.getsignal(number) for number in ALL} == before


def empty() -> FakeEngine:
    return FakeEngine(Snapshot())


@pytest.mark.parametrize("number", STOPS)
def test_a_stop_has_reached_the_engine_when_its_handler_returns(number: signal.Signals) -> None:
    engine = empty()
    with Signals("hold", leave_s=1.0) as signals:
        signals.obey(engine)
        signal.raise_signal(number)
        assert engine.requests == [Halt(f"signal {number.name}")]
        assert signals.number is None


def test_a_run_collects_all_its_garbage_seldom_and_gives_that_back() -> None:
    before = gc.get_threshold()
    with Signals("hold", leave_s=1.0):
        assert gc.get_threshold() == (*before[:2], SELDOM)
        assert gc.get_freeze_count() > 0
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0


def test_a_stop_that_came_before_the_engine_is_not_forgotten() -> None:
    engine = empty()
    with Signals("hold", leave_s=1.0) as signals:
        signal.raise_signal(signal.SIGUSR1)
        signals.obey(engine)
    assert engine.requests == [Halt("signal SIGUSR1")]


@pytest.mark.parametrize("number", [*LEAVES, signal.SIGHUP])
def test_the_engine_leaves_though_the_screen_never_comes_down(number: signal.Signals) -> None:
    left, ends = threading.Event(), Ends()
    with Signals("hold", leave_s=0.2, end=ends) as signals:
        signals.obey(empty(), lambda _: left.set())
        signal.raise_signal(number)
        assert left.wait(PATIENCE_S)
        assert ends.came.wait(PATIENCE_S)
    assert ends.code == 128 + number


def test_an_engine_that_does_not_end_is_ended() -> None:
    ends = Ends()
    with Signals("hold", leave_s=0.1, end=ends) as signals:
        signals.obey(empty(), ends.came.wait)  # for as long as it may
        signal.raise_signal(signal.SIGTERM)
        assert ends.came.wait(PATIENCE_S)
    assert ends.code == 128 + signal.SIGTERM


def test_a_run_that_has_left_in_time_is_not_ended() -> None:
    ends = Ends()
    with Signals("hold", leave_s=PATIENCE_S, end=ends) as signals:
        signals.obey(empty())
        signal.raise_signal(signal.SIGTERM)
        signals.wait_left()
        assert signals.number is None or signals.number == signal.SIGTERM
    assert ends.code is None


def test_the_first_signal_counts_and_the_rest_change_nothing() -> None:
    left: list[float] = []
    with Signals("hold", leave_s=PATIENCE_S) as signals:
        signals.obey(empty(), left.append)
        for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.raise_signal(number)
    assert signals.number == signal.SIGINT
    assert len(left) == 1


def test_who_asks_late_is_told_at_once() -> None:
    told = threading.Event()
    with Signals("keep-running", leave_s=1.0) as signals:
        signals.obey(empty())
        heard = threading.Event()
        with signals.told_to(heard.set):
            signal.raise_signal(signal.SIGHUP)
            assert heard.wait(PATIENCE_S)
        with signals.told_to(told.set):
            assert told.is_set()


@pytest.mark.parametrize(
    ("on_hangup", "asked", "goes_on"),
    [("hold", [], False), ("flatten", [CloseOut("hangup")], False), ("keep-running", [], True)],
)
def test_a_hangup_is_answered_by_its_policy(
    on_hangup: OnHangup, asked: list[object], goes_on: bool
) -> None:
    engine, told = empty(), threading.Event()
    with Signals(on_hangup, leave_s=PATIENCE_S) as signals:
        signals.obey(engine)
        with signals.told_to(told.set):
            signal.raise_signal(signal.SIGHUP)
            assert told.wait(PATIENCE_S)
        signals.wait_left()
    assert engine.requests == asked
    assert signals.hung_up is goes_on
    assert (signals.number is None) is goes_on


def test_selling_leaves_time_to_leave() -> None:
    """What cannot be sold is held by then, and the engine ends in order all the same."""
    left, ends = threading.Event(), Ends()
    with Signals("flatten", leave_s=0.3, end=ends) as signals:
        signals.obey(FakeEngine(sample_snapshot()), lambda _: left.set())
        signal.raise_signal(signal.SIGHUP)
        assert left.wait(PATIENCE_S)
        assert ends.code is None


def test_a_hangup_that_the_shell_has_ignored_keeps_the_run_going() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        told = threading.Event()
        with Signals("flatten", leave_s=1.0) as signals, signals.told_to(told.set):
            signal.raise_signal(signal.SIGHUP)
            assert told.wait(PATIENCE_S)
        assert signals.hung_up
    finally:
        signal.signal(signal.SIGHUP, before)


def test_the_terminal_is_put_right_before_a_hard_end() -> None:
    done: list[str] = []
    came = threading.Event()

    def end(code: int) -> None:
        done.append(f"end {code}")
        came.set()

    with (
        Signals("hold", leave_s=0.1, end=end) as signals,
        signals.told_to(lambda: None, lambda: done.append("restore")),
    ):
        os.kill(os.getpid(), signal.SIGTERM)
        assert came.wait(PATIENCE_S)
    assert done == ["restore", f"end {128 + signal.SIGTERM}"]


def test_no_signal_has_the_number_that_ends_the_follower() -> None:
    assert all(number != CLOSED for number in signal.Signals)
