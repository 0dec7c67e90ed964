"""An order from intent to its end: one state machine for every venue.

Owns which change of state may follow which. An undefined step raises `InvalidTransition`: nobody
guesses what happened to an order (DESIGN 4.2, 4.7). Sizing comes before, signing after.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from engine.market import Market, Outcome


class Side(StrEnum):
    """Of the outcome token: a DOWN position is opened by buying DOWN, never by selling UP."""

    BUY = "BUY"
    SELL = "SELL"


class Purpose(StrEnum):
    """Why an order exists."""

    OPEN = "open"
    CLOSE = "close"
    """The policy's own exit."""
    CUTOFF = "cutoff"
    """The window is about to end."""
    FLATTEN = "flatten"
    """A person asked."""


@dataclass(frozen=True, slots=True)
class Intent:
    """What is wanted, sized and rounded, before the gate."""

    market: Market
    outcome: Outcome
    side: Side
    amount: int
    """Micro-dollars to spend for a BUY, micro-shares to sell for a SELL."""
    limit_bp: int
    """Worst acceptable price, on the tick."""
    purpose: Purpose
    t_ms: int
    mid_bp: float | None = None
    """Mid of the token at the decision, basis points."""

    @property
    def token_id(self) -> str:
        return self.market.token(self.outcome)


class OrderState(StrEnum):
    """Where an order is."""

    SENT = "sent"
    """Left for the venue; nothing heard."""
    AMBIGUOUS = "ambiguous"
    """The answer was lost; exposure stays reserved, never sent again (DESIGN 4.7)."""
    MATCHED = "matched"
    """Filled, at least in part."""
    KILLED = "killed"
    """Nothing to match within the limit."""
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    """Ended by us before it matched. A match that was on its way then is no error."""
    ABSENT = "absent"
    """Known never to have reached the book."""


TRANSITIONS: dict[OrderState, frozenset[OrderState]] = {
    OrderState.SENT: frozenset(
        {
            OrderState.AMBIGUOUS,
            OrderState.MATCHED,
            OrderState.KILLED,
            OrderState.REJECTED,
            OrderState.CANCELLED,
            OrderState.ABSENT,
        }
    ),
    OrderState.AMBIGUOUS: frozenset(
        {OrderState.MATCHED, OrderState.KILLED, OrderState.CANCELLED, OrderState.ABSENT}
    ),
    OrderState.MATCHED: frozenset(),
    OrderState.KILLED: frozenset(),
    OrderState.REJECTED: frozenset(),
    OrderState.CANCELLED: frozenset({OrderState.MATCHED}),
    OrderState.ABSENT: frozenset(),
}
"""State -> states that may follow."""


class InvalidTransition(ValueError):  # noqa: N818 - the field's name for it
    """A step that the state machine does not define."""


@dataclass(frozen=True, slots=True)
class Order:
    """An admitted intent on its way."""

    order_id: str
    intent: Intent
    arrives_ms: int
    """Market time at which the venue looks at its book for this order."""
    state: OrderState = OrderState.SENT

    def to(self, state: OrderState) -> Order:
        """The order in its next state; raises InvalidTransition for an undefined step."""
        if state not in TRANSITIONS[self.state]:
            raise InvalidTransition(f"order {self.order_id}: {self.state} cannot become {state}")
        return replace(self, state=state)
