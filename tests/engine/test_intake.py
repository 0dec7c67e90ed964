from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine import events as ev
from engine.desk import Desk
from engine.eventlog import EventLog
from engine.feeds.feed import FeedInfo
from engine.intake import LATE_MS, TOLD_REASONS, Intake
from engine.journal import Journal
from engine.market import Market, Outcome
from engine.messages import (
    BadMessage,
    Bars,
    BookSnapshot,
    Derivative,
    Liquidation,
    MarketListed,
    Message,
    MidQuote,
    PriceToBeat,
    ReferenceChosen,
    Resolution,
    TradePrint,
    TradesMended,
    TradesMissed,
    VenueQuote,
)
from engine.settings import Settings
from tests.engine.build import MARKET, NOW, START, START_MS, market
from tests.engine.fakes import DEEP

INFO = FeedInfo(
    "script", ("BTC",), frozenset({"book", "binance", "mid"}), frozenset(), START_MS, None
)


class Set:
    """One desk, its intake, and what both wrote."""

    def __init__(self, *listed: Market) -> None:
        self.desk = Desk("BTC", INFO, Settings())
        self.journal = Journal(EventLog(None), lambda: 0)
        self.intake = Intake({"BTC": self.desk}, self.journal)
        self.take(*(MarketListed(START_MS, one) for one in listed))

    def take(self, *messages: Message) -> None:
        for message in messages:
            self.intake.take(message, message.t_ms)

    def told(self) -> list[str]:
        return [line.text for line in self.journal.lines]


def snapshot(token: str = MARKET.up_token, t_ms: int = NOW) -> BookSnapshot:
    return BookSnapshot(t_ms, token, *DEEP)


def test_a_book_reaches_the_desk_of_its_token_and_its_source_was_heard() -> None:
    at = Set(MARKET)
    at.take(snapshot())
    assert at.intake.book(MARKET.up_token) is at.desk.books[MARKET.up_token]
    assert (at.intake.newest_ms["book"], at.intake.counts["book"]) == (NOW, 1)


@pytest.mark.parametrize(
    ("message", "source"),
    [
        (snapshot("nobody's"), "book"),
        (MidQuote(NOW, "nobody's", 0.5), "mid"),
        (VenueQuote(NOW, "v", "DOGE", 1.0, 2.0), "binance"),
        (TradePrint(NOW, "v", "DOGE", 1.0, 1.0, 1), "binance"),
        (Bars(NOW, "v", "DOGE", ()), "binance"),
        (TradesMissed(NOW, "v", "DOGE"), "binance"),
        (TradesMended(NOW, "v", "DOGE"), "binance"),
        (Derivative(NOW, "v", "DOGE", mark=1.0), "binance"),
        (Liquidation(NOW, "v", "DOGE", 1, 1.0), "binance"),
        (MarketListed(NOW, market("DOGE")), "market"),
        (BadMessage(NOW, "polymarket", "not JSON"), "polymarket"),
    ],
)
def test_what_concerns_nobody_is_counted_told_once_and_not_heard(
    message: Message, source: str
) -> None:
    at = Set(MARKET)
    at.take(message, message)
    assert at.intake.bad[source] == 2
    assert len(at.told()) == 1
    assert source not in at.intake.newest_ms


def test_only_the_first_kinds_of_fault_are_written_down_and_all_are_counted() -> None:
    at = Set()
    at.take(*(BadMessage(NOW, "tape", f"line {i}") for i in range(TOLD_REASONS + 30)))
    assert at.intake.bad["tape"] == TOLD_REASONS + 30
    assert len(at.told()) == TOLD_REASONS


def test_a_window_listed_again_changes_nothing() -> None:
    at = Set(MARKET)
    at.take(MarketListed(NOW, replace(MARKET, tick_bp=10)))
    assert at.desk.listed[MARKET.slug] == MARKET


def test_a_day_of_windows_listed_at_once_forgets_none_of_them() -> None:
    day = [market(start=START + 900 * i) for i in range(96)]
    at = Set(*day)
    at.take(*(snapshot(one.up_token) for one in day))
    assert at.intake.bad["book"] == 0
    assert all(at.intake.book(one.up_token) is not None for one in day)


def test_a_window_that_ended_long_ago_is_forgotten() -> None:
    at = Set(MARKET)
    later = market(start=START + 7_200)
    at.take(MarketListed(MARKET.end_ms + LATE_MS, later))
    assert snapshot().token_id in at.intake._tokens
    at.take(MarketListed(MARKET.end_ms + LATE_MS + 1, market(start=START + 8_100)))
    assert set(at.intake._markets) == {later.slug, market(start=START + 8_100).slug}
    assert MARKET.up_token not in at.intake._tokens


def test_windows_that_share_their_tokens_are_forgotten_without_a_fault() -> None:
    twin = replace(
        market(start=START + 900), up_token=MARKET.up_token, down_token=MARKET.down_token
    )
    at = Set(MARKET, twin)
    at.take(MarketListed(twin.end_ms + LATE_MS + 1, market(start=START + 9_000)))
    assert at.intake._tokens.keys() == {
        market(start=START + 9_000).up_token,
        market(start=START + 9_000).down_token,
    }


