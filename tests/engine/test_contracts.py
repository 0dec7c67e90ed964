"""What is shown of contracts: one venue's, merged, and the liquidations of a minute."""

from __future__ import annotations

from engine.contracts import MINUTE_MS, MOST_LIQUIDATIONS, Contracts
from engine.feeds_view import ContractView
from engine.messages import Derivative, Liquidation
from tests.engine.build import NOW

FUTURES, SPOT, SWAP = "binance-futures", "binance-spot", "okx-swap"


def forced(t_ms: int, notional: float = 10.0) -> Liquidation:
    return Liquidation(t_ms, FUTURES, "BTC", 1, notional)


def test_messages_that_say_a_part_are_merged() -> None:
    contracts = Contracts()
    contracts.take(Derivative(NOW, FUTURES, "BTC", mark=100.0, index=99.0, funding=0.0001))
    contracts.take(Derivative(NOW, FUTURES, "BTC", open_interest=5.0))
    contracts.take(Derivative(NOW, FUTURES, "BTC", mark=101.0, funding=0.0))
    view = ContractView("BTC", mark=101.0, index=99.0, funding=0.0, open_interest=5.0)
    assert contracts.views(NOW) == {"BTC": view}


def test_liquidations_count_for_a_minute_of_market_time() -> None:
    contracts = Contracts()
    contracts.take(forced(NOW))
    contracts.take(forced(NOW + 1_000, 5.0))
    assert contracts.views(NOW + 1_000)["BTC"].liquidated == 15.0
    assert contracts.views(NOW + MINUTE_MS)["BTC"].liquidated == 5.0
    assert contracts.views(NOW + 2 * MINUTE_MS)["BTC"].liquidated == 0.0


def test_a_cascade_is_remembered_in_bounded_memory() -> None:
    contracts = Contracts()
    for _ in range(3 * MOST_LIQUIDATIONS):
        contracts.take(forced(NOW))
    assert contracts.views(NOW)["BTC"].liquidated == 10.0 * MOST_LIQUIDATIONS


def test_only_the_reference_venue_is_shown() -> None:
    contracts = Contracts()
    contracts.choose(FUTURES)
    contracts.take(Derivative(NOW, SWAP, "BTC", mark=1.0))
    assert contracts.views(NOW) == {}
    contracts.take(Derivative(NOW, FUTURES, "BTC", mark=2.0))
    contracts.choose(SWAP)
    assert contracts.views(NOW) == {}


def test_beside_a_spot_reference_the_other_futures_venue_is_shown() -> None:
    contracts = Contracts()
    contracts.choose(SPOT)
    contracts.take(Derivative(NOW, FUTURES, "BTC", mark=1.0))
    contracts.take(Derivative(NOW, SWAP, "BTC", mark=2.0))
    assert contracts.views(NOW)["BTC"].mark == 2.0
    contracts.choose(SWAP)
    assert contracts.views(NOW)["BTC"].mark == 2.0
