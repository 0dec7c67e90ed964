"""A listing is believed whole or not at all; a price or an outcome only where unmistakable."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from engine.feeds.venues.polymarket_gamma import listed, padded, price_to_beat, verdict
from engine.feeds.venues.polymarket_levels import MessageError
from engine.market import FeeSchedule, Outcome
from engine.units import MICRO
from tests.engine.feeds.venues import gamma

UNPACKED = {"outcomes": ["Up", "Down"], "clobTokenIds": ["11", "12"]}


def test_a_listing_is_the_window_that_its_slug_names() -> None:
    market = listed(gamma.event())
    assert (market.slug, market.asset) == (gamma.SLUG, "BTC")
    assert (market.window_start, market.window_seconds) == (gamma.START, 900)
    assert (market.up_token, market.down_token) == ("11", "12")
    assert (market.tick_bp, market.min_shares) == (100, 5 * MICRO)
    assert market.fee == FeeSchedule(Decimal("0.07"), 1)
    assert market.condition_id == gamma.CONDITION


def test_position_ids_are_the_tokens_of_the_second_version_only() -> None:
    ids = {"positionIds": ["21", "22"]}
    first = listed(gamma.event(**ids))
    assert (first.up_token, first.down_token) == ("11", "12")
    second = gamma.event(**ids, version="v2", clobTokenIds=None, conditionId=gamma.CONDITION[:64])
    market = listed(second)
    assert (market.up_token, market.down_token) == ("21", "22")
    assert market.condition_id == gamma.CONDITION[:64] + "00"


def test_lists_come_packed_in_strings_or_not_and_numbers_either_way() -> None:
    text = {"orderPriceMinTickSize": "0.001", "orderMinSize": "5.5"}
    market = listed(gamma.event(**UNPACKED, **text))
    assert (market.up_token, market.tick_bp, market.min_shares) == ("11", 10, 5_500_000)


def test_a_market_without_fees_says_so_itself() -> None:
    assert listed(gamma.event(feesEnabled=False)).fee.rate == 0


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"version": "v3"}, "protocol version v3 is not known here"),
        ({"version": 3}, "protocol version 3 is not known here"),
        ({"outcomes": '["Down", "Up"]'}, "its outcomes are not Up and Down, in this order"),
        ({"outcomes": '["Yes", "No"]'}, "its outcomes are not Up and Down, in this order"),
        ({"outcomes": "["}, "outcomes is not JSON"),
        ({"outcomes": "[" * 1_999}, "outcomes is not JSON"),
        ({"outcomes": "x" * 3_000}, "outcomes is 3000 characters long"),
        ({"clobTokenIds": None}, "clobTokenIds is not a list of two"),
        ({"clobTokenIds": '["11"]'}, "clobTokenIds is not a list of two"),
        ({"clobTokenIds": '["11", "11"]'}, "both outcomes have the same token"),
        ({"clobTokenIds": "[11, 12]"}, "a token's id is not a string of digits"),
        ({"clobTokenIds": '["", ""]'}, "a token's id is not a string of digits"),
        ({"conditionId": "0xc0"}, "conditionId is not a number of 32 bytes"),
        ({"conditionId": gamma.CONDITION[:64]}, "conditionId is one byte short"),
        ({"eventStartTime": "2026-10-05T23:00:01Z"}, "eventStartTime is not the time in the slug"),
        ({"eventStartTime": "2026-10-05T23:00:00"}, "eventStartTime has no time zone"),
        ({"eventStartTime": "tonight"}, "eventStartTime is not a time"),
        (
            {"eventStartTime": "0001-01-01T00:00:00+14:00"},
            "eventStartTime is not the time in the slug",
        ),
        (
            {"endDate": "9999-12-31T23:59:59-14:00"},
            "endDate is not the window's length after its start",
        ),
        ({"eventStartTime": None}, "eventStartTime is not a name"),
        ({"endDate": "2026-10-05T23:05:00Z"}, "endDate is not the window's length after its start"),
        ({"orderPriceMinTickSize": 0.03}, "orderPriceMinTickSize is none of the venue's"),
        ({"orderPriceMinTickSize": True}, "orderPriceMinTickSize is bool, not a string of digits"),
        ({"orderMinSize": float("nan")}, "orderMinSize 'nan' is not finite"),
        ({"feeSchedule": None}, "it has no feeSchedule; what a fill costs is not known"),
        ({"feeSchedule": {"rate": 7, "exponent": 1}}, "rate is not in [0, 1]"),
        ({"feeSchedule": {"rate": 0.07, "exponent": 1.5}}, "the fee's exponent is not whole"),
        ({"slug": "btc-updown-15m-1791242100"}, "the event's market has another slug"),
    ],
)
def test_a_listing_with_a_fault_is_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(MessageError) as error:
        listed(gamma.event(**change))
    assert str(error.value) == why


@pytest.mark.parametrize(
    "slug",
    [
        "btc-updown-15m-1791241201",
        "doge-updown-15m-1791241200",
        "btc-up-or-down",
        "btc-updown-15m-",
    ],
)
def test_a_slug_of_another_kind_is_refused(slug: str) -> None:
    with pytest.raises(MessageError, match="slug"):
        listed(gamma.event() | {"slug": slug})


def test_an_event_of_several_markets_is_refused() -> None:
    event = gamma.event()
    with pytest.raises(MessageError, match="does not have one market"):
        listed({**event, "markets": event["markets"] * 2})


@pytest.mark.parametrize(
    ("metadata", "price"),
    [
        ({"priceToBeat": 62926.7, "finalPrice": 1}, 62926.7),
        (json.dumps({"priceToBeat": 62926.7}), 62926.7),
        ({"priceToBeat": "62926.7"}, 62926.7),
        ({"priceToBeat": None}, None),
        ({}, None),
        ("", None),
        (None, None),
    ],
)
def test_the_price_to_beat_may_be_packed_or_missing(metadata: Any, price: float | None) -> None:
    assert price_to_beat(gamma.event() | {"eventMetadata": metadata}) == price


@pytest.mark.parametrize("metadata", ["[", "[1]", {"priceToBeat": 0}, {"priceToBeat": [1]}, 5])
def test_a_price_to_beat_that_is_none_is_refused(metadata: Any) -> None:
    with pytest.raises(MessageError):
        price_to_beat(gamma.event() | {"eventMetadata": metadata})


@pytest.mark.parametrize(
    ("prices", "closed", "outcome"),
    [
        ('["1", "0"]', True, Outcome.UP),
        ('["0", "1"]', True, Outcome.DOWN),
        ('["0.0", "1.00"]', True, Outcome.DOWN),
        ([1, 0.0], True, Outcome.UP),
        ('["1", "0"]', False, None),
        ('["1", "0"]', "true", None),
        ('["0.9995", "0.0005"]', True, None),
        ('["0.5", "0.5"]', True, None),
        ('["0", "0"]', True, None),
        ('["1", "1"]', True, None),
    ],
)
def test_only_a_closed_window_priced_one_to_zero_has_an_outcome(
    prices: Any, closed: Any, outcome: Outcome | None
) -> None:
    assert verdict(gamma.event(outcomePrices=prices, closed=closed)) is outcome


def test_outcomes_in_another_order_give_no_verdict() -> None:
    swapped = gamma.event(outcomes='["Down", "Up"]', outcomePrices='["1", "0"]', closed=True)
    with pytest.raises(MessageError, match="in this order"):
        verdict(swapped)


def test_a_condition_id_is_padded_for_the_other_apis() -> None:
    assert padded(gamma.CONDITION) == gamma.CONDITION
    assert len(padded(gamma.CONDITION[:64])) == 66