def test_books_and_mids_of_a_window_that_is_over_are_heard_and_not_believed() -> None:
    at = Set(MARKET)
    at.take(snapshot(t_ms=MARKET.end_ms), MidQuote(MARKET.end_ms, MARKET.slug, 0.5))
    assert at.desk.books == {}
    assert at.desk.mids == {}
    assert at.intake.counts == {"book": 1, "mid": 1}


def test_a_quote_is_the_spot_price_and_a_trade_is_not() -> None:
    at = Set(MARKET)
    at.take(VenueQuote(NOW, "v", "BTC", 100.0, 102.0), TradePrint(NOW, "v", "BTC", 200.0, 1.0, 1))
    assert at.desk.spot == 101.0


def test_a_price_to_beat_is_kept_by_window() -> None:
    at = Set(MARKET)
    at.take(PriceToBeat(NOW, MARKET.slug, 90_000.0), PriceToBeat(NOW, "nobody's", 1.0))
    assert at.desk.price_to_beat == {MARKET.slug: 90_000.0}


def test_a_verdict_counts_once_and_only_for_a_window_that_ran() -> None:
    at = Set(MARKET)
    verdict = Resolution(MARKET.end_ms, MARKET.slug, Outcome.UP, "price")
    at.take(verdict)
    assert at.journal.ledger.verdicts == {}
    at.journal.record(NOW, ev.MarketSeen.of(MARKET))
    at.take(verdict, replace(verdict, outcome=Outcome.DOWN))
    assert at.journal.ledger.verdicts == {MARKET.slug: "UP"}


def test_a_verdict_may_follow_on_nobody_knows() -> None:
    at = Set(MARKET)
    at.journal.record(NOW, ev.MarketSeen.of(MARKET))
    at.take(Resolution(MARKET.end_ms, MARKET.slug, None, "none yet"))
    at.take(Resolution(MARKET.end_ms + 1, MARKET.slug, Outcome.DOWN, "price"))
    assert at.journal.ledger.verdicts == {MARKET.slug: "DOWN"}


def test_a_window_remembered_after_a_restart_can_be_resolved_and_traded() -> None:
    at = Set()
    at.intake.remember(MARKET)
    at.take(snapshot())
    assert at.desk.listed == {MARKET.slug: MARKET}
    assert at.intake.book(MARKET.up_token) is not None


# ---- the reference venue -------------------------------------------------------------------------


def quoted(venue: str, mid: float = 100.0, t_ms: int = NOW) -> VenueQuote:
    return VenueQuote(t_ms, venue, "BTC", mid, mid)


def chosen(venue: str, reason: str = "blocked here") -> ReferenceChosen:
    return ReferenceChosen(NOW, venue, reason)


def changes(at: Set) -> list[str]:
    return [text for text in at.told() if "underlying measured on" in text]


def test_the_first_choice_is_no_change() -> None:
    at = Set(MARKET)
    at.take(chosen("a"), quoted("b"), quoted("a", 50.0))
    assert changes(at) == []
    assert at.desk.spot == 50.0


def test_a_change_is_told_once_and_forgets_the_rows_and_all_that_was_measured() -> None:
    at = Set(MARKET)
    at.take(chosen("a"), quoted("a"))
    at.desk.history.push(np.zeros(18, np.float32))
    at.take(chosen("b"), chosen("b"), chosen("b", "another reason"))
    assert changes(at) == ["underlying measured on b: blocked here"]
    assert len(at.desk.history.rows()) == 0
    assert at.desk.spot is None
    at.take(quoted("a"))
    assert at.desk.spot is None
    at.take(quoted("b", 70.0))
    assert at.desk.spot == 70.0


def test_the_same_venue_chosen_again_changes_nothing() -> None:
    at = Set(MARKET)
    at.take(chosen("a"), quoted("a"))
    at.desk.history.push(np.zeros(18, np.float32))
    at.take(chosen("a"))
    assert changes(at) == []
    assert len(at.desk.history.rows()) == 1
    assert at.desk.spot == 100.0


def test_a_choice_against_the_venue_that_spoke_first_is_a_change() -> None:
    at = Set(MARKET)
    at.take(quoted("b"), chosen("a"))
    assert changes(at) == ["underlying measured on a: blocked here"]


def test_a_change_back_is_another_change() -> None:
    at = Set(MARKET)
    at.take(chosen("a"), chosen("b"), chosen("a"))
    assert len(changes(at)) == 2


def test_only_the_venue_that_is_followed_was_heard() -> None:
    at = Set(MARKET)
    at.take(chosen("a"), quoted("b"), TradePrint(NOW, "b", "BTC", 1.0, 1.0, 1))
    assert "binance" not in at.intake.newest_ms
    at.take(quoted("a"))
    assert at.intake.counts["binance"] == 1


def test_a_print_that_comes_late_does_not_make_its_source_older() -> None:
    at = Set(MARKET)
    at.take(quoted("a"), TradePrint(NOW - 5_000, "a", "BTC", 1.0, 1.0, 1))
    assert at.intake.newest_ms["binance"] == NOW


def test_contracts_are_kept_for_the_screen_as_of_the_newest_message() -> None:
    at = Set(MARKET)
    at.take(Derivative(NOW, "v", "BTC", mark=5.0), Liquidation(NOW, "v", "BTC", -1, 9.0))
    assert at.intake.contracts["BTC"].mark == 5.0
    assert at.intake.contracts["BTC"].liquidated == 9.0
    at.take(quoted("v", t_ms=NOW + 60_000))
    assert at.intake.contracts["BTC"].liquidated == 0.0
