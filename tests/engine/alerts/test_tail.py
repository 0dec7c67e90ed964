"""The tail numbers alerts, joins bursts, and passes every one on."""

from __future__ import annotations

import threading

from engine import events as ev
from engine.alerts.alert import Kind
from engine.alerts.tail import BURST_S, KEPT, Alerts
from engine.safety_view import AlertView
from tests.engine.build import START_MS


class HandClock:
    now = 100.0

    def wall_ms(self) -> int:
        return START_MS

    def mono(self) -> float:
        return self.now


def alerts(sent: list[AlertView] | None = None) -> tuple[Alerts, HandClock]:
    clock = HandClock()
    send = None if sent is None else sent.append
    return Alerts(clock, lambda: START_MS, send), clock


def test_an_event_becomes_an_alert_at_market_time() -> None:
    tail, _ = alerts()
    tail.happened("", ev.StateChanged("ACTIVE", "HALTED", "halt by key"), 0)
    tail.happened("", ev.Denied("BTC", "SPREAD", "0.06", "limit 0.05"), 0)
    [only] = tail.tail
    assert only == AlertView(1, START_MS, "halt", "alarm", "ACTIVE -> HALTED: halt by key")


def test_a_burst_of_one_kind_is_one_alert_with_a_new_number() -> None:
    tail, clock = alerts()
    for text in ("a", "b", "c"):
        tail.raise_(Kind.FILL, text)
        clock.now += BURST_S / 2
    [only] = tail.tail
    assert (only.seq, only.text) == (3, "c (and 2 more)")


def test_a_burst_is_joined_across_other_kinds() -> None:
    tail, _ = alerts()
    for kind in (Kind.FILL, Kind.BREAKER, Kind.FILL):
        tail.raise_(kind, "x")
    assert [(a.seq, a.kind) for a in tail.tail] == [(2, "breaker"), (3, "fill")]


def test_what_comes_later_stands_alone() -> None:
    tail, clock = alerts()
    tail.raise_(Kind.FILL, "a")
    clock.now += BURST_S + 0.1
    tail.raise_(Kind.FILL, "b")
    assert [a.text for a in tail.tail] == ["a", "b"]


def test_every_single_alert_is_passed_on_unjoined() -> None:
    sent: list[AlertView] = []
    tail, _ = alerts(sent)
    tail.raise_(Kind.FILL, "a")
    tail.raise_(Kind.FILL, "b")
    assert [(a.seq, a.text) for a in sent] == [(1, "a"), (2, "b")]


def test_numbers_rise_and_the_oldest_are_forgotten() -> None:
    tail, clock = alerts()
    for number in range(KEPT + 10):
        tail.raise_(Kind.FILL, str(number))
        clock.now += 10
    seqs = [a.seq for a in tail.tail]
    assert seqs == list(range(11, KEPT + 11))


def test_two_threads_lose_no_alert_and_share_no_number() -> None:
    sent: list[AlertView] = []
    tail, _ = alerts(sent)

    def raise_many() -> None:
        for _ in range(500):
            tail.raise_(Kind.STUCK, "x")

    threads = [threading.Thread(target=raise_many) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(a.seq for a in sent) == list(range(1, 1001))


def test_what_the_watchdog_raised_is_not_raised_again_when_it_is_written_down() -> None:
    tail, _ = alerts()
    tail.raise_(Kind.STUCK, "the engine's thread does not move")
    tail.happened("", ev.Noted("alarm", "the engine's thread does not move"), 0)
    tail.happened("", ev.Noted("alarm", "something else"), 0)
    assert [a.kind for a in tail.tail] == ["stuck", "trouble"]
