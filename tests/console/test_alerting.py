"""Toasts and bell: each alert once, three at most, loud ones for longer, and never old news."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from console.app import ConsoleApp
from console.text import Money
from console.toasts import MOST, News, Toasts
from console.widgets.safety_alerts import safety_alerts
from engine.requests import AdmitOpens, Halt, ReduceOnly
from engine.safety_view import AlertView, DrillView, SafetyView
from engine.snapshot import Snapshot
from tests.console.fakes import NOW_MS, FakeEngine, sample_snapshot
from tests.console.safeties import (
    ambiguous,
    calm,
    drill_failed,
    halted,
    stuck,
    three_breakers,
)
from tests.console.screens import LARGE, MEDIUM, SMALL, running, text_of


def alert(seq: int, level: str = "alarm", text: str = "", ago_s: float = 0.0) -> AlertView:
    return AlertView(seq, NOW_MS - round(ago_s * 1000), "breaker", level, text or f"number {seq}")


def holding(*alerts: AlertView, speed: float = 1.0) -> Snapshot:
    return sample_snapshot(safety=SafetyView(alerts=alerts), speed=speed)


def texts(news: News | None) -> list[str]:
    return [] if news is None else [toast.text for toast in news.toasts]


def test_an_alert_is_news_once() -> None:
    toasts, snapshot = Toasts(), holding(alert(1))
    assert texts(toasts.news(snapshot, 0.0)) == ["breaker: number 1"]
    assert toasts.news(snapshot, 0.5) is None


def test_a_joined_burst_is_news_again_under_its_new_number() -> None:
    toasts = Toasts()
    toasts.news(holding(alert(1)), 0.0)
    assert texts(toasts.news(holding(alert(3, text="c (and 2 more)")), 20.0)) == [
        "breaker: c (and 2 more)"
    ]


def test_three_stand_at_most_and_the_loudest_stay() -> None:
    toasts = Toasts()
    news = toasts.news(holding(alert(1), *(alert(n, "warn") for n in range(2, 9))), 0.0)
    assert texts(news) == ["breaker: number 1", "breaker: number 7", "breaker: number 8"]
    assert len(texts(news)) == MOST


def test_an_alarm_stays_its_time_though_something_follows() -> None:
    toasts = Toasts()
    toasts.news(holding(alert(1)), 0.0)
    assert len(texts(toasts.news(holding(alert(1), alert(2, "info")), 5.0))) == 2
    assert len(texts(toasts.news(holding(alert(3, "info")), 16.0))) == 1


def test_the_evidence_of_a_stop_stands_in_place_of_the_halt_that_it_followed() -> None:
    toasts, halt = Toasts(), replace(alert(1), kind="halt")
    stop = replace(alert(2), kind="stop")
    assert texts(toasts.news(holding(halt), 0.0)) == ["halt: number 1"]
    assert texts(toasts.news(holding(halt, stop), 1.0)) == ["stop: number 2"]
    assert texts(toasts.news(holding(replace(alert(3), kind="halt")), 2.0)) == [
        "stop: number 2",
        "halt: number 3",
    ]


def test_only_a_new_alarm_rings() -> None:
    toasts = Toasts()
    first = toasts.news(holding(alert(1)), 0.0)
    second = toasts.news(holding(alert(1), alert(2, "warn")), 1.0)
    assert first is not None
    assert second is not None
    assert (first.rings, second.rings) == (True, False)


@pytest.mark.parametrize(
    ("ago_s", "speed", "told"), [(29, 1, True), (31, 1, False), (600, 100, True), (4e3, 100, False)]
)
def test_old_alerts_are_no_news_to_whoever_attaches(ago_s: float, speed: float, told: bool) -> None:
    news = Toasts().news(holding(alert(1, "warn", ago_s=ago_s), speed=speed), 0.0)
    assert (news is not None) is told


@pytest.mark.parametrize(("speed", "told"), [(1.0, True), (100.0, False), (float("inf"), False)])
def test_fills_are_toasted_at_a_persons_pace_only(speed: float, told: bool) -> None:
    assert (Toasts().news(holding(alert(1, "info"), speed=speed), 0.0) is not None) is told
    assert Toasts().news(holding(alert(1, "alarm"), speed=speed), 0.0) is not None


def test_what_the_console_said_last_stands_beside_the_alarms() -> None:
    toasts = Toasts()
    toasts.news(holding(*(alert(n) for n in range(1, 5))), 0.0)
    toasts.say("first", "information", 1.0)
    said = toasts.say("saved a picture", "information", 1.5)
    assert texts(said) == ["breaker: number 3", "breaker: number 4", "saved a picture"]
    later = toasts.news(holding(alert(5)), 2.0)
    assert texts(later) == ["breaker: number 4", "breaker: number 5", "saved a picture"]
    assert "saved a picture" not in texts(toasts.news(holding(alert(6)), 8.0))


@pytest.mark.parametrize(("passed", "word"), [(True, "passed"), (False, "FAILED")])
def test_the_drill_is_told_once(passed: bool, word: str) -> None:
    toasts, drill = Toasts(), DrillView(passed=passed, sentence="latched 1 ms")
    snapshot = sample_snapshot(safety=SafetyView(drill=drill))
    news = toasts.news(snapshot, 0.0)
    assert texts(news) == [f"stop drill {word}: latched 1 ms"]
    assert news is not None
    assert news.rings is not passed
    assert toasts.news(snapshot, 1.0) is None
    assert Toasts().news(sample_snapshot(), 0.0) is None, "no drill was made"


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A line for each time that the terminal's bell rang."""
    told: list[str] = []
    monkeypatch.setattr(ConsoleApp, "bell", lambda _: told.append("rung"))
    return told


