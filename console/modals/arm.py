"""Arming: a preflight list of what live trading lacks. It offers no way to arm.

This version has no live venue, so the list can never be complete; the dialog exists so that the
key answers honestly rather than not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from console.modals.base import Dialog
from console.modals.flatten import held
from console.modals.page import BLANK, check, line
from console.text import Money
from console.themes import ALARM, LABEL, PAPER_BADGE, PLAIN, STRONG
from console.widgets.lines import Line
from engine.snapshot import Snapshot

_NO, _YES = False, True


class ArmModal(Dialog[None]):
    """Answers nothing: every way out stays in PAPER."""

    TITLE = "Paper / live"
    HINT = "enter or esc: stay in PAPER"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "safe", "Stay in PAPER")]

    def lines(self) -> Sequence[Line]:
        return arm_lines(self.snapshot, self.money)


def arm_lines(snapshot: Snapshot, money: Money) -> list[Line]:
    """The preflight list, then where that leaves the console."""
    return [
        line("Trading with real money needs every line below. It cannot be armed here."),
        BLANK,
        *preflight(snapshot, money),
        BLANK,
        *_where_that_leaves(snapshot.mode),
    ]


def preflight(snapshot: Snapshot, money: Money) -> list[Line]:
    """One row for each thing that live trading needs."""
    return [
        check(_NO, "live client", "not part of this build"),
        check(_NO, "wallet key", "not looked for: nothing here could use it"),
        check(_NO, "live market data", f"the feed is {snapshot.feed or 'not known yet'}"),
        _flat(snapshot, money),
        _model(snapshot),
        _state(snapshot, money),
    ]


def _where_that_leaves(mode: str) -> list[Line]:
    if mode != "PAPER":
        return [line(f"The gate says {mode}, which this build cannot be: halt and report.", ALARM)]
    return [
        (
            (" PAPER ", PAPER_BADGE),
            ("  This console stays in PAPER", STRONG),
            (": no order leaves this machine.", PLAIN),
        ),
        line("Fills are simulated against the book; no money moves either way.", LABEL),
    ]


def _flat(snapshot: Snapshot, money: Money) -> Line:
    rows = [
        f"{asset.asset} {position.outcome} {money.shares(position.shares)} held"
        for asset, position in held(snapshot)
    ]
    rows += [f"{asset.asset} awaiting resolution" for asset in snapshot.assets if asset.awaiting]
    rows += [f"{asset.asset} order in flight" for asset in snapshot.assets if asset.working]
    return check(not rows, "flat", ", ".join(rows) or "nothing held, nothing in flight")


def _model(snapshot: Snapshot) -> Line:
    model = snapshot.model
    if model.architecture == "none":
        return check(_NO, "trained model", "HOLD decides: no model is in use")
    found = f"{model.name} {model.policy_id}".strip()
    if not model.trained:
        return check(_NO, "trained model", f"{found} is untrained")
    return check(_YES, "trained model", found)


def _state(snapshot: Snapshot, money: Money) -> Line:
    reason = f": {money.sentence(snapshot.state_reason)}" if snapshot.state_reason else ""
    return check(snapshot.state == "ACTIVE", "trading state", f"{snapshot.state}{reason}")
