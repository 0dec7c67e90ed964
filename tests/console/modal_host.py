"""An app that holds one dialog over nothing and writes down which of its commands ran."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, ClassVar

from textual.app import App
from textual.binding import BindingType
from textual.pilot import Pilot

from console.commands import COMMANDS, bindings
from console.modals.base import Dialog
from console.modals.page import text_of
from console.text import Money
from console.themes import CONSOLE_THEME
from console.widgets.display import Display
from engine.snapshot import LogLine, PositionView, Snapshot
from tests.console.fakes import NOW_MS, sample_clock, sample_snapshot

UNANSWERED = "unanswered"


class Clock:
    """Monotonic seconds that pass only when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Host(App[None], inherit_bindings=False):
    """Every command of the table is bound and does nothing but be written down."""

    CSS = "Screen { background: $background; overflow: hidden; }"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]

    def __init__(self, *, private: bool = False) -> None:
        super().__init__()
        self.private = private
        self.acted: list[str] = []
        self.answer: Any = UNANSWERED

    def look(self) -> Display:
        return Display(money=Money(self.private), now_mono=sample_clock())

    def on_mount(self) -> None:
        self.register_theme(CONSOLE_THEME)
        self.theme = "console"


def _recorder(name: str) -> Callable[..., None]:
    def act(self: Host, *_: Any) -> None:
        self.acted.append(name)

    return act


for _name in {command.action.partition("(")[0] for command in COMMANDS}:
    setattr(Host, f"action_{_name}", _recorder(_name))


@asynccontextmanager
async def open_dialog(
    dialog: Dialog[Any], size: tuple[int, int] = (80, 24), *, private: bool = False
) -> AsyncIterator[tuple[Host, Pilot[None]]]:
    """Run a `Host` with `dialog` open; its answer lands in `host.answer`."""
    host = Host(private=private)
    async with host.run_test(size=size) as pilot:
        host.push_screen(dialog, lambda answer: setattr(host, "answer", answer))
        await pilot.pause()
        yield host, pilot


def text_in(dialog: Dialog[Any]) -> str:
    """The dialog's text, before it is wrapped."""
    return text_of(dialog.lines()).plain


def halted_snapshot(**changes: Any) -> Snapshot:
    """The sample, halted three minutes ago by the daily loss limit."""
    told = LogLine(NOW_MS - 180_000, "alarm", "ACTIVE -> HALTED: daily loss $2,003.11")
    log = (*sample_snapshot().log, told)
    halted = {"state": "HALTED", "state_reason": "daily loss $2,003.11", "log": log}
    return sample_snapshot(**{**halted, **changes})


def crowded_snapshot() -> Snapshot:
    """Four positions of absurd size, each with every complaint there is; halted."""
    position = PositionView(
        "DOWN", 12_345_678.91, 0.4321, 9_999_999.99, None, None, "settling " * 9
    )
    assets = tuple(
        replace(
            asset,
            position=position,
            working="SELL DOWN 12,345,678.91 in flight for $9,999,999.99",
            awaiting=tuple(f"{asset.asset.lower()}-updown-15m-{n}" for n in range(3)),
        )
        for asset in sample_snapshot().assets
    )
    reason = "a reason " * 30
    return halted_snapshot(assets=assets, worst_case=-39_999_999.96, state_reason=reason)
