"""Our books against the venue's account of us: what is found out, and what differs.

Owns the comparison and nothing else: it sends nothing and books nothing. Evidence of what became of
an order is returned as events; a difference that no evidence explains is one sentence, and somebody
else stops opening because of it. An order that the venue does not know is absent only once its last
moment is past: until then it may still fill (DESIGN 4.7). A match that the venue tells of after all
outweighs that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from engine import events as ev
from engine.ledger import Ledger
from engine.units import cost_micro, shares_float
from engine.venue import Statement, VenueOrder

ROUNDING = 10_000
"""Micro-dollars of a BUY that rounding may leave unspent: a cent is no partial fill."""


def settle_at_start(
    ledger: Ledger, statement: Statement, t_ms: int, last_ms: int
) -> list[ev.Event]:
    """What became of the orders that an earlier process left under way, as far as can be known.

    `last_ms` after it was sent an order can no longer fill. One that the venue does not know and
    whose last moment is not past becomes ambiguous until then.
    """
    found = settle(ledger, statement, t_ms, last_ms)
    ended = {event.order_id for event in found if isinstance(event, ev.OrderDone)}
    known = {order.order_id for order in statement.orders}
    for order_id in ledger.working:
        if order_id not in ended | known and order_id not in ledger.ambiguous:
            until_ms = _last_moment(ledger, order_id, last_ms)
            reason = "it was under way when the program ended"
            found.append(ev.OrderAmbiguous(order_id, until_ms, reason))
    return found


def settle(ledger: Ledger, statement: Statement, t_ms: int, last_ms: int) -> list[ev.Event]:
    """Evidence in the venue's account that we do not have: matches, and ends of orders."""
    found: list[ev.Event] = [
        fill
        for fill in statement.fills
        if not ledger.knows(fill.fill_id) and _is_ours(ledger, statement, fill.order_id)
    ]
    known = {order.order_id: order for order in statement.orders}
    for order_id in ledger.working:
        how = _end_of(ledger, statement, known.get(order_id), order_id)
        if order_id not in known and t_ms > _last_moment(ledger, order_id, last_ms):
            how = "absent" if not ledger.fills_of(ledger.working[order_id]) else "partly filled"
        if how is not None:
            found.append(ev.OrderDone(order_id, how))
    return found


def differences(ledger: Ledger, statement: Statement) -> tuple[str, ...]:
    """One clause for each thing on which the venue's account and ours disagree; (): on nothing.

    Shares of a token with an order under way are not compared, since its fill may stand in one
    account before the other; nor are those of resolved windows, which the ledger has paid out.
    """
    return (*_orders(ledger, statement), *_fills(ledger, statement), *_shares(ledger, statement))


def _is_ours(ledger: Ledger, statement: Statement, order_id: str) -> bool:
    """Whether we sent this order, and all that it is said to have matched is no more than it
    asked for. What we were told of its end does not matter: a match may be lost on its way."""
    order = ledger.working.get(order_id) or ledger.over.get(order_id)
    if order is None:
        return False
    fills = {fill.fill_id: fill for fill in ledger.fills_of(order)}
    fills |= {fill.fill_id: fill for fill in statement.fills if fill.order_id == order_id}
    if any((fill.token_id, fill.side) != (order.token_id, order.side) for fill in fills.values()):
        return False
    if order.side == "SELL":
        return sum(fill.shares for fill in fills.values()) <= order.amount
    return _spent(fills.values()) <= order.amount + ROUNDING


def _spent(fills: Iterable[ev.FillMatched]) -> int:
    """Micro-dollars paid, without fees."""
    return sum(cost_micro(fill.shares, fill.price_bp) for fill in fills)


def _last_moment(ledger: Ledger, order_id: str, last_ms: int) -> int:
    lost = ledger.ambiguous.get(order_id)
    return ledger.sent_ms[order_id] + last_ms if lost is None else lost.until_ms


def _end_of(
    ledger: Ledger, statement: Statement, at_venue: VenueOrder | None, order_id: str
) -> str | None:
    """How an order ended that the venue says is over; None where it is not, or not known."""
    if at_venue is None or at_venue.working:
        return None
    if not at_venue.filled:
        return "killed"
    order = ledger.working[order_id]
    if order.side == "SELL":
        return "filled" if at_venue.filled >= order.amount else "partly filled"
    spent = _spent(fill for fill in statement.fills if fill.order_id == order_id)
    return "filled" if spent >= order.amount - ROUNDING else "partly filled"


def _orders(ledger: Ledger, statement: Statement) -> Iterator[str]:
    for order in statement.orders:
        if order.working and order.order_id not in ledger.working:
            yield f"order {order.order_id} is under way at the venue and over or unknown here"
        elif not order.working and order.order_id in ledger.working:
            yield f"order {order.order_id} is over at the venue and under way here"


def _fills(ledger: Ledger, statement: Statement) -> Iterator[str]:
    for fill in statement.fills:
        if not ledger.knows(fill.fill_id):
            what = f"{fill.side} {fill.outcome} {shares_float(fill.shares):.2f}"
            yield f"the venue matched {what} (fill {fill.fill_id}) and we have no such fill"


def _shares(ledger: Ledger, statement: Statement) -> Iterator[str]:
    theirs = dict(statement.shares)
    windows = _windows(ledger)
    flying = {order.token_id for order in ledger.working.values()}
    for token in sorted({*theirs, *ledger.holdings}):
        slug = windows.get(token)
        if token in flying or (slug is not None and ledger.verdicts.get(slug) is not None):
            continue
        ours = ledger.holdings[token].shares if token in ledger.holdings else 0
        if ours != theirs.get(token, 0):
            held = shares_float(theirs.get(token, 0))
            where = slug or "a token that we do not know"
            yield f"{where}: the venue holds {held:.6g} shares, we count {shares_float(ours):.6g}"


def _windows(ledger: Ledger) -> Mapping[str, str]:
    """Outcome token -> its window."""
    return {
        token: market.slug
        for market in ledger.markets.values()
        for token in (market.up_token, market.down_token)
    }
