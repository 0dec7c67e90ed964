"""Answers that contradict what the program assumes are amiss; others, and none, are not."""

from __future__ import annotations

from typing import Any

import pytest

from engine.doctor import binance
from engine.doctor.findings import Finding
from engine.doctor.polymarket_questions import price_question
from engine.doctor.wire import Frame, Listening
from engine.feeds.live.ask import Refusal
from tests.engine.doctor.parts import BITCOIN, IMPATIENT, seen
from tests.venues.town import Town
from tests.venues.world import Plan

NO_ANSWER = Refusal("no route")


def heard(*data: Any) -> Listening:
    frames = [Frame(10.0, 1_791_000_000_000, one) for one in data]
    return Listening(5.0, frozenset(), {"x": frames[0]} if frames else {}, frames)


def trade(sent: object, made: object) -> dict[str, Any]:
    return {"stream": "btcusdt@aggTrade", "data": {"e": "aggTrade", "E": sent, "T": made}}


def test_the_lag_of_trades_is_their_median() -> None:
    found = binance.lag_question(heard(trade(1_150, 1_000), trade(9_000, 1), trade(1_149, 1_000)))
    assert found.ok
    assert found.detail == "150 ms, median of 3"


def test_trades_that_are_seconds_late_are_amiss() -> None:
    assert not binance.lag_question(heard(trade(9_000, 1_000))).ok


@pytest.mark.parametrize("sent", [None, "1", True, 1.5])
def test_trades_without_times_give_no_lag(sent: object) -> None:
    assert "not answered" in binance.lag_question(heard(trade(sent, 1))).detail


def test_a_key_that_is_gone_is_amiss_and_a_new_one_is_told() -> None:
    ticker = dict.fromkeys(binance.EXPECTED["bookTicker"], "1") | {"e": "bookTicker"}
    new = binance.keys_question([heard({"data": ticker | {"rpi": 1}})])
    assert new.ok
    assert "bookTicker rpi" in new.detail
    gone = binance.keys_question([heard({"data": {k: v for k, v in ticker.items() if k != "u"}})])
    assert not gone.ok
    assert "bookTicker u" in gone.advice


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"result": None, "id": 99}, "acknowledged"),
        ({"error": {"code": 2}, "id": 99}, "refused"),
        ({"result": None, "id": 1}, "not answered"),
    ],
)
def test_an_unknown_stream_is_only_told(answer: dict[str, Any], words: str) -> None:
    found = binance.unknown_question(heard(answer))
    assert found.ok
    assert words in found.detail


def test_a_backfill_without_updates_is_told_apart_from_a_live_price() -> None:
    topic = "crypto_prices_twap_sixty"
    assert "yes" in price_question(heard({"topic": topic, "type": "update"})).detail
    assert "only the last minute" in price_question(heard({"topic": topic})).detail
    assert "said nothing" in price_question(heard()).detail


@pytest.mark.parametrize(
    "found",
    [
        binance.lag_question(NO_ANSWER),
        binance.unknown_question(NO_ANSWER),
        binance.keys_question([]),
        price_question(NO_ANSWER),
    ],
)
def test_a_question_that_cannot_be_answered_is_no_fault(found: Finding) -> None:
    assert found.ok
    assert "not answered" in found.detail


EVENT = '{"eventMetadata": {"priceToBeat": %s, "finalPrice": %s}}'


@pytest.mark.parametrize(
    ("body", "well", "words"),
    [
        (EVENT % (5, 5), True, "in 4 of 4"),
        (EVENT % (5, 6), False, "in 0 of 4"),
        ('{"eventMetadata": "{\\"priceToBeat\\": 5, \\"finalPrice\\": 5}"}', True, "in 4 of 4"),
        (EVENT % ("null", '"x"'), True, "not answered"),
        ('{"eventMetadata": "{"}', True, "not answered"),
    ],
)
async def test_the_price_to_beat_is_the_last_final_price(body: str, well: bool, words: str) -> None:
    async with Town(plan=BITCOIN) as town:
        town.gamma.faults.answer("*", body)
        found = (await seen(town, IMPATIENT))["question: price to beat"]
    assert found.ok is well
    assert words in found.detail


async def test_a_fee_that_is_another_is_amiss() -> None:
    async with Town(plan=Plan(assets=("BTC",))) as town:
        town.clob.faults.answer("/clob-markets/*", '{"fd": {"r": 0.09}, "itode": true, "tdms": 50}')
        found = await seen(town, IMPATIENT)
    assert not found["question: fee rate"].ok
    assert found["question: fee rate"].detail == "0.07 by discovery, 0.09 by the order book"
    assert "'tdms': 50" in found["question: taker delay"].detail
