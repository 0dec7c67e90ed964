"""Listings, prices to beat and outcomes, whichever source says them first."""

from __future__ import annotations

from typing import Any

import pytest

from engine.feeds.rows import RowReader
from engine.feeds.venues.polymarket_prices import tick_of
from engine.market import Outcome
from engine.messages import BadMessage, MarketListed, Message, PriceToBeat, Resolution
from engine.recording import Row
from tests.engine.feeds.venues import gamma

START_MS = gamma.START * 1000
BEFORE, DURING, AFTER = START_MS - 60_000, START_MS + 60_000, START_MS + 900_000
WON = {"closed": True, "outcomePrices": '["1", "0"]'}


class Reader:
    def __init__(self) -> None:
        self.rows = RowReader()

    def see(self, t_ms: int, src: str, data: Any) -> list[Message]:
        return list(self.rows.messages(Row(t_ms, src, data)))

    def listed(self) -> Reader:
        (message,) = self.see(BEFORE, "gamma.event", gamma.event())
        assert isinstance(message, MarketListed)
        return self


def tick(price: float = 64_000.5, at: int = START_MS, **payload: Any) -> dict[str, Any]:
    frame = tick_of("BTC", at, price)
    return {**frame, "payload": {**frame["payload"], **payload}}


def reason(messages: list[Message]) -> str:
    (message,) = messages
    assert isinstance(message, BadMessage)
    return message.reason


def priced(price: float) -> dict[str, Any]:
    return gamma.event() | {"eventMetadata": {"priceToBeat": price}}


def test_a_window_is_listed_once() -> None:
    assert Reader().listed().see(DURING, "gamma.event", gamma.event()) == []


def test_the_tick_of_the_starts_second_is_the_price_to_beat() -> None:
    reader = Reader().listed()
    assert reader.see(DURING, "polymarket.prices", tick(at=START_MS - 1_000)) == []
    assert reader.see(DURING, "polymarket.prices", tick()) == [
        PriceToBeat(DURING, gamma.SLUG, 64_000.5)
    ]
    assert reader.see(DURING, "polymarket.prices", tick()) == []


def test_the_ticks_of_the_last_minute_come_in_one_frame_after_subscribing() -> None:
    frame = tick()
    ticks = [{"timestamp": START_MS + s * 1_000, "value": 64_000.0 + s} for s in range(-30, 30)]
    frame |= {"type": "subscribe", "payload": {"symbol": "btc/usd", "data": ticks}}
    (message,) = Reader().listed().see(DURING, "polymarket.prices", frame)
    assert message == PriceToBeat(DURING, gamma.SLUG, 64_000.0)


def test_a_window_that_is_listed_late_gets_the_tick_that_came_before() -> None:
    reader = Reader()
    assert reader.see(START_MS + 2_000, "polymarket.prices", tick()) == []
    told = reader.see(DURING, "gamma.event", gamma.event())
    assert [type(m) for m in told] == [MarketListed, PriceToBeat]


def test_the_first_price_to_beat_stays_and_a_contradiction_is_told() -> None:
    reader = Reader().listed()
    reader.see(DURING, "polymarket.prices", tick(64_000.0))
    assert reader.see(DURING, "gamma.event", priced(64_000.0)) == []
    assert "contradicts" in reason(reader.see(DURING, "gamma.event", priced(64_001.0)))
    other = Reader().listed()
    assert other.see(DURING, "gamma.event", priced(64_000.0)) == [
        PriceToBeat(DURING, gamma.SLUG, 64_000.0)
    ]
    assert "contradicts" in reason(other.see(DURING, "polymarket.prices", tick(64_001.0)))


@pytest.mark.parametrize(
    "data",
    [
        {"topic": "crypto_prices", "payload": 7},
        {"connection_id": "c", "status": "ok"},
        tick(symbol="doge/usd"),
        tick(full_accuracy_value="64000500000000000000000", at=START_MS - 1_000),
    ],
)
def test_frames_of_other_prices_are_passed_over(data: Any) -> None:
    assert Reader().listed().see(DURING, "polymarket.prices", data) == []


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        ({"window_s": 30}, "the mean is not one over 60 seconds"),
        ({"value": 0}, "value is not above 0"),
        ({"value": None}, "value is NoneType, not a string of digits"),
        ({"full_accuracy_value": "1"}, "value and full_accuracy_value differ"),
        ({"timestamp": START_MS / 1000}, "timestamp is not a whole number"),
        ({"data": 7}, "data is not a list of ticks"),
        ({"data": [7]}, "data is int, not an object"),
        ({"symbol": 7}, "symbol is not a name"),
    ],
)
def test_a_bad_tick_gives_no_price(payload: dict[str, Any], why: str) -> None:
    told = Reader().listed().see(DURING, "polymarket.prices", tick(**payload))
    assert reason(told).startswith(why)


def clob(*winners: bool, **fields: Any) -> dict[str, Any]:
    names = zip(("Up", "Down"), ("11", "12"), winners, strict=True)
    tokens = [{"outcome": name, "token_id": token, "winner": won} for name, token, won in names]
    answer = {"condition_id": gamma.CONDITION, "tokens": tokens, **fields}
    return {"slug": gamma.SLUG, "answer": answer}


def payouts(*amounts: Any, **fields: Any) -> dict[str, Any]:
    item = {
        "condition_id": gamma.CONDITION,
        "status": "resolved",
        "payouts": list(amounts),
        **fields,
    }
    return {"slug": gamma.SLUG, "answer": {"data": [item]}}


