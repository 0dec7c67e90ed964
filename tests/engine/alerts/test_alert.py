"""What alerts, what does not, and in which words."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from engine import events as ev
from engine.alerts.alert import LEVELS, Kind, alert_of
from engine.safety.breakers import Breaker


def fill(side: str = "BUY", **rest: Any) -> ev.FillMatched:
    return ev.FillMatched(
        "f1", "o1", "btc-1", "BTC", "UP", "up", side, 6_250_000, 6_200, 10_000, 0, False, **rest
    )


def test_every_kind_has_a_level() -> None:
    assert set(LEVELS) == set(Kind)
    assert set(LEVELS.values()) == {"info", "warn", "alarm"}


def test_an_opening_fill_tells_asset_side_shares_and_price() -> None:
    assert alert_of(fill(), 0) == (Kind.FILL, "BTC BUY UP 6.25 @ 0.620")


@pytest.mark.parametrize(
    ("realised", "pnl"), [(1_234_567, "+$1.23"), (-250_000, "-$0.25"), (0, "$0.00")]
)
def test_a_closing_fill_tells_its_result(realised: int, pnl: str) -> None:
    assert alert_of(fill("SELL"), realised) == (Kind.FILL, f"BTC SELL UP 6.25 @ 0.620, PnL {pnl}")


def test_a_resolution_tells_its_result() -> None:
    resolved = ev.WindowResolved("btc-1", "UP", "venue")
    assert alert_of(resolved, 2_375_000) == (Kind.RESOLVED, "btc-1 resolved UP, PnL +$2.38")
    nobody_knows = alert_of(ev.WindowResolved("btc-1", None, "venue"), 0)
    assert nobody_knows == (Kind.RESOLVED, "btc-1 resolved UNKNOWN, PnL $0.00")


@pytest.mark.parametrize(
    ("before", "after", "reason", "kind"),
    [
        ("ACTIVE", "HALTED", "halt by key", Kind.HALT),
        ("RECONCILING", "HALTED", "halt by key", Kind.HALT),
        ("HALTED", "ACTIVE", "operator", Kind.RESUME),
        ("HALTED", "REDUCING", "operator", Kind.RESUME),
        ("STARTING", "RECONCILING", "started", None),
        ("RECONCILING", "ACTIVE", "reconciled", None),
        ("ACTIVE", "REDUCING", "operator", None),
        ("ACTIVE", "REDUCING", "exit rules has not run yet", Kind.REDUCING),
        ("ACTIVE", "REDUCING", f"{Breaker.DISK}: 12 MB free, limit 64 MB", None),
    ],
)
def test_states_alert_where_nothing_else_does(
    before: str, after: str, reason: str, kind: Kind | None
) -> None:
    found = alert_of(ev.StateChanged(before, after, reason), 0)
    assert (found[0] if found else None) is kind


@pytest.mark.parametrize("breaker", Breaker)
def test_every_breaker_alerts_and_a_silent_feed_by_its_own_name(breaker: Breaker) -> None:
    found = alert_of(ev.BreakerTripped(breaker.value, "why"), 0)
    assert found is not None
    assert found[0] is (Kind.STALE if breaker is Breaker.DATA_GAP else Kind.BREAKER)
    assert "why" in found[1]
    assert LEVELS[found[0]] == "alarm"


def test_a_stop_alerts_with_its_evidence_when_it_is_done() -> None:
    assert alert_of(ev.StopReported("halt", "key", "latched 4 ms", False), 0) is None
    done = alert_of(ev.StopReported("halt", "key", "latched 4 ms; held nothing", True), 0)
    assert done == (Kind.STOP, "halt by key: latched 4 ms; held nothing")


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        (ev.FillVoided("f1"), Kind.VOID),
        (ev.OrderAmbiguous("o1", 5, "no answer"), Kind.ORDER),
        (ev.ExitBlocked("btc-1", "no bids"), Kind.EXIT),
        (ev.WindowAwaiting("btc-1", "no bids"), Kind.HELD),
        (ev.BreakerCleared("disk", "reconciled"), Kind.CLEARED),
        (ev.ModelChanged("champion", "hold", "", "NaN"), Kind.FALLBACK),
        (ev.ReferenceChanged("okx-swap", "451"), Kind.FALLBACK),
        (ev.ReferenceChanged("binance-futures", "first choice"), None),
        (ev.ChampionChanged("rolled back", "a", "b", "lost"), Kind.FALLBACK),
        (ev.ChampionChanged("promoted", "a", "b", "operator"), None),
        (ev.GuardNoted("alarm", "the latch could not be written"), Kind.TROUBLE),
        (ev.Noted("alarm", "an account differs"), Kind.TROUBLE),
        (ev.Noted("warn", "12 bad messages"), None),
    ],
)
def test_what_else_alerts(event: ev.Event, kind: Kind | None) -> None:
    found = alert_of(event, 0)
    assert (found[0] if found else None) is kind
    assert found is None or found[1]


def test_learning_and_denials_alert_nobody() -> None:
    quiet: list[ev.Event] = [
        ev.Denied("BTC", "SPREAD", "0.06", "limit 0.05"),
        ev.OrderRejected("o1", "X", "refused"),
        ev.OrderDone("o1", "killed"),
        ev.LearningNoted("alarm", "quarantined"),
        ev.Learned(1, "quarantined", "NaN", 9, None, None, "p"),
        ev.LearningSwitched(True, "operator"),
    ]
    assert [alert_of(event, 0) for event in quiet] == [None] * len(quiet)


def test_no_kind_of_event_is_beyond_it() -> None:
    """A new event is looked at here before it is decided that it alerts nobody."""
    assert len(get_args(ev.Event)) == 28