@pytest.mark.parametrize("size", [SMALL, MEDIUM, LARGE])
async def test_an_alarm_is_seen_and_rings(size: tuple[int, int], rung: list[str]) -> None:
    engine = FakeEngine()
    async with running(engine, size) as (app, pilot):
        engine.change(safety=halted())
        app.poll()
        await pilot.pause()
        assert "halt: ACTIVE -> HALTED" in text_of(app)
        assert rung == ["rung"]
        app.poll()
        assert rung == ["rung"], "once"


async def test_toasts_of_the_past_leave_nothing_on_the_screen() -> None:
    """Each left its holder behind, with a task and its layout: a megabyte for every stop."""
    engine = FakeEngine()
    async with running(engine, MEDIUM) as (app, pilot):
        for number in range(1, 7):
            engine.change(safety=SafetyView(alerts=(alert(number),)))
            app.poll()
            await pilot.pause()
        await pilot.pause()
        assert len(app.screen.query("ToastHolder")) == len(app.screen.query("Toast")) <= MOST


async def test_the_bell_can_be_silenced_and_the_toast_stays(rung: list[str]) -> None:
    engine = FakeEngine()
    async with running(engine) as (app, pilot):
        await pilot.press("B")
        engine.change(safety=halted())
        app.poll()
        await pilot.pause()
        assert "halt: ACTIVE -> HALTED" in text_of(app)
        await pilot.press("B")
        assert rung == []
        engine.change(safety=calm(alerts=(alert(9),)))
        app.poll()
        assert rung == ["rung"]


async def test_an_alert_is_heard_under_a_dialog_and_while_frozen(rung: list[str]) -> None:
    engine = FakeEngine()
    async with running(engine) as (app, pilot):
        await pilot.press("space", "ctrl+f")
        engine.change(safety=halted())
        app.poll()
        await pilot.pause()
        assert "halt: ACTIVE -> HALTED" in text_of(app)
        assert rung == ["rung"]


async def test_a_dialog_opens_without_toasts_over_its_answer() -> None:
    engine = FakeEngine(sample_snapshot(safety=halted(), state="HALTED", state_reason="key"))
    async with running(engine) as (app, pilot):
        assert len(app._notifications) == 2
        await pilot.press("r")
        await pilot.pause()
        assert len(app._notifications) == 0
        news = (alert(7, "warn"), alert(8), alert(9, "warn"))
        engine.change(safety=calm(alerts=news))
        app.poll()
        await pilot.pause()
        assert [told.message for told in app._notifications] == ["breaker: number 9"]


async def test_privacy_hides_the_amounts_of_a_toast() -> None:
    told = SafetyView(alerts=(alert(1, "warn", "BTC SELL UP 6.25 @ 0.620, PnL +$1.23"),))
    async with running(FakeEngine(sample_snapshot(safety=told)), privacy=True) as (app, _):
        assert "PnL $•••" in text_of(app)
        assert "6.25" not in text_of(app)


def ordered(engine: FakeEngine) -> Sequence[object]:
    return [request for request in engine.requests if not isinstance(request, Halt)]


async def test_leaving_reduce_only_says_what_remains() -> None:
    engine = FakeEngine(sample_snapshot(state="REDUCING", safety=three_breakers()))
    async with running(engine, MEDIUM) as (app, pilot):
        await pilot.press("e")
        await pilot.pause()
        assert ordered(engine) == [AdmitOpens()]
        assert "still REDUCING: data gap lasts" in text_of(app)


async def test_entering_reduce_only_asks_for_just_that() -> None:
    engine = FakeEngine(sample_snapshot(safety=three_breakers()))
    async with running(engine) as (_, pilot):
        await pilot.press("e")
        assert ordered(engine) == [ReduceOnly()]


def told(snapshot: Snapshot) -> str:
    return " | ".join("".join(t for t, _ in a.long) for a in safety_alerts(snapshot, Money()))


def test_the_evidence_of_a_stop_stands_in_the_alert_row_until_it_is_done() -> None:
    going_on = sample_snapshot(state="HALTED", state_reason="halt by key", safety=ambiguous())
    assert "halt by key: latched 4 ms; cancels 3/4 confirmed; 1 ambiguous" in told(going_on)
    done = replace(going_on, safety=halted())
    assert told(done) == "HALTED: halt by key"


def test_breakers_are_counted_where_the_state_does_not_show_them() -> None:
    reason = "disk: 12 MB free"
    reducing = sample_snapshot(state="REDUCING", state_reason=reason, safety=three_breakers())
    assert told(reducing) == f"3 breakers tripped, s tells more | REDUCING: {reason}"
    one = replace(reducing, safety=replace(calm(), breakers=three_breakers().breakers[:1]))
    assert told(one) == f"REDUCING: {reason}"
    halted_too = replace(one, state="HALTED", state_reason="halt by key")
    assert told(halted_too) == "1 breaker tripped, s tells more | HALTED: halt by key"


def test_a_stuck_engine_and_a_failed_drill_come_first() -> None:
    assert told(sample_snapshot(safety=stuck())).startswith("STUCK 7.2s, ")
    assert told(sample_snapshot(safety=drill_failed())) == "stop drill FAILED, s tells why"
    assert told(sample_snapshot()) == ""