@pytest.mark.parametrize(
    ("src", "data", "outcome"),
    [
        ("gamma.event", gamma.event(**WON), Outcome.UP),
        ("clob.market", clob(True, False), Outcome.UP),
        ("clob.market", clob(False, True), Outcome.DOWN),
        ("data.resolutions", payouts(1_000_000, 0), Outcome.UP),
        ("data.resolutions", payouts(0, 1_000_000), Outcome.DOWN),
    ],
)
@pytest.mark.parametrize("known", [True, False])
def test_each_source_gives_the_outcome_and_names_itself(
    src: str, data: Any, outcome: Outcome, known: bool
) -> None:
    """Windows of an earlier run are not known to the reader, and get their outcome all the same."""
    reader = Reader().listed() if known else Reader()
    (message,) = reader.see(AFTER, src, data)
    assert isinstance(message, Resolution)
    assert (message.slug, message.outcome) == (gamma.SLUG, outcome)
    assert message.evidence


@pytest.mark.parametrize(
    ("src", "data"),
    [
        ("gamma.event", gamma.event()),
        ("clob.market", clob(False, False)),
        ("data.resolutions", {"slug": gamma.SLUG, "answer": {"data": []}}),
        ("data.resolutions", payouts(500_000, 500_000)),
        ("data.resolutions", payouts(1_000_000)),
        ("data.resolutions", payouts(1_000_000, 0, status="disputed")),
    ],
)
def test_what_is_no_unmistakable_verdict_is_none(src: str, data: Any) -> None:
    assert Reader().listed().see(AFTER, src, data) == []


@pytest.mark.parametrize(
    ("src", "data", "why"),
    [
        ("clob.market", clob(True, True), "both tokens are marked"),
        ("clob.market", clob(True, False, condition_id="0x" + "dd" * 32), "another market"),
        ("clob.market", clob(True, False, tokens=[{}]), "tokens is not a list of two"),
        ("clob.market", {"slug": "x", "answer": clob(True, False)["answer"]}, "slug x is not"),
        ("data.resolutions", payouts(True, False), "a payout is not a whole number"),
        ("data.resolutions", payouts(0, 1_000_000, condition_id="0x1"), "conditionId is not"),
        ("data.resolutions", {"slug": gamma.SLUG, "answer": []}, "data is list"),
    ],
)
def test_an_answer_that_cannot_be_right_gives_no_outcome(src: str, data: Any, why: str) -> None:
    assert why in reason(Reader().listed().see(AFTER, src, data))


@pytest.mark.parametrize("condition", ["0x" + "dd" * 32, "0x1", None, 7])
def test_discoverys_verdict_on_another_market_under_the_windows_slug_is_none(
    condition: object,
) -> None:
    told = Reader().listed().see(AFTER, "gamma.event", gamma.event(**WON, conditionId=condition))
    assert "onditionId" in reason(told) or reason(told) == "the event is about another market"


@pytest.mark.parametrize("metadata", [{"priceToBeat": "-1"}, {"priceToBeat": []}, 7, "{"])
def test_a_price_that_cannot_be_read_takes_nothing_from_the_outcome_beside_it(
    metadata: object,
) -> None:
    event = gamma.event(**WON) | {"eventMetadata": metadata}
    bad, outcome = Reader().listed().see(AFTER, "gamma.event", event)
    assert isinstance(bad, BadMessage)
    assert isinstance(outcome, Resolution)


def test_a_price_is_none_before_the_second_that_it_is_of() -> None:
    reader = Reader().listed()
    early = reader.see(BEFORE, "polymarket.prices", tick(1.0))
    assert reason(early) == "the price of a second that has not come"
    early = reader.see(BEFORE, "gamma.event", priced(1.0))
    assert reason(early) == "a price to beat of a window that has not begun"
    assert reader.see(DURING, "polymarket.prices", tick()) == [
        PriceToBeat(DURING, gamma.SLUG, 64_000.5)
    ]


@pytest.mark.parametrize("tokens", ['["11", "12"]', '["13", "11"]', '["12", "14"]'])
def test_a_window_with_a_token_of_another_one_is_not_listed(tokens: str) -> None:
    """A stale answer under a new slug: the running window's book would count for the next one."""
    slug = f"btc-updown-15m-{gamma.START + 900}"
    times = {"eventStartTime": "2026-10-05T23:15:00Z", "endDate": "2026-10-05T23:30:00Z"}
    event = gamma.event(slug=slug, clobTokenIds=tokens, **times) | {"slug": slug}
    told = Reader().listed().see(DURING, "gamma.event", event)
    assert reason(told) == f"a token of it is one of {gamma.SLUG}"


def test_the_winners_token_must_be_the_windows_own() -> None:
    swapped = clob(True, False)
    swapped["answer"]["tokens"][0] |= {"token_id": "12"}
    assert "not that of UP" in reason(Reader().listed().see(AFTER, "clob.market", swapped))


@pytest.mark.parametrize(
    ("src", "data"),
    [
        ("gamma.event", gamma.event(**WON)),
        ("clob.market", clob(True, False)),
        ("data.resolutions", payouts(0, 1_000_000)),
    ],
)
def test_no_verdict_is_believed_before_the_end(src: str, data: Any) -> None:
    told = Reader().listed().see(AFTER - 1, src, data)
    assert reason(told) == "a verdict on a window that still runs"


def test_what_is_carried_lists_the_window_again_with_its_price_to_beat() -> None:
    reader, heir = Reader().listed(), Reader()
    reader.see(DURING, "polymarket.prices", tick())
    told = [m for src, data in reader.rows.carried(DURING) for m in heir.see(DURING, src, data)]
    assert [type(m) for m in told] == [MarketListed, PriceToBeat]
    assert reader.rows.carried(AFTER) == []
