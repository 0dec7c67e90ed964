from __future__ import annotations

import pytest

from engine import events as ev
from engine.safety.breakers import Breaker
from engine.safety.order_faults import OrderFaults
from engine.settings import Safety
from tests.engine.build import fill

SAFETY = Safety(rejects=3, errors=0.5, errors_of=6)


def rejected(order: int) -> ev.OrderRejected:
    return ev.OrderRejected(f"o{order}", "BUSY", "the venue is busy")


def filled(order: int) -> list[ev.Event]:
    return [fill(f"o{order}.0"), ev.OrderDone(f"o{order}", "filled")]


def faults(*events: ev.Event) -> OrderFaults:
    folded = OrderFaults(SAFETY)
    for event in events:
        folded.apply(event)
    return folded


def found(*events: ev.Event) -> dict[Breaker, str]:
    return dict(faults(*events).found())


def test_F24_rejects_in_a_row_are_counted_until_something_fills() -> None:
    assert found(rejected(1), rejected(2)) == {}
    said = found(rejected(1), rejected(2), rejected(3))
    assert said == {Breaker.REJECTS: "3 orders rejected, limit 3"}
    assert found(rejected(1), rejected(2), *filled(3), rejected(4)) == {}


def test_an_order_that_found_no_price_ends_no_row_of_rejects() -> None:
    killed = ev.OrderDone("o3", "killed: no price within the limit")
    assert Breaker.REJECTS in found(rejected(1), rejected(2), killed, rejected(4))


def test_the_share_of_orders_that_went_wrong_counts_rejects_and_voids() -> None:
    good: list[ev.Event] = [event for order in (1, 2, 3) for event in filled(order)]
    voids: list[ev.Event] = [fill("o4.0"), ev.OrderDone("o4", "filled"), ev.FillVoided("o4.0")]
    rejects: list[ev.Event] = [rejected(5), *filled(6)]
    assert found(*good, *voids, *rejects) == {}
    said = found(*good, *voids, *rejects, rejected(7))  # o1 is no longer among the last six
    assert said == {Breaker.ERRORS: "3 of the last 6 orders went wrong, limit 50%"}


def test_fewer_orders_than_the_share_is_measured_on_do_not_count() -> None:
    assert Breaker.ERRORS not in found(*[rejected(n) for n in range(5)])


def test_two_voids_of_one_order_are_one_order_that_went_wrong() -> None:
    twice: list[ev.Event] = [fill("o1.0"), fill("o1.1"), ev.OrderDone("o1", "filled")]
    voids: list[ev.Event] = [ev.FillVoided("o1.0"), ev.FillVoided("o1.1")]
    others: list[ev.Event] = [event for order in (2, 3, 4, 5) for event in filled(order)]
    assert found(*twice, *others, *voids, rejected(6)) == {}


@pytest.mark.parametrize("how", ["lost at restart", "absent: it never reached the book"])
def test_an_order_of_unknown_fate_speaks_neither_for_nor_against(how: str) -> None:
    bad = [rejected(n) for n in range(6)]
    assert Breaker.ERRORS in found(*bad)
    assert Breaker.ERRORS in found(*bad, *[ev.OrderDone(f"x{n}", how) for n in range(6)])


def test_what_a_person_has_cleared_counts_no_more() -> None:
    bad = [rejected(n) for n in range(6)]
    cleared = [ev.BreakerCleared(b.value, "operator") for b in (Breaker.REJECTS, Breaker.ERRORS)]
    assert found(*bad, *cleared) == {}
    assert found(*bad, *cleared, rejected(7), rejected(8)) == {}
    assert Breaker.REJECTS in found(*bad, *cleared, rejected(7), rejected(8), rejected(9))


def test_nothing_is_kept_of_orders_that_are_long_over() -> None:
    folded = faults(*[event for n in range(50) for event in (*filled(n), rejected(n + 1000))])
    for n in range(50):
        folded.apply(ev.FillSettled(f"o{n}.0"))
    kept = (folded._ends, folded._bad, folded._order_of)
    assert [len(part) for part in kept] == [6, 3, 0]
