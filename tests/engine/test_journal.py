from __future__ import annotations

from pathlib import Path

import pytest

from engine import events as ev
from engine.eventlog import EventLog
from engine.journal import LOG_LINES, TRADES, Journal, say
from engine.order import Side
from engine.units import MICRO
from tests.engine.build import MARKET, NOW, fill

SEEN = ev.MarketSeen.of(MARKET)


def sent(order_id: str = "o1", mid_bp: float | None = 4_950.0) -> ev.OrderSent:
    return ev.OrderSent(
        order_id=order_id,
        slug=MARKET.slug,
        asset="BTC",
        outcome="UP",
        token_id=MARKET.up_token,
        side="BUY",
        amount=50 * MICRO,
        limit_bp=5_000,
        reserve=54 * MICRO,
        purpose="open",
        mid_bp=mid_bp,
    )


def journal(*events: ev.Event) -> Journal:
    kept = Journal(EventLog(None), lambda: 0)
    for event in events:
        kept.record(NOW, event)
    return kept


def test_a_trade_says_settling_until_it_is_settled() -> None:
    kept = journal(SEEN, sent(), fill())
    assert [t.note for t in kept.trades] == ["settling"]
    kept.record(NOW + 2_000, ev.FillSettled("o1.0"))
    assert [t.note for t in kept.trades] == ["settled"]


def test_a_void_is_a_row_of_its_own_and_marks_the_fill_it_undoes() -> None:
    kept = journal(SEEN, sent(), fill(), ev.FillVoided("o1.0"))
    assert [(t.note, t.pnl) for t in kept.trades] == [("failed to settle", None), ("void", 0.0)]


def test_a_closing_trade_carries_its_result_and_an_opening_one_none() -> None:
    kept = journal(
        SEEN,
        fill("o1.0", shares=10, price_bp=5_000, fee=0),
        fill("o2.0", Side.SELL, shares=10, price_bp=6_000, fee=0),
    )
    assert [t.pnl for t in kept.trades] == [None, 1.0]


def test_a_trade_shows_the_mid_its_decision_saw() -> None:
    assert journal(SEEN, sent(mid_bp=4_950.0), fill()).trades[0].mid == 0.495
    assert journal(SEEN, sent(mid_bp=None), fill()).trades[0].mid is None


def test_the_same_fill_told_twice_is_one_trade() -> None:
    kept = journal(SEEN, fill(), fill())
    assert len(kept.trades) == 1
    assert kept.ledger.holdings[MARKET.up_token].shares == 100 * MICRO


def test_the_tails_are_bounded_and_keep_the_newest() -> None:
    kept = journal(SEEN, *(fill(f"o{i}.0", shares=1, fee=0) for i in range(TRADES + 5)))
    assert len(kept.trades) == TRADES
    for i in range(LOG_LINES + 5):
        kept.record(NOW, ev.Noted("info", f"note {i}"))
    assert len(kept.lines) == LOG_LINES
    assert kept.lines[-1].text == f"note {LOG_LINES + 4}"


def test_what_is_recorded_is_what_a_later_process_reads(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite"
    first = Journal(EventLog(path), lambda: 0)
    for event in (SEEN, sent(), fill(), ev.FillSettled("o1.0")):
        first.record(NOW, event)
    first.log.close()
    second = Journal(EventLog(path), lambda: 0)
    assert second.ledger == first.ledger
    assert second.trades == first.trades
    assert list(second.lines) == list(first.lines)
    second.log.close()


@pytest.mark.parametrize(
    ("event", "level", "words"),
    [
        (ev.Noted("warn", "binance: silent"), "warn", "binance: silent"),
        (ev.StateChanged("ACTIVE", "HALTED", "halt by key"), "alarm", "HALTED: halt by key"),
        (ev.StateChanged("ACTIVE", "REDUCING", "operator"), "warn", "ACTIVE -> REDUCING"),
        (ev.ModelChanged("champion", "hold", "", "NaN"), "warn", "champion -> hold: NaN"),
        (ev.ExitBlocked("w", "no bids"), "alarm", "w: still held, no bids"),
        (ev.Denied("BTC", "SPREAD", "$0.06", "max $0.05"), "info", "SPREAD: $0.06, max $0.05"),
        (ev.SessionOpened("paper", "sim", 1, "", "s", "v"), "info", "on sim, model hold"),
        (fill(shares=10, fee=180_000), "info", "BUY UP 10.00 @ 0.500, fee $0.18"),
        (ev.FillVoided("o1.0"), "alarm", "o1.0 failed to settle and was taken back"),
        (ev.OrderRejected("o1", "X", "refused"), "warn", "order o1 rejected: refused"),
        (ev.OrderDone("o1", "killed: no book"), "info", "order o1 killed: no book"),
        (ev.OrderDone("o1", "lost at restart"), "info", "order o1 lost at restart"),
        (ev.WindowAwaiting("w", "no book"), "warn", "w ended with a position: no book"),
        (ev.WindowResolved("w", "UP", "price"), "info", "w resolved UP (price)"),
        (ev.WindowResolved("w", None, "none"), "info", "w resolved UNKNOWN (none)"),
    ],
)
def test_an_event_is_told_at_its_level(event: ev.Event, level: str, words: str) -> None:
    told = say(event)
    assert told is not None
    assert told[0] == level
    assert words in told[1]


@pytest.mark.parametrize(
    "event",
    [SEEN, sent(), ev.OrderDone("o1", "filled"), ev.FillSettled("f"), ev.SessionClosed("x")],
)
def test_what_a_trader_need_not_read_is_not_told(event: ev.Event) -> None:
    assert say(event) is None


@pytest.mark.parametrize(
    ("verdict", "level"),
    [("accepted", None), ("rejected", "warn"), ("dropped", "warn"), ("quarantined", "alarm")],
)
def test_rows_that_were_not_the_policys_own_raise_an_alarm(verdict: str, level: str | None) -> None:
    said = say(ev.Learned(3, verdict, "why", 256, None, None, "id"))
    assert (said and said[0]) == level
