"""The Textual app: polls the engine, turns keys into requests, and opens the dialogs.

It never waits on the engine and never decides: every action below is one request or one dialog.
What a request did is read from the next snapshot, never assumed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import ClassVar

from rich.console import RenderableType
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.notifications import SeverityLevel
from textual.screen import Screen

from console.commands import COMMANDS, bindings
from console.driver import SparingDriver
from console.help import HelpScreen
from console.modals.arm import ArmModal
from console.modals.flatten import FlattenModal
from console.modals.model import ModelModal
from console.modals.promote import PromoteModal
from console.modals.quit import QuitModal, holds_nothing
from console.modals.resume import ResumeModal
from console.modals.roll_back import RollBackModal
from console.sparing import shorter_codes
from console.text import Money, utc
from console.themes import CONSOLE_THEME
from console.toasts import News, Toasts
from console.views.main import MainScreen
from console.views.view import present_in
from console.widgets.display import Display
from console.widgets.safety import what_remains
from engine.market import ASSETS
from engine.requests import (
    AdmitOpens,
    EnginePort,
    FallBack,
    Flatten,
    Halt,
    PickModel,
    Promote,
    ReduceOnly,
    Resume,
    RollBack,
    SetLearning,
)
from engine.snapshot import Snapshot

POLL_S = 0.5
"""Seconds between two looks at the engine: one decision tick."""
AHEAD_S = 1.0
"""Real seconds for which a stop key that was obeyed as it was read is not asked for once more."""


class ConsoleApp(App[str | None], inherit_bindings=False):
    """The console of one engine. Its return value is the choice made on leaving:

    ``"flatten"``, ``"keep"``, or None where nothing was held.
    """

    TITLE = "trade-console"
    CSS_PATH = "console.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        engine: EnginePort,
        *,
        privacy: bool = False,
        clock: Callable[[], float] = time.monotonic,
        shots: Path | None = None,
    ) -> None:
        """`clock` gives monotonic seconds; `shots` is the folder for screenshots, else here."""
        super().__init__()
        self.engine = engine
        self.privacy = privacy
        self.selected = 0
        self._clock = clock
        self._shots = shots
        self._frozen_at: float | None = None
        self._shown = engine.latest()
        self._drawn: object = None
        self._ahead: float | None = None
        self._toasts = Toasts()
        self._rings = True
        self.register_theme(CONSOLE_THEME)
        self.theme = CONSOLE_THEME.name
        self.animation_level = "none"
        self.console = shorter_codes(self.console)

    def get_driver_class(self) -> type[Driver]:
        """Textual's driver, or the one that sends only differences where it can stand in."""
        chosen = super().get_driver_class()
        return SparingDriver if chosen is LinuxDriver else chosen

    def on_resize(self) -> None:
        """A terminal that changed its size shows what it likes until it is painted again."""
        if isinstance(self._driver, SparingDriver):
            self._driver.forget()

    def restore_terminal(self) -> None:
        """Put the terminal right from another thread, where this one does not come to it."""
        if isinstance(self._driver, SparingDriver):
            self._driver.restore()

    def _repaint_where_missed(self) -> None:
        """What was dropped while nobody read the terminal is shown when somebody does again."""
        if isinstance(self._driver, SparingDriver) and self._driver.must_repaint():
            self.refresh(layout=True)

    def get_default_screen(self) -> MainScreen:
        return MainScreen()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:  # noqa: ARG002 same on every screen
        """The palette: the command table, and nothing else."""
        for command in COMMANDS:
            run = partial(self.run_action, command.action)
            yield SystemCommand(command.label, command.help, run)

    def on_ready(self) -> None:
        self.poll()
        self.set_interval(POLL_S, self.poll)

    # Looking

    def look(self) -> Display:
        """How the screen is being looked at now."""
        now = self._clock()
        frozen = None if self._frozen_at is None else now - self._frozen_at
        return Display(Money(hidden=self.privacy), now, frozen, self.engine.alive())

    @property
    def main(self) -> MainScreen:
        """The screen under every dialog."""
        screen = self.screen_stack[0]
        if not isinstance(screen, MainScreen):
            raise TypeError("the first screen is not the main one")
        return screen

    def poll(self) -> None:
        """Draw the newest snapshot: status always, the view only if it is new and not frozen."""
        if not self.is_running:
            return  # a timer's last tick, while the screen is being taken down
        self._repaint_where_missed()
        newest = self.engine.latest()
        if self._frozen_at is None:
            self._shown = newest
        self._select_present()
        with self.batch_update():
            self.main.show_status(newest)
            self._show_view()
            self._show_dialog(newest)
        self._alert(newest)

    def _alert(self, snapshot: Snapshot) -> None:
        """Toast what was alerted since the last look; an alarm rings the terminal's bell."""
        news = self._toasts.news(snapshot, self._clock())
        if news is None:
            return
        self._toast(news)
        if news.rings and self._rings:
            self.bell()

    def _toast(self, news: News) -> None:
        self.clear_notifications()
        look, now = self.look(), self._clock()
        # Over a dialog only the newest: more would cover its answer.
        shown = news.toasts if self.screen is self.main else news.toasts[-1:]
        for toast in shown:
            text = look.money.sentence(toast.text)
            seconds = toast.until - now
            self.notify(text, severity=toast.severity, markup=False, timeout=seconds)

    def clear_notifications(self) -> None:
        """Textual's (8.2) takes a toast out of its holder and keeps the holder, with a task and the
        layout of the toast: a week of alerts would pile them up."""
        super().clear_notifications()
        for screen in self.screen_stack:
            screen.query("ToastHolder").remove()

    def _show_view(self) -> None:
        look = self.look()
        drawn = (self._shown.seq, self.selected, self.main.view, look.money)
        if drawn == self._drawn:
            return
        self._drawn = drawn
        self.main.show_view(self._shown, self.selected, look)

    def _show_dialog(self, snapshot: Snapshot) -> None:
        if self.screen is self.main:
            return
        show = getattr(self.screen, "show", None)
        if callable(show):
            show(snapshot)

    def action_view(self, view: str) -> None:
        self.main.switch(view)
        self.poll()

    def action_select_asset(self, number: int) -> None:
        """Select by the number that every panel carries; say so where the feed lacks the asset."""
        present = present_in(self._shown)
        if present and number - 1 not in present:
            self._say(f"{ASSETS[number - 1]} is not in this feed")
            return
        self.selected = number - 1
        self.poll()

    def action_next_asset(self) -> None:
        self._step(1)

    def action_previous_asset(self) -> None:
        self._step(-1)

    def _step(self, by: int) -> None:
        """Move the selection among the assets that the feed has."""
        present = present_in(self._shown) or tuple(range(len(ASSETS)))
        place = present.index(self.selected) if self.selected in present else 0
        self.action_select_asset(present[(place + by) % len(present)] + 1)

    def _select_present(self) -> None:
        """No view may stand on an asset that the feed does not have."""
        present = present_in(self._shown)
        if present and self.selected not in present:
            self.selected = present[0]

    def action_freeze(self) -> None:
        """Hold the panels still; the status row and the engine go on."""
        self._frozen_at = self._clock() if self._frozen_at is None else None
        self.poll()

    def action_privacy(self) -> None:
        self.privacy = not self.privacy
        self.poll()

    def action_switch_bell(self) -> None:
        self._rings = not self._rings
        self._say(f"bell {'on: alarms ring' if self._rings else 'off: alarms are silent'}")

    async def action_help(self) -> None:
        await self.push_screen(HelpScreen(self.engine.latest()))

    def action_save_shot(self) -> None:
        """Write the screen as SVG and say where."""
        folder = self._shots or Path.cwd()
        name = f"trade-console-{self._shown.seq}-{utc(self._shown.t_ms).replace(':', '')}.svg"
        try:
            path = self.save_screenshot(name, str(folder))
        except OSError as error:
            self._say(f"no screenshot: {folder}: {error.strerror}", "error")
            return
        self._say(f"saved {path}")

    # Acting

    def halt_ahead(self) -> None:
        """The stop key, in the thread that reads it: it waits for nothing that is being drawn.

        `action_halt` follows when its turn comes, and says so.
        """
        self.engine.ask(Halt("key"))
        self._ahead = self._clock()

    def action_halt(self) -> None:
        """Shut the gate at once. No question is asked: halting can be undone."""
        ahead, self._ahead = self._ahead, None
        if ahead is None or self._clock() - ahead > AHEAD_S:
            self.engine.ask(Halt("key"))
        if self.engine.alive():
            self._say("HALT: the order gate is shut. Positions stay; r resumes.", "warning")
        else:
            self._say("HALT: the engine's thread is dead. Check the venue yourself.", "error")
        self.poll()

    async def action_flatten(self) -> None:
        await self.push_screen(FlattenModal(self.engine.latest()), self._flatten)

    def _flatten(self, confirmed: bool | None) -> None:  # noqa: FBT001 the dialog's answer
        if confirmed:
            self.engine.ask(Flatten("key"))

    def action_reduce_only(self) -> None:
        """Into reduce-only, or out of it again."""
        snapshot = self.engine.latest()
        if snapshot.state != "REDUCING":
            self.engine.ask(ReduceOnly())
            return
        self.engine.ask(AdmitOpens())
        remains = what_remains(snapshot.safety)
        if remains:
            self._say(f"still REDUCING: {self.look().money.sentence(remains)}", "warning")

    async def action_resume(self) -> None:
        await self.push_screen(ResumeModal(self.engine.latest()), self._resume)

    def _resume(self, typed: str | None) -> None:
        if typed is not None:
            self.engine.ask(Resume(typed))

    async def action_paper_live(self) -> None:
        await self.push_screen(ArmModal(self.engine.latest()))

    async def action_pick_model(self) -> None:
        await self.push_screen(ModelModal(self.engine.latest()), self._pick_model)

    def _pick_model(self, rung: int | None) -> None:
        if rung is not None:
            self.engine.ask(PickModel(rung))

    def action_fall_back(self) -> None:
        self.engine.ask(FallBack())

    def action_switch_learning(self) -> None:
        """Let the challenger learn, or stop it where it is; what decides stays the same."""
        learner = self.engine.latest().learning
        if not learner.challenger.policy_id:
            self._say(learner.why, "warning")
            return
        wanted = not learner.on
        self.engine.ask(SetLearning(on=wanted))
        self._say(f"asked to switch learning {'on' if wanted else 'off'}")

    async def action_promote(self) -> None:
        await self.push_screen(PromoteModal(self.engine.latest()), self._promote)

    def _promote(self, confirmed: bool | None) -> None:  # noqa: FBT001 the dialog's answer
        if confirmed:
            self.engine.ask(Promote())
            self._say("asked to promote the challenger; the log (l) tells what came of it")

    async def action_roll_back(self) -> None:
        await self.push_screen(RollBackModal(self.engine.latest()), self._roll_back)

    def _roll_back(self, confirmed: bool | None) -> None:  # noqa: FBT001 the dialog's answer
        if confirmed:
            self.engine.ask(RollBack())
            self._say("asked to roll back; the log (l) tells what came of it")

    async def action_quit(self) -> None:
        """Leave; ask first where leaving would leave something behind."""
        snapshot = self.engine.latest()
        if holds_nothing(snapshot):
            self.exit(None)
            return
        await self.push_screen(QuitModal(snapshot), self._quit)

    def _quit(self, choice: str | None) -> None:
        if choice is not None:
            self.exit(choice)

    def _say(self, sentence: str, severity: SeverityLevel = "information") -> None:
        """Say `sentence` in place of the last one: a stack of them would hide the screen."""
        self._toast(self._toasts.say(sentence, severity, self._clock()))

    def _handle_exception(self, error: Exception) -> None:
        """Halt, leave, and tell in one sentence; Textual's own way prints every local."""
        if self._exception is None:
            self._exception = error
            self._exception_event.set()
        self._fail(f"the screen failed ({type(error).__name__} {_place_of(error)})")

    def panic(self, *renderables: RenderableType) -> None:  # noqa: ARG002 a traceback, for nobody here
        """What Textual calls when the thread that reads the keys has died."""
        self._fail("the terminal can no longer be read")

    def _fail(self, what: str) -> None:
        self.engine.ask(Halt("console error"))
        self._return_code = 1
        self.exit(
            return_code=1,
            message=f"trade-console: {what}; "
            "the order gate is shut, positions stay; start again, then resume",
        )


def _place_of(error: Exception) -> str:
    """File and line where `error` was raised, without any value."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "in an unknown place"
    return f"at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
