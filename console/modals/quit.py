"""Quit: three ways, what each does to open positions, and staying as the first of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from console.modals.choice import ChoiceDialog
from console.modals.flatten import bids_pay, held
from console.modals.page import BLANK, columns, line
from console.text import Money
from console.themes import LABEL, PLAIN, STRONG, WARN
from console.widgets.lines import Line
from console.widgets.safety import ON_HANGUP
from engine.snapshot import Snapshot

_ANSWERS = (None, "keep", "flatten")
_WIDTHS = (-4, -4, 12, 13, 13)
_HEADS = ("", "", "shares", "paid", "bids pay")
_IN_FLIGHT = (
    "What rests is cancelled on leaving; an order whose end is not known by then is not forgotten:"
    " it is reconciled at the next start."
)


class QuitModal(ChoiceDialog[str | None]):
    """Answers ``flatten``, ``keep``, or None to stay."""

    TITLE = "Quit"
    HINT = "↑↓ move   enter takes   esc stays"

    def lines(self) -> Sequence[Line]:
        return quit_lines(self.snapshot, self.money)

    def rows(self) -> Sequence[Line]:
        return [
            _row("Stay", "nothing changes"),
            _row("Quit and keep", _keeping(self.snapshot)),
            _row("Quit and flatten", _flattening(self.snapshot, self.money)),
        ]

    def answer_for(self, row: int) -> str | None:
        return _ANSWERS[row]


def holds_nothing(snapshot: Snapshot) -> bool:
    """Whether leaving now would leave no position, no order and no open resolution behind."""
    return not any(view.position or view.working or view.awaiting for view in snapshot.assets)


def quit_lines(snapshot: Snapshot, money: Money) -> list[Line]:
    """What is open now, and what happens to an order in flight."""
    return [
        *_open(snapshot, money),
        line(_IN_FLIGHT, LABEL),
        *_lost_terminal(snapshot),
        BLANK,
    ]


def _lost_terminal(snapshot: Snapshot) -> Iterator[Line]:
    """What happens without this question, where the terminal goes away."""
    policy = snapshot.safety.on_hangup
    if policy in ON_HANGUP:
        yield line(f"Should the terminal go away instead ({policy}): {ON_HANGUP[policy]}.", LABEL)


def _open(snapshot: Snapshot, money: Money) -> Iterator[Line]:
    rows = held(snapshot)
    if not rows:
        yield line("Nothing is held.")
    else:
        yield columns(_HEADS, _WIDTHS, LABEL)
    for asset, position in rows:
        yield columns(
            (
                asset.asset,
                position.outcome,
                money.shares(position.shares),
                money.plain(position.cost),
                money.plain(position.bid_value),
            ),
            _WIDTHS,
        )
    for asset in snapshot.assets:
        if asset.working is not None:
            yield (f"{asset.asset:<4} ", WARN), (money.sentence(asset.working), PLAIN)
        if asset.awaiting:
            yield (f"{asset.asset:<4} ", WARN), ("awaiting resolution, kept either way", PLAIN)


def _keeping(snapshot: Snapshot) -> str:
    count = len(held(snapshot))
    if not count:
        return "shut the gate and leave"
    verb = "stays" if count == 1 else "stay"
    return f"{_positions(count)} {verb} open until the next start"


def _flattening(snapshot: Snapshot, money: Money) -> str:
    count = len(held(snapshot))
    if not count:
        return "shut the gate and leave; there is nothing to sell"
    return f"sell {_positions(count)} for about {money.plain(bids_pay(snapshot))}, then leave"


def _positions(count: int) -> str:
    return f"{count} position" if count == 1 else f"{count} positions"


def _row(name: str, effect: str) -> Line:
    return (f"{name:<17} ", STRONG), (effect, PLAIN)
